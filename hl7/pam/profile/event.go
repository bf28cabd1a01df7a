package profile

import (
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// An Event is what a profile says about a trigger event and its message.
type Event struct {
	Trigger   string   // MSH-9.2: "A01"; "ACK" for the acknowledgement
	Type      string   // MSH-9.1: "ADT" or "ACK"
	Structure string   // MSH-9.3: "ADT_A01"
	Name      pam.Text // "Admission hospitalisé"

	// Grammar is that of the message of this event, which may be narrower than
	// the structure of HL7 of the same name: A13 has no ZFV.
	Grammar *schema.Structure

	// Transaction is "ITI-30", "ITI-31", or "" where IHE has no part in it.
	Transaction string
	// Kind is what the event does: "insert", "cancel" or "update" a movement,
	// change an "identity", move an "account", follow the patient's place
	// without a movement ("tracking"); "" where nobody says.
	Kind string
	// Actions are what ZBE-4 may be; none where there is no ZBE.
	Actions []string
	// Cancels are the events that this one takes back.
	Cancels []string
	// Classes are the letters that PV1-2 may be when the event inserts a
	// movement, TolerateClasses those that no source places and that are
	// accepted. Both are "" where any will do.
	Classes, TolerateClasses string

	// ZBE says whether the event foresees a ZBE.
	ZBE bool
	// Z are the other French segments that the event foresees, in their order.
	Z []string
	// StrictOrder says that the order of the French segments is printed for
	// this event (A05, PAM.fr 5.2), rather than deduced: see OrderOnly.
	StrictOrder bool
	// PV2Unsupported says that the tables of IHE print PV2 as not supported
	// although its own text uses it: the grammar has it, a strict reader would
	// not.
	PV2Unsupported bool

	Source string // the paragraph of the grammar
}

// Foresees says whether a French segment, ZBE included, has a place in the
// message.
func (e *Event) Foresees(segment string) bool {
	if segment == "ZBE" {
		return e.ZBE
	}
	for _, z := range e.Z {
		if z == segment {
			return true
		}
	}
	return false
}

// OrderOnly says of a finding about the structure that nothing is wrong but
// the order of the French segments among each other: the segment stands in the
// block of Z segments right after PV1 or PV2, where it belongs, only before one
// that is printed before it. Where StrictOrder is false that is no fault of
// structure. A French segment anywhere else is.
func (e *Event) OrderOnly(m *hl7.Message, f *schema.Finding) bool {
	if f.Kind != schema.SegmentMisplaced || f.Segment < 0 || f.Segment >= m.NumSegments() || !isZ(m, f.Segment) {
		return false
	}
	first, behind := f.Segment, f.Segment+1
	for first > 0 && isZ(m, first-1) {
		first--
	}
	for behind < m.NumSegments() && isZ(m, behind) {
		behind++
	}
	if first == 0 {
		return false
	}
	before := m.Segment(first - 1).Name()
	visit := before == "PV1" || before == "PV2"
	return visit && (behind == m.NumSegments() || m.Segment(behind).Name() != "PV2")
}

func isZ(m *hl7.Message, i int) bool { return strings.HasPrefix(m.Segment(i).Name(), "Z") }
