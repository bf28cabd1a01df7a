package schema

import (
	"cmp"
	"slices"
	"strings"
)

// TableKind says who decides about the codes of a table (HL7 v2.5 §2.5.3.6).
type TableKind uint8

const (
	// UserTable codes are suggestions that a site or a country may change.
	UserTable TableKind = iota
	// HL7Table codes are part of the standard.
	HL7Table
)

// String returns "User" or "HL7".
func (k TableKind) String() string {
	if k == HL7Table {
		return "HL7"
	}
	return "User"
}

// A Table is a list of codes. Tables are shared and must not be modified; make
// one with [NewTable].
type Table struct {
	Number  string // four digits, or the name a profile gives it
	Name    string
	Kind    TableKind
	Omitted bool   // the standard suggests codes which are not kept here (they serve billing only)
	Codes   []Code // sorted by value; empty where the standard suggests none

	keys      []uint64 // the first eight bytes of each code, in the same order
	patterned bool     // some codes are ranges or patterns
	closed    bool     // see Closed
}

// A Code is an entry of a table. A value like "10 ... 19" is a range, "2 ..."
// one without end, "HL7nnnn" and "99zzz" are patterns (n a digit, x a letter,
// z anything), and "…" stands for whatever a site adds.
type Code struct{ Value, Label string }

// NewTable makes a table of the codes, in any order.
func NewTable(number, name string, kind TableKind, codes ...Code) *Table {
	t := &Table{Number: number, Name: name, Kind: kind, Codes: slices.Clone(codes)}
	slices.SortStableFunc(t.Codes, func(a, b Code) int { return cmp.Compare(a.Value, b.Value) })
	t.keys = make([]uint64, len(t.Codes))
	for i, c := range t.Codes {
		t.keys[i] = packCode(c.Value)
		t.patterned = t.patterned || isPattern(c.Value)
	}
	t.closed = len(t.Codes) > 0 && t.Codes[len(t.Codes)-1].Value != "…"
	return t
}

// Closed says whether membership can be judged at all: there are codes, none
// was left out, and the list has no entry for whatever a site adds.
func (t *Table) Closed() bool { return t != nil && t.closed }

// Lookup returns the entry that a value is, or falls into.
func (t *Table) Lookup(value string) (Code, bool) {
	if i := find(t, value); i >= 0 {
		return t.Codes[i], true
	}
	return Code{}, false
}

// Contains says whether the raw bytes of a value are a code of the table.
func (t *Table) Contains(value []byte) bool { return find(t, value) >= 0 }

// find returns the index of the code that covers value, or -1. Codes are
// compared eight bytes at a time: nearly every code of HL7 is shorter than that.
func find[T string | []byte](t *Table, value T) int {
	key := packCode(value)
	low, high := 0, len(t.keys)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if t.keys[mid] < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	for ; low < len(t.keys) && t.keys[low] == key; low++ {
		if t.Codes[low].Value == string(value) {
			return low
		}
	}
	if t.patterned {
		return slices.IndexFunc(t.Codes, func(c Code) bool { return mayCover(c.Value) && covers(c.Value, string(value)) })
	}
	return -1
}

// packCode keeps the order of codes: longer ones compare by their beginning.
func packCode[T string | []byte](value T) uint64 {
	var key uint64
	n := min(len(value), 8)
	for i := range n {
		key = key<<8 | uint64(value[i])
	}
	return key << (8 * (8 - n))
}

// isPattern says whether a code of a table stands for several values.
func isPattern(code string) bool {
	return strings.Contains(code, "...") || code == "…" ||
		strings.HasSuffix(code, "nnnn") || strings.HasSuffix(code, "xxx") || strings.Contains(code, "zzz")
}

// mayCover says whether a code looks like a pattern at all, which few do.
func mayCover(code string) bool {
	if code == "" {
		return false
	}
	switch code[len(code)-1] {
	case 'n', 'x', 'z', '.', "…"[len("…")-1]:
		return true
	}
	return strings.IndexByte(code, ' ') >= 0 // "10 ... 19", "A or B"
}

// covers says whether value is one of those that a pattern stands for.
func covers(pattern, value string) bool {
	if from, to, ok := strings.Cut(pattern, "..."); ok {
		return inRange(strings.TrimSpace(from), strings.TrimSpace(to), value)
	}
	if head, tail, ok := strings.Cut(pattern, " or "); ok {
		return value == tail || covers(head, value)
	}
	for _, wild := range [...]struct {
		suffix string
		class  func(byte) bool
	}{{"nnnn", isDigit}, {"xxx", isUpper}} {
		if head, ok := strings.CutSuffix(pattern, wild.suffix); ok {
			rest, ok := strings.CutPrefix(value, head)
			return ok && len(rest) == len(wild.suffix) && all(rest, wild.class)
		}
	}
	if head, ok := strings.CutSuffix(pattern, "zzz"); ok {
		return len(value) > len(head) && strings.HasPrefix(value, head)
	}
	return pattern == "…" && value != ""
}

// inRange compares codes of equal length character by character; a range
// without end is one of numbers.
func inRange(from, to, value string) bool {
	if to == "" {
		longer := len(value) > len(from) && len(value) < 10 && value[0] != '0'
		return all(value, isDigit) && (longer || len(value) == len(from) && value >= from)
	}
	return len(value) == len(from) && from <= value && value <= to
}

func all(s string, class func(byte) bool) bool {
	for i := range len(s) {
		if !class(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
