package inspect

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// sarifWriter writes SARIF 2.1.0, which code hosting platforms show beside the
// files. The results come first and as they are found, the rules that they
// refer to at the end, so that only the names of rules are kept.
type sarifWriter struct {
	w io.Writer
	Style
	begun bool
	count int
	used  []*rules.Rule
	index map[string]int
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region sarifRegion `json:"region"`
}

type sarifRegion struct {
	StartLine  int `json:"startLine"`
	ByteOffset int `json:"byteOffset"`
	ByteLength int `json:"byteLength"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
}

type sarifRule struct {
	ID       string    `json:"id"`
	Short    sarifText `json:"shortDescription"`
	Help     sarifText `json:"help"`
	Defaults struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

var sarifLevels = map[rules.Level]string{rules.Must: "error", rules.Should: "warning", rules.Info: "note", rules.Off: "none"}

func (s *sarifWriter) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	_, err := io.WriteString(s.w, `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"columnKind":"unicodeCodePoints","results":[`+"\n")
	return err
}

func (s *sarifWriter) Write(i *Item) error {
	if err := s.begin(); err != nil || i.Report == nil {
		return err
	}
	for k := range i.Report.Findings {
		f := &i.Report.Findings[k]
		text, err := json.Marshal(s.result(i, f))
		if err != nil {
			return err
		}
		if s.count++; s.count > 1 {
			text = append([]byte(",\n"), text...)
		}
		if _, err := s.w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func (s *sarifWriter) result(i *Item, f *rules.Finding) sarifResult {
	if s.index == nil {
		s.index = map[string]int{}
	}
	n, ok := s.index[f.Rule.ID]
	if !ok {
		n = len(s.used)
		s.index[f.Rule.ID], s.used = n, append(s.used, f.Rule)
	}
	r := sarifResult{
		RuleID: f.Rule.ID, RuleIndex: n, Level: sarifLevels[f.Level],
		Message: sarifText{fmt.Sprintf("%s: %s (%s) %s", f.Path(), f.Message(s.Lang), f.Rule.Source, f.Hint(s.Lang))},
	}
	at := sarifLocation{Logical: []sarifLogical{{f.Path()}}}
	at.Physical.Artifact.URI = uri(i.File)
	at.Physical.Region = sarifRegion{StartLine: i.Line + max(f.Segment, 0), ByteOffset: int(i.Offset) + f.Offset, ByteLength: f.Size}
	r.Locations = []sarifLocation{at}
	return r
}

// uri is the reference to a file by its path (RFC 3986 §4.2). The standard input
// has none, and keeps its sign.
func uri(path string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	return u.String()
}

func (s *sarifWriter) Close() error {
	if err := s.begin(); err != nil {
		return err
	}
	list := []sarifRule{}
	for _, r := range s.used {
		e := sarifRule{ID: r.ID, Short: sarifText{r.Text.In(s.Lang)}, Help: sarifText{r.Hint.In(s.Lang) + " (" + r.Source + ")"}}
		e.Defaults.Level = sarifLevels[r.Level]
		list = append(list, e)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.w, "\n],\"tool\":{\"driver\":{\"name\":\"pamlab\",\"rules\":%s}}}]}\n", text)
	return err
}
