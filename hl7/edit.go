package hl7

var (
	saySegmentIndex = phrase{
		en: "the message has no segment number %d: it has %d, counted from 0", fr: "le message n'a pas de segment numéro %d : il en a %d, comptés à partir de 0"}
	sayRemoveMSH = phrase{
		en: "the MSH segment cannot be removed", fr: "le segment MSH ne peut pas être retiré"}
)

// AddSegment inserts a segment after segment number after (from 0; MSH is
// number 0), with the terminator that the message uses there. The segment is
// ER7 text in the standard delimiters: "ZFA|||A1".
func (m *Message) AddSegment(after int, er7 string) error {
	t := m.t
	if after < 0 || after >= len(t.segs) {
		return fail(KindNoSegment, -1, saySegmentIndex, after, len(t.segs))
	}
	l := Segment{t, after}.Location()
	if err := checkER7(er7, levelSegment); err != nil {
		return err.at(l)
	}
	raw, err := t.encode(er7, StandardDelimiters())
	if err != nil {
		return err.at(l)
	}
	end := int(t.segs[after].end)
	terminator := t.terminator(after)
	s := splice{start: end + len(terminator), end: end + len(terminator)}
	if terminator == "" { // the last segment, not terminated
		terminator = "\r"
		s.pad = []byte(terminator)
	}
	return m.replace(s, append(raw, terminator...))
}

// RemoveSegment removes segment i, counted from 0, with its terminator. MSH
// cannot be removed.
func (m *Message) RemoveSegment(i int) error {
	t := m.t
	switch {
	case i < 0 || i >= len(t.segs):
		return fail(KindNoSegment, -1, saySegmentIndex, i, len(t.segs))
	case i == 0:
		return fail(KindDelimiters, int(t.segs[0].start), sayRemoveMSH).at(Location{Segment: "MSH", Occurrence: 1})
	}
	end := int(t.segs[i].end) + len(t.terminator(i))
	return m.replace(splice{start: int(t.segs[i].start), end: end}, nil)
}

// terminator returns what ends segment i: CR, CR LF, LF or, at the end of the
// message, nothing.
func (t *text) terminator(i int) string {
	rest := t.data[t.segs[i].end:]
	switch {
	case len(rest) == 0:
		return ""
	case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
		return "\r\n"
	}
	return string(rest[:1])
}
