package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// sarifWriter writes SARIF 2.1.0, which code hosting platforms show beside the
// files. The results come first and as they are found; at the end the rules that
// they refer to, and what was no message, as notifications of the tool. Only
// these are kept.
type sarifWriter struct {
	w io.Writer
	Style
	begun       bool
	count       int
	used        []*rules.Rule
	index       map[string]int
	unread      []sarifNotification
	untold      int // that unread has no room for
	interrupted bool
}

// mostUnread bounds the notifications that are kept: a large file may hold
// nothing else.
const mostUnread = 1000

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
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

// sarifRegion is a place in the bytes of a file, however it is encoded, and the
// line of its first byte, for those who show lines.
type sarifRegion struct {
	StartLine  int   `json:"startLine"`
	ByteOffset int64 `json:"byteOffset"`
	ByteLength int   `json:"byteLength"`
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

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

var sarifLevels = map[rules.Level]string{rules.Must: "error", rules.Should: "warning", rules.Info: "note", rules.Off: "none"}

func (s *sarifWriter) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	_, err := io.WriteString(s.w, `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"columnKind":"unicodeCodePoints","newlineSequences":["\r\n","\r","\n"],"results":[`+"\n")
	return err
}

func (s *sarifWriter) Write(i *Item) error {
	if err := s.begin(); err != nil {
		return err
	}
	if i.Report == nil {
		s.notify(i)
		return nil
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
		Message: sarifText{sentences(f.Message(s.Lang), f.Hint(s.Lang))},
	}
	at := sarifLocation{Logical: []sarifLogical{{f.Path()}}}
	at.Physical.Artifact.URI = uri(i.File)
	data := i.Report.Message().Bytes()
	at.Physical.Region = &sarifRegion{
		StartLine: i.Line + lineEnds(data, f.Offset), ByteOffset: i.Offset + int64(f.Offset), ByteLength: f.Size}
	r.Locations = []sarifLocation{at}
	return r
}

// notify keeps what is no message for the end.
func (s *sarifWriter) notify(i *Item) {
	if len(s.unread) == mostUnread {
		s.untold++
		return
	}
	at := sarifLocation{}
	at.Physical.Artifact.URI = uri(i.File)
	if i.Line > 0 {
		at.Physical.Region = &sarifRegion{StartLine: i.Line, ByteOffset: i.Offset}
	}
	s.unread = append(s.unread, sarifNotification{Level: "error",
		Message: sarifText{sentences(sentence(i.Err, s.Lang), advice(i.Err, s.Lang))}, Locations: []sarifLocation{at}})
}

// lineEnds counts the lines that end before a place: with CR, LF or CR LF.
func lineEnds(data []byte, to int) int {
	to = min(max(to, 0), len(data))
	text := data[:to]
	n := bytes.Count(text, []byte("\r")) + bytes.Count(text, []byte("\n")) - bytes.Count(text, []byte("\r\n"))
	if to > 0 && to < len(data) && data[to-1] == '\r' && data[to] == '\n' {
		n-- // amid a CR LF
	}
	return n
}

// sentences makes sentences of phrases: each begins as one does and has an end.
func sentences(phrases ...string) string {
	var list []string
	for _, p := range phrases {
		if p = strings.TrimRight(p, " ."); p != "" {
			list = append(list, capital(p))
		}
	}
	text := strings.Join(list, ". ")
	if strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}

// capital gives a phrase the capital of a sentence, unless it begins with a name
// of a machine: a setting, a command.
func capital(phrase string) string {
	word, _, _ := strings.Cut(phrase, " ")
	if word == "pamlab" || strings.ContainsAny(word, "_=/\\.0123456789") {
		return phrase
	}
	first, size := utf8.DecodeRuneInString(phrase)
	return string(unicode.ToUpper(first)) + phrase[size:]
}

// uri is the reference to a file by its path (RFC 3986 §4.2). The standard input
// has none, and keeps its sign.
func uri(path string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	return u.String()
}

func (s *sarifWriter) Interrupted() { s.interrupted = true }

func (s *sarifWriter) Close() error {
	if err := s.begin(); err != nil {
		return err
	}
	list := []sarifRule{}
	for _, r := range s.used {
		e := sarifRule{ID: r.ID, Short: sarifText{r.Text.In(s.Lang)}, Help: sarifText{sentences(r.Advice(s.Lang) + " (" + r.Source + ")")}}
		e.Defaults.Level = sarifLevels[r.Level]
		list = append(list, e)
	}
	described, err := json.Marshal(list)
	if err != nil {
		return err
	}
	invocation, err := json.Marshal(s.invocation())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.w, "\n],\"invocations\":[%s],\"tool\":{\"driver\":{\"name\":\"pamlab\",\"rules\":%s}}}]}\n", invocation, described)
	return err
}

// invocation says whether all was judged, and what was not.
func (s *sarifWriter) invocation() sarifInvocation {
	told := s.unread
	if s.untold > 0 {
		text := fmt.Sprintf("And %d more that are no messages.", s.untold)
		if s.Lang == "fr" {
			text = fmt.Sprintf("Et %d autres qui ne sont pas des messages.", s.untold)
		}
		told = append(told, sarifNotification{Level: "error", Message: sarifText{text}})
	}
	if s.interrupted {
		text := "The run was interrupted."
		if s.Lang == "fr" {
			text = "L'exécution a été interrompue."
		}
		told = append(told, sarifNotification{Level: "error", Message: sarifText{text}})
	}
	return sarifInvocation{Successful: len(told) == 0, Notifications: told}
}
