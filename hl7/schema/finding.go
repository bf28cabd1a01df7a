package schema

import "github.com/pamlab/pamlab/hl7"

// Kind says what a [Finding] is about.
type Kind uint8

// The kinds of findings on the structure of a message.
const (
	SegmentMissing   Kind = iota // Slot is required and empty; Location and Segment say where it would be
	SegmentRepeated              // more segments than Slot has room for
	SegmentMisplaced             // a segment of the structure in a place where it has no slot; Slot is one it has
	SegmentUnknown               // the structure has no such segment; Expected is the slot it stands in place of, if one is empty
	SegmentLocal                 // a Z segment that the structure does not have
	SegmentForbidden             // a segment that Slot says must not be there

	// The kinds of findings on fields.
	FieldMissing     // required and empty
	FieldNull        // required and the HL7 null ""
	FieldUnknown     // the definition of the segment has no such field
	FieldNotUsed     // there although its usage is NotUsed
	FieldWithdrawn   // there although it was withdrawn
	FieldDeprecated  // there although kept for older versions only
	FieldRepeated    // Count repetitions where there may be Max
	FieldTooFew      // Count repetitions where there must be Max
	ComponentMissing // required and empty, in a repetition or component that is not empty
	ComponentUnknown // the type has no such component or sub-component
	ComponentNotUsed // there although its usage is NotUsed
	BadFormat        // not written as its type wants
	NoSuchTime       // written well, but no calendar or clock has it
	HourAlone        // v2.3.1: an hour without minutes
	LeadingBlank     // a string that begins with a blank
	TooLong          // Count characters where there may be Max
	NotInTable       // no code of Table, an HL7 table
	NotSuggested     // no code of Table, a user table

	numKinds
)

var kindNames = [numKinds]string{
	"segment-missing", "segment-repeated", "segment-misplaced", "segment-unknown", "segment-local", "segment-forbidden",
	"field-missing", "field-null", "field-unknown", "field-not-used", "field-withdrawn", "field-deprecated", "field-repeated", "field-too-few",
	"component-missing", "component-unknown", "component-not-used",
	"bad-format", "no-such-time", "hour-alone", "leading-blank", "too-long", "not-in-table", "not-suggested",
}

// String returns the name of the kind in lower case with hyphens.
func (k Kind) String() string {
	if k >= numKinds {
		return "?"
	}
	return kindNames[k]
}

// Kinds is a set of kinds.
type Kinds uint64

// KindsOf returns the set of the kinds given.
func KindsOf(kinds ...Kind) Kinds {
	var s Kinds
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has says whether k is in the set.
func (s Kinds) Has(k Kind) bool { return s>>k&1 != 0 }

// A Finding is one deviation from the definitions: a fact, without judgement
// and without words. Fields that do not apply to its kind are zero.
type Finding struct {
	Kind     Kind
	Location hl7.Location
	Offset   int // of the first byte concerned, in the message
	Size     int // how many bytes are concerned; 0 for what is missing
	Segment  int // the index of the segment in the message; of a missing one, where it would be

	Slot     *Slot // structure: the slot concerned
	Expected *Slot // structure: the required slot in whose place the segment stands

	Field     *FieldDef     // the field, where it has a definition
	Component *ComponentDef // the component or sub-component, where it has a definition
	Type      *TypeDef      // the type whose rule is broken
	Table     *Table        // the table that lacks the code
	Max       int           // the bound that is not respected
	Count     int           // what is there instead; of structure findings, how many segments in a row
}

// limit is how many findings one call adds. A message with more is broken in
// a way that a longer list would not explain, and memory has to be bounded.
const limit = 1000
