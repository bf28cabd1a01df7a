package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
)

// Template is a text in which {{ }} stands for values that are known when the
// scenario is played. It is compiled when the file is loaded.
type Template struct {
	Pos   Source
	Text  string // as written, block lines ended as the template wants them
	parts []part

	faulty bool // it could not be read: why is told
}

// part is a literal, or a reference when ref is not nil.
type part struct {
	literal string
	ref     *Ref
}

// Env gives a template the values of a play. The player implements it.
type Env interface {
	// Lookup returns the value of any reference but the clocks'. An error of
	// it should have In(lang); the template adds which reference failed.
	Lookup(Ref) (string, error)
	Now() time.Time   // the clock
	Start() time.Time // the instant of the run, from which `at: +1h` counts
}

// Literal returns the text of a template without references; ok is false when
// it has some, or could not be read.
func (t Template) Literal() (text string, ok bool) {
	if t.faulty {
		return "", false
	}
	for _, p := range t.parts {
		if p.ref != nil {
			return "", false
		}
		text += p.literal
	}
	return text, true
}

// Refs returns the references in the order of the text.
func (t Template) Refs() []Ref {
	var refs []Ref
	for _, p := range t.parts {
		if p.ref != nil {
			refs = append(refs, *p.ref)
		}
	}
	return refs
}

// Render returns the text with every reference replaced. The error is a
// *RefError.
func (t Template) Render(env Env) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.ref == nil {
			b.WriteString(p.literal)
			continue
		}
		value, err := p.ref.value(env)
		if err != nil {
			return "", &RefError{Ref: *p.ref, Err: err}
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// literalTemplate is a template without references.
func literalTemplate(pos Source, text string) Template {
	return Template{Pos: pos, Text: text, parts: []part{{literal: text}}}
}

// textFault is what is wrong with a text, at a rune of it.
type textFault struct {
	offset, width int
	message       Text
	expected      Text
	word          string // an unknown word, and those that are known
	known         []string
}

// compileTemplate compiles a text. Positions in references count from pos;
// place tells where a piece of the text stands in the file.
func compileTemplate(text string, pos Source, place func(offset, width int) Source) (Template, *textFault) {
	t := Template{Pos: pos, Text: text}
	rest, offset := text, 0
	for rest != "" {
		before, inner, found := strings.Cut(rest, "{{")
		if before != "" {
			t.parts = append(t.parts, part{literal: before})
		}
		if !found {
			break
		}
		offset += utf8.RuneCountInString(before)
		expr, after, closed := strings.Cut(inner, "}}")
		if !closed {
			return t, &textFault{offset: offset, width: 2, message: Text{
				FR: "« {{ » sans « }} »", EN: `"{{" without "}}"`,
			}}
		}
		ref, fault := parseRef(expr)
		if fault != nil {
			fault.offset += offset + 2
			return t, fault
		}
		width := utf8.RuneCountInString(expr) + 4
		ref.Pos = place(offset, width)
		t.parts = append(t.parts, part{ref: &ref})
		rest, offset = after, offset+width
	}
	return t, nil
}

// value is what the reference stands for in env.
func (r *Ref) value(env Env) (string, error) {
	switch r.Kind {
	case RefNow:
		return hl7.FormatTime(env.Now().Add(r.Offset), hl7.PrecisionSecond), nil
	case RefStart:
		return hl7.FormatTime(env.Start().Add(r.Offset), hl7.PrecisionSecond), nil
	}
	text, err := env.Lookup(*r)
	if err != nil || r.Offset == 0 {
		return text, err
	}
	at, err := hl7.ParseTime(text, env.Now().Location())
	if err != nil {
		return "", err
	}
	return hl7.FormatTime(at.Add(r.Offset), at.Precision), nil
}

// RefError says which reference of a template has no value, and why.
type RefError struct {
	Ref Ref
	Err error
}

// Error returns the sentence in English.
func (e *RefError) Error() string { return e.In("en") }

// In returns the sentence in lang.
func (e *RefError) In(lang string) string {
	return fmt.Sprintf("{{%s}}: %s", e.Ref.Text, inLang(e.Err, lang))
}

// Hint returns the cause's hint.
func (e *RefError) Hint(lang string) string {
	var hinter interface{ Hint(string) string }
	if errors.As(e.Err, &hinter) {
		return hinter.Hint(lang)
	}
	return ""
}

// Unwrap returns the cause.
func (e *RefError) Unwrap() error { return e.Err }

// inLang is an error's sentence in lang, in English when it speaks nothing else.
func inLang(err error, lang string) string {
	var speaker interface{ In(string) string }
	if errors.As(err, &speaker) {
		return speaker.In(lang)
	}
	return err.Error()
}
