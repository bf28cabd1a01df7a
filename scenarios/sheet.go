package scenarios

import (
	"strconv"
	"strings"
)

// A Sheet is a YAML file of another room of the house (a hospital, a table of
// answers), read as scenarios are: values keep the text that was written, every
// fault has its line and column, and all of them are told at once.
type Sheet struct {
	d    *decoder
	root *node
}

// OpenSheet reads a file of the machine. The error is a Problems.
func OpenSheet(name string) (*Sheet, error) {
	data, problem := readNamed(name)
	if problem != nil {
		return nil, Problems{problem}
	}
	return ParseSheet(name, data)
}

// ParseSheet reads a file that is at hand; name is what problems call it.
func ParseSheet(name string, data []byte) (*Sheet, error) {
	out := &faults{}
	root := parseYAML(name, data, out)
	if root == nil {
		return nil, out.err()
	}
	return &Sheet{d: &decoder{out: out}, root: root}, nil
}

// Root returns the value that the file is.
func (s *Sheet) Root() SheetValue { return SheetValue{s.d, s.root} }

// Err returns what was found, a Problems, or nil.
func (s *Sheet) Err() error { return s.d.out.err() }

// A SheetValue is a value of a Sheet. Its methods report what is wrong to the
// sheet and return what can be used, so that one reading finds every fault. The
// value that was not written has no texts, keys or items, and no faults.
type SheetValue struct {
	d *decoder
	n *node
}

// Written reports whether there is a value.
func (v SheetValue) Written() bool { return v.n != nil }

// Keys checks that the value is a mapping of no other keys than these.
func (v SheetValue) Keys(known ...string) bool {
	return v.n != nil && v.d.mapping(v.n, strings.Join(known, " "))
}

// Get returns the value of a key.
func (v SheetValue) Get(key string) SheetValue {
	if v.n == nil || v.n.kind != mapping {
		return SheetValue{v.d, nil}
	}
	return SheetValue{v.d, v.n.get(key)}
}

// Need returns the value of a key that has to be there.
func (v SheetValue) Need(key string) SheetValue {
	found := v.Get(key)
	if !found.Written() && v.n != nil && v.n.kind == mapping {
		v.d.out.add(v.n.pos, Textf("il manque la clé « %s »", "the key %q is missing", key))
	}
	return found
}

// Items returns the items of a list.
func (v SheetValue) Items() []SheetValue {
	var all []SheetValue
	for _, n := range v.d.list(v.n) {
		all = append(all, SheetValue{v.d, n})
	}
	return all
}

// Text returns the text of the value as it was written.
func (v SheetValue) Text() string {
	if v.n == nil {
		return ""
	}
	return v.d.optional(v.n)
}

// Word returns one of the words known, or "" after a fault.
func (v SheetValue) Word(known ...string) string {
	if v.n == nil {
		return ""
	}
	return v.d.word(v.n, known...)
}

// Number returns a number between two bounds.
func (v SheetValue) Number(least, most float64) float64 {
	text := v.Text()
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= least && n <= most) {
		v.Fault(Textf("« %s » n'est pas un nombre de %g à %g", "%q is no number from %g to %g", text, least, most), Text{})
		return 0
	}
	return n
}

// Whole returns a whole number between two bounds.
func (v SheetValue) Whole(least, most int) int {
	text := v.Text()
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		v.Fault(Textf("« %s » n'est pas un nombre entier de %d à %d", "%q is no whole number from %d to %d", text, least, most), Text{})
		return 0
	}
	return n
}

// Fault reports that the value cannot be used, and what was expected.
func (v SheetValue) Fault(message, expected Text) {
	if v.n != nil {
		v.d.out.add(v.n.pos, message).Expected = expected
	}
}
