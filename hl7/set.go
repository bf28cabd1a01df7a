package hl7

import "bytes"

var (
	sayNoSegmentToSet = phrase{
		en: "the message has no segment %s", fr: "le message n'a pas de segment %s",
		hintEN: "add the segment first", hintFR: "ajoutez d'abord le segment"}
	sayNoRepetition = phrase{
		en: "no repetition answers the condition of %s", fr: "aucune répétition ne répond à la condition de %s",
		hintEN: "name the repetition by its number to add one, as in PID-3[2]", hintFR: "désignez la répétition par son numéro pour en ajouter une, comme dans PID-3[2]"}
	saySeveralPlaces = phrase{
		en: "%s names several places, and one value can be set in one of them only", fr: "%s désigne plusieurs endroits, et une valeur ne se place que dans un seul",
		hintEN: "give a number instead of *", hintFR: "donnez un numéro au lieu de *"}
	sayEmptyPath = phrase{
		en: "the path is empty", fr: "le chemin est vide"}
	sayProtected = phrase{
		en: "MSH-1 and MSH-2 cannot be set: the whole message is written with these delimiters", fr: "MSH-1 et MSH-2 ne peuvent pas être modifiés : tout le message est écrit avec ces délimiteurs",
		hintEN: "build the message with other delimiters, or send its bytes as raw text", hintFR: "construisez le message avec d'autres délimiteurs, ou envoyez ses octets en texte brut"}
	sayDelimiterInside = phrase{
		en: "the value contains %s, which would end the place it is meant for", fr: "la valeur contient %s, qui terminerait l'endroit auquel elle est destinée",
		hintEN: `write it as an escape sequence (\F\ for |, \S\ for ^, \R\ for ~, \T\ for &), or set the larger place`, hintFR: `écrivez-le comme séquence d'échappement (\F\ pour |, \S\ pour ^, \R\ pour ~, \T\ pour &), ou modifiez l'endroit plus grand`}
	sayControlInside = phrase{
		en: "the value contains the control character %s, which no HL7 field may contain", fr: "la valeur contient le caractère de contrôle %s, qu'aucun champ HL7 ne peut contenir",
		hintEN: `write a line break as \.br\, another control character as \X09\`, hintFR: `écrivez un saut de ligne \.br\, un autre caractère de contrôle \X09\`}
	sayNoDelimiter = phrase{
		en: "the value needs a delimiter that MSH-2 of this message (%s) does not declare", fr: "la valeur demande un délimiteur que MSH-2 de ce message (%s) ne déclare pas"}
	saySegmentName = phrase{
		en: "%s does not begin with a segment name", fr: "%s ne commence pas par un nom de segment",
		hintEN: "a segment is written NAME|field|field, the name in three capitals or digits", hintFR: "un segment s'écrit NOM|champ|champ, le nom en trois majuscules ou chiffres"}
	sayRestructured = phrase{
		en: "the change would cut the message into other segments", fr: "la modification découperait le message en d'autres segments"}
)

// Set changes what is at a path. The value is ER7 text in the standard
// delimiters, whatever those of the message: "A^B" for a field, with \T\ for an
// ampersand that is no delimiter. An empty text empties the place, `""` makes
// it the HL7 null.
//
// Fields, repetitions and components that are missing before the place are
// added, empty. The segment has to be there; a path of a whole segment replaces
// it. Only the bytes of the place change. The error is an [*Error], and then
// the message is as it was.
func (m *Message) Set(p Path, er7 string) error {
	return m.change(p, func(v level) ([]byte, *Error) {
		if err := checkER7(er7, v); err != nil {
			return nil, err
		}
		return m.t.encode(er7, StandardDelimiters())
	})
}

// SetText changes what is at a path to a text, which is escaped as needed. HL7
// has no way to write the text of two quotation marks: that is the null.
func (m *Message) SetText(p Path, text string) error {
	return m.change(p, func(level) ([]byte, *Error) {
		d := m.t.delims
		if d.Escape == 0 && needsEscape(text, d) {
			return nil, fail(KindDelimiters, -1, sayNoDelimiter, d.EncodingCharacters())
		}
		return m.t.encode(Escape(text, d), d)
	})
}

// SetBytes puts bytes at a path as they are, neither checked nor converted. It
// serves to bend a message on purpose: with a wrong character set, a stray
// delimiter, even other delimiters. Only a result that can no longer be read as
// one message is refused.
func (m *Message) SetBytes(p Path, raw []byte) error {
	s, _, err := m.place(p)
	if err != nil {
		return err
	}
	return m.replace(s, raw)
}

// change puts the bytes that value makes at a path.
func (m *Message) change(p Path, value func(level) ([]byte, *Error)) error {
	s, at, err := m.place(p)
	if err != nil {
		return err
	}
	if p.name == msh && (p.field == 0 || p.field <= 2) {
		return fail(KindDelimiters, s.start, sayProtected).at(p.Location())
	}
	raw, err := value(at)
	if err != nil {
		err.Location = p.Location()
		return err
	}
	if len(raw) == 0 && len(s.pad) > 0 {
		return nil // emptying what is not there
	}
	before := len(m.t.segs)
	changed, err := m.t.splice(s, raw)
	switch {
	case err != nil:
		return err
	case len(changed.segs) != before:
		return fail(KindBadValue, s.start, sayRestructured).at(p.Location())
	}
	m.t = changed
	return nil
}

// splice says which bytes of a message to replace, and what has to stand
// before the new ones.
type splice struct {
	start, end int
	pad        []byte
}

// place finds the place of a path, which need not exist yet.
func (m *Message) place(p Path) (splice, level, *Error) {
	t := m.t
	none := splice{}
	switch {
	case p.name == 0:
		return none, 0, fail(KindBadPath, -1, sayEmptyPath)
	case p.Several():
		return none, 0, fail(KindBadPath, -1, saySeveralPlaces, p).at(p.Location())
	}
	i := t.find(p.name, p.occurrence)
	if i < 0 {
		l := Location{Segment: p.SegmentName(), Occurrence: int(p.occurrence)}
		return none, 0, fail(KindNoSegment, len(t.data), sayNoSegmentToSet, l).at(p.Location())
	}
	if p.field == 0 {
		return splice{start: int(t.segs[i].start), end: int(t.segs[i].end)}, levelSegment, nil
	}
	start, end, ok := t.field(i, int(p.field))
	s := splice{start: int(start), end: int(end)}
	if !ok {
		s.pad = bytes.Repeat([]byte{t.delims.Field}, int(p.field)-t.numFields(i))
	}
	if p.filter.value != "" {
		r, ok := p.filter.first(t.fieldValue(i, int(p.field)))
		if !ok {
			return none, 0, fail(KindNoRepetition, int(start), sayNoRepetition, p).at(p.Location())
		}
		s = splice{start: int(r.start), end: int(r.end)}
		p.repetition = 0
	}
	at, err := t.narrow(&s, p)
	return s, at, err
}

// narrow goes from a field, or the repetition a condition chose, down to the
// part that the path names.
func (t *text) narrow(s *splice, p Path) (level, *Error) {
	deepest := levelField
	if p.filter.value != "" {
		deepest = levelRepetition
	}
	if p.repetition == 0 && p.component > 0 && p.filter.value == "" {
		p.repetition = 1
	}
	for _, step := range []struct {
		to level
		n  uint32
	}{{levelRepetition, p.repetition}, {levelComponent, p.component}, {levelSubcomponent, p.subcomponent}} {
		if step.n == 0 {
			continue
		}
		delim := t.delims.at(step.to)
		start, end, missing := nth(t.data[s.start:s.end], delim, int(step.n))
		if missing > 0 && delim == 0 {
			return 0, fail(KindDelimiters, s.start, sayNoDelimiter, t.delims.EncodingCharacters()).at(p.Location())
		}
		s.pad = append(s.pad, bytes.Repeat([]byte{delim}, missing)...)
		s.start, s.end = s.start+start, s.start+end
		deepest = step.to
	}
	return deepest, nil
}

// encode turns ER7 text in the delimiters from into bytes of the message.
func (t *text) encode(er7 string, from Delimiters) ([]byte, *Error) {
	s, ok := translate(er7, from, t.delims)
	if !ok {
		return nil, fail(KindDelimiters, -1, sayNoDelimiter, t.delims.EncodingCharacters())
	}
	if isASCII(s) {
		return []byte(s), nil
	}
	c, err := t.charset()
	if err != nil {
		return nil, err
	}
	b, err := c.appendText(make([]byte, 0, len(s)), s)
	if err != nil {
		err.Offset = -1 // an offset in the value, not in the message
	}
	return b, err
}

// checkER7 checks that a value stays inside a place of a level.
func checkER7(er7 string, at level) *Error {
	d := StandardDelimiters()
	if at == levelSegment && (len(er7) < 3 || !isName(er7[:3]) || len(er7) > 3 && er7[3] != d.Field) {
		return fail(KindBadValue, -1, saySegmentName, quote(er7))
	}
	for i := 0; i < len(er7); i++ {
		c := er7[i]
		if c < ' ' {
			return fail(KindBadValue, -1, sayControlInside, quote(er7[i:i+1]))
		}
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			continue // most are, and no delimiter is
		}
		for l := levelField; l <= at; l++ {
			if c == d.at(l) {
				return fail(KindBadValue, -1, sayDelimiterInside, quote(er7[i:i+1]))
			}
		}
	}
	return nil
}

// splice returns the text with some of its bytes replaced, indexed anew.
func (t *text) splice(s splice, raw []byte) (*text, *Error) {
	data := make([]byte, 0, len(t.data)-(s.end-s.start)+len(s.pad)+len(raw))
	data = append(data, t.data[:s.start]...)
	data = append(data, s.pad...)
	data = append(data, raw...)
	data = append(data, t.data[s.end:]...)
	at, d, err := findMSH(data)
	if err != nil {
		return nil, err
	}
	changed := new(text)
	return changed, changed.index(data, at, d)
}

func (m *Message) replace(s splice, raw []byte) error {
	changed, err := m.t.splice(s, raw)
	if err != nil {
		return err
	}
	m.t = changed
	return nil
}
