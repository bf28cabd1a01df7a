package schema

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
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

	keys     []uint64 // the first eight bytes of each code, in the same order
	slots    []uint32 // where keys begin, see fillSlots
	patterns []uint32 // the codes that may cover others, where some are ranges or patterns
	closed   bool     // see Closed
}

// A Code is an entry of a table. A value like "10 ... 19" is a range, "2 ..."
// one without end, "HL7nnnn" and "99zzz" are patterns (n a digit, x a letter,
// z anything), and "…" stands for whatever a site adds.
type Code struct{ Value, Label string }

// NewTable makes a table of the codes, in any order.
func NewTable(number, name string, kind TableKind, codes ...Code) *Table {
	t := &Table{Number: number, Name: name, Kind: kind, Codes: slices.Clone(codes)}
	t.index(make([]uint64, len(codes)), make([]uint32, slotsFor(len(codes))))
	return t
}

// index sorts the codes and makes what find looks them up by, in the room given.
func (t *Table) index(keys []uint64, slots []uint32) {
	byValue := func(a, b Code) int { return cmp.Compare(a.Value, b.Value) }
	if !slices.IsSortedFunc(t.Codes, byValue) { // as most lists are written
		slices.SortStableFunc(t.Codes, byValue)
	}
	t.keys = keys
	patterned := false
	for i, c := range t.Codes {
		t.keys[i] = packCode(c.Value)
		patterned = patterned || mayBePattern(c.Value) && isPattern(c.Value)
	}
	for i, c := range t.Codes {
		if !patterned {
			break
		}
		if mayCover(c.Value) {
			t.patterns = append(t.patterns, uint32(i))
		}
	}
	if len(slots) > 0 { // else nil, as in the tables that are laid out already
		t.slots = slots
	}
	fillSlots(slots, keys)
	t.closed = len(t.Codes) > 0 && t.Codes[len(t.Codes)-1].Value != "…"
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
	for at := t.first(key); at < len(t.keys) && t.keys[at] == key; at++ {
		if t.Codes[at].Value == string(value) {
			return at
		}
	}
	for _, i := range t.patterns {
		if covers(t.Codes[i].Value, string(value)) {
			return int(i)
		}
	}
	return -1
}

// containsKey is Contains for a short value: of one to seven bytes, the last of
// which is not zero, so that its key is that of no other.
func (t *Table) containsKey(key uint64) bool { return t.first(key) < len(t.keys) }

// first returns the index of the first code with a key, or the number of codes.
func (t *Table) first(key uint64) int {
	slots, keys := t.slots, t.keys
	for slot := slotOf(key, len(slots)); uint(slot) < uint(len(slots)); slot = (slot + 1) & (len(slots) - 1) {
		at := int(slots[slot]) - 1
		if uint(at) >= uint(len(keys)) {
			break
		}
		if keys[at] == key {
			return at
		}
	}
	return len(keys)
}

// slotsFor is over how many slots so many keys are spread: twice as many or more,
// a power of two.
func slotsFor(keys int) int {
	if keys == 0 {
		return 0
	}
	return 1 << bits.Len(uint(2*keys-1))
}

// fillSlots spreads the keys over the slots. A slot holds the index of the first
// of equal keys, plus one; a key whose slot is taken is in the next that was free.
func fillSlots(slots []uint32, keys []uint64) {
	for i, key := range keys {
		if i > 0 && keys[i-1] == key {
			continue
		}
		slot := slotOf(key, len(slots))
		for slots[slot] != 0 {
			slot = (slot + 1) & (len(slots) - 1)
		}
		slots[slot] = uint32(i) + 1
	}
}

// slotOf is where a key belongs among so many slots. The bits of a product depend
// on those below, and a code of one letter has nothing but its highest byte: so
// the highest bytes count first.
func slotOf(key uint64, slots int) int {
	const golden = 0x9e3779b97f4a7c15
	return int(bits.ReverseBytes64(key*golden)) & (slots - 1)
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

// mayBePattern is false for nearly all codes, and much faster. Tables of profiles
// are made when a program starts.
func mayBePattern(code string) bool {
	for i := range len(code) {
		switch c := code[i]; {
		case c == '.' || c == 'n' || c == 'x' || c == 'z' || c >= utf8.RuneSelf:
			return true
		}
	}
	return false
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
