package inspect

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// A Writer writes items in one format. The error of Write and Close is that of
// the stream.
type Writer interface {
	Write(*Item) error
	// Interrupted says that the run ended before its sources did. It is called
	// before Close.
	Interrupted()
	// Close writes what comes after the last item. It does not close the stream.
	Close() error
}

// Style says what to write.
type Style struct {
	Lang   string // "fr" or "en"
	Strict bool   // a broken SHOULD fails
	// Least is the lowest level that the text shows; the other formats have all.
	Least rules.Level
	// Failed leaves the messages that pass out of the text; its summary counts them.
	Failed bool
	// Unreadable has the text tell what is no message, for where nobody tells it
	// beside the text. The other formats always do.
	Unreadable bool
	Color      bool
	Width      int // columns of the text; 0: as long as it gets
}

// Formats lists the names that [NewWriter] knows.
func Formats() []string { return []string{"text", "json", "ndjson", "sarif", "junit"} }

// NewWriter returns a writer of a format. An unknown one is a *[FormatError].
func NewWriter(w io.Writer, format string, s Style) (Writer, error) {
	switch format {
	case "", "text":
		return &textWriter{w: w, Style: s}, nil
	case "json":
		return &jsonWriter{w: w, Style: s, array: true}, nil
	case "ndjson":
		return &jsonWriter{w: w, Style: s}, nil
	case "sarif":
		return &sarifWriter{w: w, Style: s}, nil
	case "junit":
		return &junitWriter{w: w, Style: s}, nil
	}
	return nil, &FormatError{format}
}

// FormatError reports a format that does not exist.
type FormatError struct{ Format string }

// Error returns the English sentence.
func (e *FormatError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *FormatError) In(lang string) string {
	if lang == "fr" {
		return fmt.Sprintf("format inconnu : « %s »", e.Format)
	}
	return fmt.Sprintf("unknown format: %q", e.Format)
}

// Hint lists the formats.
func (e *FormatError) Hint(string) string { return strings.Join(Formats(), ", ") }

// record is an item as programs read it.
type record struct {
	File      string    `json:"file"`
	Index     int       `json:"index"`
	ControlID string    `json:"control_id"`
	Type      string    `json:"type"`
	Structure string    `json:"structure"`
	Version   string    `json:"version"`
	Dialect   string    `json:"dialect"`
	Charset   string    `json:"charset"`
	Verdict   string    `json:"verdict"`
	Findings  []finding `json:"findings"`
}

type finding struct {
	Rule     string `json:"rule"`
	Level    string `json:"level"`
	Path     string `json:"path"`
	Offset   int    `json:"offset"`
	Actual   string `json:"actual"`
	Expected string `json:"expected"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Source   string `json:"source"`
}

// newRecord puts an item into words.
func newRecord(i *Item, s Style) record {
	r := i.Report
	h := r.Header()
	rec := record{
		File: i.File, Index: i.Index, ControlID: h.ControlID, Type: messageType(r), Structure: h.Structure, Version: h.VersionRaw,
		Dialect: r.Profile().Name, Charset: h.Charset, Verdict: r.Verdict(s.Strict), Findings: []finding{},
	}
	for k := range r.Findings {
		f := &r.Findings[k]
		rec.Findings = append(rec.Findings, finding{
			Rule: f.Rule.ID, Level: f.Level.String(), Path: f.Path(), Offset: f.Offset,
			Actual: f.Actual(), Expected: f.Expected(s.Lang), Message: f.Message(s.Lang), Hint: f.Hint(s.Lang), Source: f.Rule.Source,
		})
	}
	return rec
}

// unread is an item that is no message as programs read it.
type unread struct {
	File  string `json:"file"`
	Index int    `json:"index"`
	Error fault  `json:"error"`
}

type fault struct {
	Message string `json:"message"`
	Hint    string `json:"hint"`
	Offset  int64  `json:"offset"`
	Line    int    `json:"line"`
}

func newUnread(i *Item, lang string) unread {
	return unread{File: i.File, Index: i.Index, Error: fault{
		Message: sentence(i.Err, lang), Hint: advice(i.Err, lang), Offset: i.Offset, Line: i.Line}}
}

// messageType is MSH-9.1 and MSH-9.2, "ADT^A01".
func messageType(r *rules.Report) string {
	h := r.Header()
	if h.Trigger == "" {
		return h.Type
	}
	return h.Type + "^" + h.Trigger
}

// Summary counts what was judged.
type Summary struct {
	Pass, Warn, Fail int
	Unreadable       int // what was no message
}

// Add counts an item.
func (s *Summary) Add(i *Item, strict bool) {
	switch {
	case i.Report == nil:
		s.Unreadable++
	case i.Report.Verdict(strict) == "fail":
		s.Fail++
	case i.Report.Verdict(strict) == "warn":
		s.Warn++
	default:
		s.Pass++
	}
}

// Messages is how many messages were judged.
func (s Summary) Messages() int { return s.Pass + s.Warn + s.Fail }

// Interrupted is the line, in "fr" or "en", that says how far a run got that
// ended before its sources did.
func (s Summary) Interrupted(lang string) string {
	if lang == "fr" {
		return fmt.Sprintf("interrompu : %d message(s) jugé(s)", s.Messages())
	}
	return fmt.Sprintf("interrupted: %d message(s) judged", s.Messages())
}

// worstFirst returns the findings of a level or graver, the gravest first.
func worstFirst(r *rules.Report, least rules.Level) []*rules.Finding {
	var list []*rules.Finding
	for i := range r.Findings {
		if r.Findings[i].Level >= least {
			list = append(list, &r.Findings[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *rules.Finding) int { return int(b.Level) - int(a.Level) })
	return list
}
