package hl7

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Path is the compiled address of a place in a message. The zero Path names
// no place. Paths are values: they can be copied, compared with == and shared
// between goroutines.
//
//	MSH                   a segment
//	ERR[2]                the second ERR
//	PID-3                 a field, with all its repetitions
//	PID-3[2]              one repetition
//	PID-5.1               a component, of the first repetition
//	PID-3[2].4.2          a sub-component
//	OBX[*]-5, PID-3[*].1  every segment, every repetition
//	PID-3[.5=PI].1        of the first repetition whose fifth component is PI
//
// Parentheses can stand for brackets: PID-3(.5=PI).1.
type Path struct {
	name         uint32
	occurrence   uint32 // from 1, or every
	field        uint32 // 0: the segment
	repetition   uint32 // 0: not said; else from 1, or every
	component    uint32 // 0: not said
	subcomponent uint32
	filter       filter
}

// filter is the condition of a path on the repetitions of a field.
type filter struct {
	component, subcomponent uint32
	value                   string // never "" in a condition
}

// every is the index [*].
const every = ^uint32(0)

// The numbers in paths are bounded: a typing error shall not make a message of
// a gigabyte. Nothing in HL7 comes near, except segments in long reports.
const (
	maxIndex      = 9999
	maxOccurrence = 9_999_999
)

// A PathError tells what is wrong with a path, and at which character.
type PathError struct {
	Text   string // the path as given
	Column int    // in characters, from 1; one more than the length when the end came too soon

	say  phrase
	args []any
}

// Error returns the English sentence.
func (e *PathError) Error() string { return e.In("en") }

// In returns the sentence in a language, "fr" or "en".
func (e *PathError) In(lang string) string {
	if lang == "fr" {
		return fmt.Sprintf("chemin « %s », caractère %d : ", e.Text, e.Column) + fmt.Sprintf(e.say.fr, e.args...)
	}
	return fmt.Sprintf("path %q, character %d: ", e.Text, e.Column) + fmt.Sprintf(e.say.en, e.args...)
}

// Hint says how the path can be written.
func (e *PathError) Hint(lang string) string {
	if lang == "fr" {
		return e.say.hintFR
	}
	return e.say.hintEN
}

const (
	formsEN = "paths look like PID-5.1, PID-3[2].4.2, PID-3[.5=PI].1 or OBX[*]-5"
	formsFR = "un chemin s'écrit comme PID-5.1, PID-3[2].4.2, PID-3[.5=PI].1 ou OBX[*]-5"
)

var (
	sayPathName   = phrase{en: "a segment name of three capitals or digits was expected", fr: "on attendait un nom de segment de trois majuscules ou chiffres", hintEN: formsEN, hintFR: formsFR}
	sayPathField  = phrase{en: "a hyphen and the number of a field were expected after the segment", fr: "on attendait un tiret et le numéro d'un champ après le segment", hintEN: formsEN, hintFR: formsFR}
	sayPathPart   = phrase{en: "a dot and the number of a component, or the end, were expected", fr: "on attendait un point et le numéro d'un composant, ou la fin", hintEN: formsEN, hintFR: formsFR}
	sayPathNumber = phrase{en: "a number from 1 to %d was expected", fr: "on attendait un nombre de 1 à %d", hintEN: formsEN, hintFR: formsFR}
	sayPathIndex  = phrase{en: "a number, * or a condition like .5=PI was expected", fr: "on attendait un nombre, * ou une condition comme .5=PI", hintEN: formsEN, hintFR: formsFR}
	sayPathClose  = phrase{en: "%q was expected", fr: "on attendait %q", hintEN: formsEN, hintFR: formsFR}
	sayPathEqual  = phrase{en: "= and a value were expected in the condition", fr: "on attendait = et une valeur dans la condition", hintEN: formsEN, hintFR: formsFR}
	sayPathEnd    = phrase{en: "the path should end here", fr: "le chemin devrait finir ici", hintEN: formsEN, hintFR: formsFR}
)

// CompilePath compiles a path; see [Path] for the forms. The error is a
// [*PathError].
func CompilePath(s string) (Path, error) {
	c := compiler{text: s}
	p, say := c.path()
	if say != nil {
		return Path{}, &PathError{Text: s, Column: utf8.RuneCountInString(s[:c.at]) + 1, say: *say, args: c.args}
	}
	return p, nil
}

// MustPath is [CompilePath] for paths that stand in the source code; it panics
// when the path is wrong.
func MustPath(s string) Path {
	p, err := CompilePath(s)
	if err != nil {
		panic("hl7: " + err.Error())
	}
	return p
}

// compiler reads a path from left to right. After a failure, at is where it
// got stuck.
type compiler struct {
	text string
	at   int
	args []any
}

func (c *compiler) accept(b byte) bool {
	if c.at < len(c.text) && c.text[c.at] == b {
		c.at++
		return true
	}
	return false
}

