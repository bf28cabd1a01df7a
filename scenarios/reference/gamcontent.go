package reference

import (
	"maps"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// spoilers change what a message says: one for each bug of its content, in the
// order of gamContentBugs.
var spoilers = map[string]func(*Spoiler, *hl7.Message){
	gamNoZBE:            func(_ *Spoiler, m *hl7.Message) { remove(m, "ZBE") },
	gamReusesZBE1:       (*Spoiler).reuse,
	gamA08ForZ99:        a08,
	gamWrongClass:       wrongClass,
	gamCancelsUnknown:   cancelUnknown,
	gamNeverHistoric:    func(_ *Spoiler, m *hl7.Message) { replace(m, "ZBE-5", "Y", "N") },
	gamINSWithoutVALI:   insWithoutVALI,
	gamMergesBackwards:  mergeBackwards,
	gamConstantID:       func(_ *Spoiler, m *hl7.Message) { put(m, "MSH-10", "1") },
	gamForgetsCharset:   func(_ *Spoiler, m *hl7.Message) { put(m, "MSH-18", "") },
	gamLatin1AsUTF8:     nil, // of the bytes
	gamForgetsPlaceLeft: func(_ *Spoiler, m *hl7.Message) { put(m, "PV1-6", "") },
}

// A Spoiler puts bugs of the layer message into the messages of a GAM: those of a
// [Desk], or of somebody who makes and sends messages in another way. It belongs to
// one goroutine, and wants the messages of a visit in their order.
type Spoiler struct {
	faults faults
	first  map[string]string // by PV1-19, the movement that gam-reuses-zbe-1 repeats
}

func newSpoiler(f faults) *Spoiler { return &Spoiler{faults: f, first: map[string]string{}} }

// NewSpoiler returns the Spoiler of bugs from GAMBugs; those of other layers change
// nothing. The error is an *UnknownNameError.
func NewSpoiler(bugs []string) (*Spoiler, error) {
	f, err := newFaults(bugs, GAMBugs())
	if err != nil {
		return nil, err
	}
	return newSpoiler(f), nil
}

// Spoil returns a message as the bugs have it, and what is no message as it is.
func (s *Spoiler) Spoil(message []byte) []byte {
	m, err := hl7.Parse(message)
	if err != nil {
		return message
	}
	return s.spoil(m)
}

// spoil returns the bytes of a message as the bugs have them.
func (s *Spoiler) spoil(m *hl7.Message) []byte {
	for _, name := range slices.Sorted(maps.Keys(spoilers)) {
		if spoil := spoilers[name]; spoil != nil && s.faults.on(name) {
			spoil(s, m)
		}
	}
	body := slices.Clone(m.Bytes())
	if s.faults.on(gamLatin1AsUTF8) {
		body = latinAsUTF8(m, body)
	}
	return body
}

// put writes a field of a segment that is there.
func put(m *hl7.Message, path, er7 string) {
	p := hl7.MustPath(path)
	for s := range m.Segments() {
		if s.Name() == p.SegmentName() {
			_ = m.Set(p, er7) // a path that can be set, and text without delimiters
			return
		}
	}
}

func replace(m *hl7.Message, path, old, by string) {
	if m.Get(path) == old {
		put(m, path, by)
	}
}

func remove(m *hl7.Message, segment string) {
	for i := m.NumSegments() - 1; i > 0; i-- {
		if m.Segment(i).Name() == segment {
			_ = m.RemoveSegment(i)
		}
	}
}

// reuse gives all movements of a visit the identifier of the first one.
func (s *Spoiler) reuse(m *hl7.Message) {
	visit, movement := m.Get("PV1-19.1"), m.Get("ZBE-1.1")
	if visit == "" || movement == "" {
		return
	}
	if s.first[visit] == "" {
		if len(s.first) >= mostPatients {
			clear(s.first)
		}
		s.first[visit] = movement
	}
	put(m, "ZBE-1.1", s.first[visit])
}

// a08 corrects a movement as other countries do.
func a08(_ *Spoiler, m *hl7.Message) {
	if m.Get("MSH-9.2") != "Z99" {
		return
	}
	put(m, "MSH-9.2", "A08")
	remove(m, "ZBE")
}

func wrongClass(_ *Spoiler, m *hl7.Message) {
	switch m.Get("PV1-2") {
	case "", "N": // of ITI-30
	case "I":
		put(m, "PV1-2", "O")
	default:
		put(m, "PV1-2", "I")
	}
}

// cancelUnknown names a movement that nobody was told about.
func cancelUnknown(_ *Spoiler, m *hl7.Message) {
	if m.Get("ZBE-4") == "CANCEL" {
		put(m, "ZBE-1.1", "0"+m.Get("ZBE-1.1"))
	}
}

func insWithoutVALI(_ *Spoiler, m *hl7.Message) {
	if m.Get("PID-3[.5=INS].1") != "" {
		put(m, "PID-32", strings.ReplaceAll(m.Get("PID-32"), "VALI", "PROV"))
	}
}

// mergeBackwards has the wrong record survive.
func mergeBackwards(_ *Spoiler, m *hl7.Message) {
	if m.Get("MSH-9.2") != "A40" {
		return
	}
	stays, goes := m.Get("PID-3[.5=PI].1"), m.Get("MRG-1.1")
	put(m, "PID-3[.5=PI].1", goes)
	put(m, "MRG-1.1", stays)
}

// latinAsUTF8 writes Latin-1 and announces UTF-8. It shows when a text has an
// accent.
func latinAsUTF8(m *hl7.Message, body []byte) []byte {
	cs, err := m.Charset()
	if err != nil {
		return body
	}
	return overwrite(latin(cs, body), "MSH-18", []byte(hl7.UTF8))
}
