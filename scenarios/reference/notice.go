package reference

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
)

// maxText bounds every text that is kept, in bytes. Identifiers are never cut:
// those that are longer are refused.
const maxText = 250

// A notice is what one message says, read from its segments: all that the
// record needs to know, and nothing of HL7's notation.
type notice struct {
	trigger  string
	subjects []subject // one per PID; never empty once the message passed the checks
	visit    Identifier
	prior    change // PV1-6

	admittedAt, dischargedAt change

	move   *movement // what the message says of a movement, with or without ZBE
	action string    // ZBE-4
}

// A subject is a PID segment and the MRG that follows it.
type subject struct {
	ids     []Identifier
	account Identifier
	traits  traits

	merged        []Identifier
	mergedAccount Identifier
}

// readNotice reads a message. Times without a zone are taken to be in zone.
func readNotice(m *hl7.Message, trigger string, zone *time.Location) *notice {
	n := &notice{trigger: trigger, move: &movement{trigger: trigger}}
	for seg := range m.Segments() {
		switch seg.Name() {
		case "EVN":
			n.readEVN(seg, zone)
		case "PID":
			n.subjects = append(n.subjects, readPID(seg))
		case "MRG":
			if len(n.subjects) > 0 {
				s := &n.subjects[len(n.subjects)-1]
				s.merged = readIdentifiers(seg.Field(1))
				s.mergedAccount = readIdentifier(seg.Field(3))
			}
		case "PV1":
			n.readPV1(seg)
		case "ZBE":
			n.readZBE(seg, zone)
		}
	}
	return n
}

func (n *notice) readEVN(seg hl7.Segment, zone *time.Location) {
	occurred := text(seg.Field(6))
	if occurred == "" {
		occurred = text(seg.Field(2))
	}
	n.started(occurred, zone)
}

func (n *notice) started(when string, zone *time.Location) {
	n.move.start = when
	if t, err := hl7.ParseTime(when, zone); err == nil {
		n.move.at = t.Time
	}
}

func readPID(seg hl7.Segment) subject {
	s := subject{ids: readIdentifiers(seg.Field(3)), account: readIdentifier(seg.Field(18))}
	s.traits = traits{birthDate: read(seg.Field(7)), sex: read(seg.Field(8)), deceased: read(seg.Field(30))}
	for name := range seg.Field(5).Repetitions() {
		switch kind := text(name.Component(7)); {
		case kind == "D":
			s.traits.usualFamily = read(name.Component(1).Subcomponent(1))
		case kind == "L" || !s.traits.family.said:
			s.traits.family = read(name.Component(1).Subcomponent(1))
			s.traits.given = read(name.Component(2))
		}
	}
	for status := range seg.Field(32).Repetitions() {
		if v := text(status); v != "" {
			s.traits.reliability = append(s.traits.reliability, v)
		}
	}
	if len(s.traits.reliability) > maxIdentifiers {
		s.traits.reliability = s.traits.reliability[:maxIdentifiers]
	}
	return s
}

func (n *notice) readPV1(seg hl7.Segment) {
	n.visit = readIdentifier(seg.Field(19))
	n.prior = read(seg.Field(6))
	n.admittedAt, n.dischargedAt = read(seg.Field(44)), read(seg.Field(45))
	n.move.class = read(seg.Field(2))
	n.move.location = read(seg.Field(3))
	n.move.doctor = read(seg.Field(7))
	n.move.temporary = read(seg.Field(11))
	n.move.pending = read(seg.Field(42))
}

func (n *notice) readZBE(seg hl7.Segment, zone *time.Location) {
	for ei := range seg.Field(1).Repetitions() {
		id := whole(ei.Component(1))
		if id == "" || len(n.move.keys) == maxIdentifiers {
			continue
		}
		domain := whole(ei.Component(3))
		if domain == "" {
			domain = whole(ei.Component(2))
		}
		n.move.keys = append(n.move.keys, domain+"\x00"+id)
		n.move.id = cmp.Or(n.move.id, id)
	}
	if when := text(seg.Field(2)); when != "" {
		n.started(when, zone)
	}
	n.action = text(seg.Field(4))
	n.move.historic = text(seg.Field(5)) == "Y"
}

// readIdentifiers reads the repetitions of a CX field that say something.
func readIdentifiers(v hl7.Value) []Identifier {
	var ids []Identifier
	for r := range v.Repetitions() {
		if id := readIdentifier(r); !id.IsZero() {
			ids = append(ids, id)
		}
	}
	return ids
}

// readIdentifier reads a CX. One without a value names nothing; the value `""`
// is kept, it deletes.
func readIdentifier(v hl7.Value) Identifier {
	v = v.Repetition(1)
	value := v.Component(1)
	switch value.State() {
	case hl7.Absent:
		return Identifier{}
	case hl7.Null:
		return Identifier{Value: `""`, Authority: authority(v), Type: whole(v.Component(5))}
	}
	return Identifier{Value: whole(value), Authority: authority(v), Type: whole(v.Component(5))}
}

// authority returns what CX-4 says, by its universal id when it has one: the
// local name in front of it is often left out, or spelled otherwise.
func authority(cx hl7.Value) string {
	hd := cx.Component(4)
	if oid := whole(hd.Subcomponent(2)); oid != "" {
		return oid
	}
	return whole(hd.Subcomponent(1))
}

// read returns what a field says about the stored value.
func read(v hl7.Value) change {
	switch v.State() {
	case hl7.Null:
		return change{said: true}
	case hl7.Present:
		return change{said: true, value: text(v)}
	}
	return change{}
}

// text returns the decoded text of a value, cut to what is kept; "" for absent
// and for `""`.
func text(v hl7.Value) string {
	s := whole(v)
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.Clone(s[:cut]) // the rest must not be kept alive
}

func whole(v hl7.Value) string {
	if v.State() != hl7.Present {
		return ""
	}
	return v.String()
}
