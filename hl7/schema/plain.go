package schema

import (
	"encoding/binary"
	"math/bits"
)

// What follows looks at the values of which nearly every message is made: it
// says of most of those without a fault that they have none, at a fraction of
// what the walk in walk.go costs, which looks at all others. It never finds
// anything itself.

// plainField says of a field that is not of length zero, and of a primitive
// type, that nothing is wrong with it, and goes past it. Otherwise it stays
// where it is.
func (w *walk) plainField(d *FieldDef) bool {
	t := d.Type
	if t == nil || !t.Primitive() || t.Format == FormatVaries || d.Min > 1 || judged.has(d.Usage) {
		return false
	}
	start := w.at
	end, level := w.next()
	if level == endsField && fits(d.Length, end-start) && w.plainValue(t.Format, d.Table, start, end) {
		return true
	}
	w.at = start
	return false
}

// usages is a set of usages.
type usages uint16

// judged are the usages that a value may break.
const judged usages = 1<<NotUsed | 1<<Withdrawn | 1<<Backward

func (s usages) has(u Usage) bool { return s>>u&1 != 0 }

// plainComponent says of a component that it is not empty, has no
// sub-components on the wire, and that nothing is wrong with it.
func (w *walk) plainComponent(d *ComponentDef, n, start, end int) bool {
	if d.Usage == NotUsed || !fits(d.Length, end-start) {
		return false
	}
	leaf, table := d, d.Table
	if t := d.Type; t != nil && !t.Primitive() {
		if t.required&^1 != 0 {
			return false
		}
		if leaf = firstLeaf(&t.Components[0]); table == nil {
			table = leaf.Table
		}
	}
	if n == 1 && w.fieldDef != nil && w.fieldDef.Table != nil && w.fieldDef.Table != d.Table {
		table = nil // see ownTable
	}
	return w.plainValue(leaf.Format, table, start, end)
}

// plainSub is plainComponent for sub-component n of a component, whose type is
// inner.
func (w *walk) plainSub(d *ComponentDef, inner *TypeDef, n, start, end int) bool {
	if n > len(inner.Components) {
		return false
	}
	sub := &inner.Components[n-1]
	if !fits(sub.Length, end-start) {
		return false
	}
	leaf := firstLeaf(sub)
	table := leaf.Table
	if n == 1 && d.Table != nil { // see oneSubcomponent
		if table = d.Table; inner.coded {
			table = nil
		}
	}
	return w.plainValue(leaf.Format, table, start, end)
}

// fits says whether so many bytes are no more than the characters that there
// may be. More bytes can still be as few characters.
func fits(most, size int) bool { return size <= most || most == 0 }

// plainValue looks at a primitive value.
func (w *walk) plainValue(f Format, table *Table, start, end int) bool {
	text := w.text[start:end]
	switch text[0] {
	case '"': // perhaps the HL7 null
		return false
	case ' ':
		if f == FormatString {
			return false
		}
	}
	if f > FormatCode && !f.plain(text) && f.judge(text) != fine {
		return false
	}
	return !table.Closed() || w.plainCode(table, start, end)
}

// plainCode looks for a code.
func (w *walk) plainCode(table *Table, start, end int) bool {
	n := end - start
	if n < 8 && start+8 <= cap(w.text) && w.text[end-1] != 0 {
		rest := 64 - 8*n
		key := binary.BigEndian.Uint64(w.text[start:start+8]) >> rest << rest
		return table.containsKey(key) || len(table.patterns) > 0 && table.Contains(w.text[start:end])
	}
	return table.Contains(w.text[start:end])
}

// plain says of a date or time in one of the three lengths that are usual that
// it exists. It leaves the ends of months to judge.
func (f Format) plain(text []byte) bool {
	if f < FormatDate || f == FormatTime || f > FormatPairedTime {
		return false
	}
	switch n := len(text); {
	case n == 8:
		_, ok := fourPairs(text)
		return ok && plainDate(text)
	case n == 14 && f != FormatDate:
		last, ok := fourPairs(text[6:])
		return ok && plainDate(text) && last>>16&0xff < 24 && last>>32&0xff < 60 && last>>48 < 60
	case n == 12 && f != FormatDate:
		last, ok := fourPairs(text[4:])
		return ok && plainDate(text) && last>>32&0xff < 24 && last>>48 < 60
	}
	return false
}

// plainDate looks at YYYYMMDD.
func plainDate(text []byte) bool {
	p, ok := fourPairs(text)
	return ok && p&0xff00ff != 0 && p>>32&0xff-1 < 12 && p>>48-1 < 28
}

// fourPairs reads eight digits as four numbers of two, each in 16 bits, the first
// in the lowest.
func fourPairs(text []byte) (pairs uint64, ok bool) {
	w := binary.LittleEndian.Uint64(text)
	const zeros = ones * '0'
	d := w ^ zeros // digits become 0 to 9, whatever else is more
	ok = (d|(d+ones*(0x80-10)))&highs == 0
	return (d*10 + d>>8) & 0x00ff00ff00ff00ff, ok
}

// next returns the end of the value that begins at w.at and the level of the
// delimiter there; w.at goes past it. The end of the segment ends a field.
func (w *walk) next() (end int, level uint8) {
	text := w.text
	i := w.at
	for i+8 <= cap(text) {
		n := w.marks.in(binary.LittleEndian.Uint64(text[i : i+8]))
		if i += n; n == 8 {
			continue
		}
		if i >= len(text) { // it is behind the segment
			break
		}
		w.at = i + 1
		return i, w.level[text[i]]
	}
	return w.stop(i)
}

// stop is next from i on, byte by byte.
func (w *walk) stop(i int) (end int, level uint8) {
	text := w.text
	for ; i < len(text); i++ {
		if l := w.level[text[i]]; l != inText {
			w.at = i + 1
			return i, l
		}
	}
	w.at = len(text) + 1
	return len(text), endsField
}

// marks are four delimiters, each in every byte of a word. One that the message
// does not have repeats another.
type marks [4]uint64

func (m *marks) set(i int, delimiter, instead byte) {
	if delimiter == 0 {
		delimiter = instead
	}
	m[i] = uint64(delimiter) * ones
}

const (
	ones  = 0x0101010101010101
	highs = ones << 7
)

// in returns the number of the first byte of word that is a delimiter, from the
// lowest, or 8.
func (m *marks) in(word uint64) int {
	a, b, c, d := word^m[0], word^m[1], word^m[2], word^m[3]
	// The lowest bit that this leaves is that of a byte which is zero; only those
	// above it may be others.
	found := (a-ones)&^a | (b-ones)&^b | (c-ones)&^c | (d-ones)&^d
	return bits.TrailingZeros64(found&highs) / 8
}
