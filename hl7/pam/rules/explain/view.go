package explain

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// view is the last message of one of the two examples, to be shown beside that
// of the other one.
type view struct {
	m, other *hl7.Message
	bad      bool
	found    []rules.Finding // in the bad one
	whole    bool            // what is wrong with a segment as a whole has not been pointed at yet
}

// offender is the index of the segment that should not be there, -1 when there
// is none.
func (v view) offender() int {
	if len(v.found) == 0 {
		return -1
	}
	f := &v.found[0]
	if f.Location.Field > 0 || f.Segment < 0 || f.Segment >= v.m.NumSegments() || v.m.Segment(f.Segment).Name() != f.Location.Segment {
		return -1
	}
	return f.Segment
}

// lines shows what tells the message from the other one, or else the segments
// that the rule is about.
func (v view) lines(x exhibit) []Line {
	lines := v.names(x.steps)
	v.whole = len(lines) == 0
	lines = append(lines, v.changes(x.steps)...)
	if !v.shows(x.steps) {
		lines = append(lines, v.place()...)
	}
	if len(lines) > 0 {
		return lines
	}
	if at := v.offender(); at >= 0 && slices.Contains(x.names, v.m.Segment(at).Name()) {
		return []Line{v.line(v.m.Segment(at), nil)}
	}
	lines = x.named(v.m, x.names)
	for i := range lines {
		lines[i].Caret = v.bad && lines[i].Marked != ""
	}
	return lines
}

// pointed lists the names of the segments and points at one of them, if any.
func (v view) pointed(at int) Line {
	var names []string
	for seg := range v.m.Segments() {
		names = append(names, legible.Line(seg.Name()))
	}
	if at < 0 {
		return plain(strings.Join(names, " "))
	}
	return pointAt(names, at, at+1)
}

// pointAt is a line of words that points at those from first to before last.
func pointAt(words []string, first, last int) Line {
	l := Line{Marked: strings.Join(words[first:last], " "), Caret: true}
	if first > 0 {
		l.Before = strings.Join(words[:first], " ") + " "
	}
	if last < len(words) {
		l.After = " " + strings.Join(words[last:], " ")
	}
	return l
}

// names lists the segments where some came, went or moved, and marks those that
// the other message does not have in that place. What the bad one lacks is
// shown as a dash.
func (v view) names(steps []step) []Line {
	var words []string
	first, last := -1, -1
	moved := false
	for _, s := range steps {
		own, other := s.side(v.bad)
		moved = moved || own < 0 || other < 0
		switch {
		case own >= 0:
			words = append(words, legible.Line(v.m.Segment(own).Name()))
		case v.bad && count(v.m, v.other.Segment(other).Name()) < count(v.other, v.other.Segment(other).Name()):
			words = append(words, "—")
		default:
			continue
		}
		if own < 0 || other < 0 {
			last = len(words)
			if first < 0 {
				first = last - 1
			}
		}
	}
	switch {
	case !moved:
		return nil
	case first < 0:
		return []Line{plain(strings.Join(words, " "))}
	}
	return []Line{pointAt(words, first, last)}
}

// count is how many segments of a name a message has.
func count(m *hl7.Message, name string) (n int) {
	for seg := range m.Segments() {
		if seg.Name() == name {
			n++
		}
	}
	return n
}

// has says whether the message has a segment somewhere.
func (v view) has(seg hl7.Segment) bool {
	for own := range v.m.Segments() {
		if bytes.Equal(own.Raw(), seg.Raw()) {
			return true
		}
	}
	return false
}

// changes shows the segments that differ. Where nearly all do, one tells it all.
func (v view) changes(steps []step) []Line {
	var changed, added []Line
	for _, s := range steps {
		own, other := s.side(v.bad)
		if own < 0 {
			continue
		}
		seg := v.m.Segment(own)
		switch {
		case other < 0 && !(view{m: v.other}).has(seg): // it was not moved
			added = append(added, v.line(seg, nil))
		case other >= 0 && !bytes.Equal(seg.Raw(), v.other.Segment(other).Raw()):
			changed = append(changed, v.line(seg, v.other.Segment(other).Raw()))
		}
	}
	if len(changed) > mostShown {
		return changed[:1]
	}
	lines := append(changed, added...)
	return lines[:min(len(lines), mostShown)]
}

// shows says whether the segment that is found fault with is among those that
// differ.
func (v view) shows(steps []step) bool {
	for _, s := range steps {
		if len(v.found) > 0 && s.bad == v.found[0].Segment {
			return s.good < 0 || !bytes.Equal(v.m.Segment(s.bad).Raw(), v.other.Segment(s.good).Raw())
		}
	}
	return false
}

// place shows the segment that is found fault with.
func (v view) place() []Line {
	if len(v.found) == 0 || v.found[0].Location.Field == 0 || v.found[0].Segment < 0 || v.found[0].Segment >= v.m.NumSegments() {
		return nil
	}
	return []Line{v.line(v.m.Segment(v.found[0].Segment), nil)}
}

// line shows a segment. What is found fault with is marked by carets, or else
// what differs from the segment of the other message.
func (v view) line(seg hl7.Segment, other []byte) Line {
	for i := range v.found {
		f := &v.found[i]
		if f.Segment != seg.Index() || f.Location.Field == 0 {
			continue
		}
		from := f.Offset - seg.Offset()
		l := part(v.m, seg, from, from+f.Size)
		l.Caret = true
		return l
	}
	if v.whole && v.offender() == seg.Index() {
		l := part(v.m, seg, 0, len(seg.Name()))
		l.Caret = true
		return l
	}
	if other == nil {
		return part(v.m, seg, 0, 0)
	}
	from, to := differing(seg.Raw(), other)
	l := part(v.m, seg, from, to)
	l.Caret = v.bad && len(v.found) == 0
	return l
}

// part is a segment with a part of it marked.
func part(m *hl7.Message, seg hl7.Segment, from, to int) Line {
	raw := seg.Raw()
	from = min(max(from, 0), len(raw))
	to = min(max(to, from), len(raw))
	read := reader(m)
	return Line{Before: read(raw[:from]), Marked: read(raw[from:to]), After: read(raw[to:])}
}

// reader decodes parts of a message for people; bytes that the character set
// does not have stay visible.
func reader(m *hl7.Message) func([]byte) string {
	charset, unknown := m.Charset()
	return func(raw []byte) string {
		if unknown == nil {
			if s, err := charset.Decode(raw); err == nil {
				return legible.Line(s)
			}
		}
		return legible.Line(string(raw))
	}
}