func (c *compiler) path() (p Path, say *phrase) {
	if len(c.text) < 3 || !isName(c.text[:3]) {
		return p, &sayPathName
	}
	c.at = 3
	p.name = packName([]byte(c.text[:3]), '|')
	p.occurrence = 1
	if say = c.index(&p.occurrence, maxOccurrence, nil); say != nil || c.at == len(c.text) {
		return p, say
	}
	if !c.accept('-') {
		return p, &sayPathField
	}
	if say = c.number(&p.field, maxIndex); say != nil {
		return p, say
	}
	if say = c.index(&p.repetition, maxIndex, &p.filter); say != nil {
		return p, say
	}
	if say = c.components(&p.component, &p.subcomponent); say != nil {
		return p, say
	}
	if c.at < len(c.text) && p.subcomponent > 0 {
		return p, &sayPathEnd
	}
	if c.at < len(c.text) {
		return p, &sayPathPart
	}
	return p, nil
}

// components reads .C or .C.S or nothing.
func (c *compiler) components(component, subcomponent *uint32) *phrase {
	for _, n := range []*uint32{component, subcomponent} {
		if !c.accept('.') {
			return nil
		}
		if say := c.number(n, maxIndex); say != nil {
			return say
		}
	}
	return nil
}

// number reads a number from 1 to most, without leading zeros.
func (c *compiler) number(n *uint32, most int) *phrase {
	start := c.at
	for c.at < len(c.text) && isDigit(c.text[c.at]) {
		c.at++
	}
	digits := c.text[start:c.at]
	value, err := strconv.Atoi(digits)
	if err != nil || value < 1 || value > most || digits[0] == '0' {
		c.at, c.args = start, []any{most}
		return &sayPathNumber
	}
	*n = uint32(value)
	return nil
}

// index reads [n], [*] or, where f is not nil, a condition; or nothing.
func (c *compiler) index(n *uint32, most int, f *filter) *phrase {
	closing := byte(']')
	switch {
	case c.accept('['):
	case c.accept('('):
		closing = ')'
	default:
		return nil
	}
	switch {
	case c.accept('*'):
		*n = every
	case f != nil && c.at < len(c.text) && c.text[c.at] == '.':
		if say := c.condition(f, closing); say != nil {
			return say
		}
	case c.at < len(c.text) && isDigit(c.text[c.at]):
		if say := c.number(n, most); say != nil {
			return say
		}
	default:
		return &sayPathIndex
	}
	if !c.accept(closing) {
		c.args = []any{closing}
		return &sayPathClose
	}
	return nil
}

// condition reads .C=value or .C.S=value; the value goes up to the bracket.
func (c *compiler) condition(f *filter, closing byte) *phrase {
	if say := c.components(&f.component, &f.subcomponent); say != nil {
		return say
	}
	if !c.accept('=') {
		return &sayPathEqual
	}
	n := strings.IndexByte(c.text[c.at:], closing)
	switch {
	case n < 0:
		c.at, c.args = len(c.text), []any{closing}
		return &sayPathClose
	case n == 0:
		return &sayPathEqual
	}
	f.value = c.text[c.at : c.at+n]
	c.at += n
	return nil
}

// String returns the path in the form in which it compiles again.
func (p Path) String() string {
	if p.name == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(unpackName(p.name))
	if p.occurrence != 1 {
		writeIndex(&b, p.occurrence)
	}
	if p.field == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "-%d", p.field)
	if p.repetition != 0 {
		writeIndex(&b, p.repetition)
	}
	if p.filter.value != "" {
		p.filter.write(&b)
	}
	writeParts(&b, p.component, p.subcomponent)
	return b.String()
}

func writeIndex(b *strings.Builder, n uint32) {
	if n == every {
		b.WriteString("[*]")
		return
	}
	fmt.Fprintf(b, "[%d]", n)
}

func writeParts(b *strings.Builder, component, subcomponent uint32) {
	if component > 0 {
		fmt.Fprintf(b, ".%d", component)
	}
	if subcomponent > 0 {
		fmt.Fprintf(b, ".%d", subcomponent)
	}
}

// write chooses the brackets that the value does not contain; it cannot
// contain both, having been written in one kind of them.
func (f filter) write(b *strings.Builder) {
	open, closing := byte('['), byte(']')
	if strings.IndexByte(f.value, ']') >= 0 {
		open, closing = '(', ')'
	}
	b.WriteByte(open)
	writeParts(b, f.component, f.subcomponent)
	b.WriteByte('=')
	b.WriteString(f.value)
	b.WriteByte(closing)
}

// SegmentName returns the three letters of the segment.
func (p Path) SegmentName() string {
	if p.name == 0 {
		return ""
	}
	return unpackName(p.name)
}

// Field returns the number of the field, or 0 for the path of a segment.
func (p Path) Field() int { return int(p.field) }

// Component returns the number of the component, or 0 when the path stops
// before it.
func (p Path) Component() int { return int(p.component) }

// Subcomponent returns the number of the sub-component, or 0 when the path
// stops before it.
func (p Path) Subcomponent() int { return int(p.subcomponent) }

// Several says whether the path can name more than one place: it has a [*].
func (p Path) Several() bool { return p.occurrence == every || p.repetition == every }

// Location returns the place that the path names. Where the path leaves the
// choice, by [*] or a condition, the index is 0.
func (p Path) Location() Location {
	l := Location{
		Segment:    p.SegmentName(),
		Occurrence: int(p.occurrence), Field: int(p.field), Repetition: int(p.repetition),
		Component: int(p.component), Subcomponent: int(p.subcomponent),
	}
	if p.occurrence == every {
		l.Occurrence = 0
	}
	if p.repetition == every {
		l.Repetition = 0
	}
	return l
}
