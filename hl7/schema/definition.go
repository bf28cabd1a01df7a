package schema

import "slices"

// Unbounded is the Max of what may repeat without end.
const Unbounded = -1

// A SegmentDef defines a segment: its fields, field n at Fields[n-1].
// Definitions are shared and must not be modified. A [Draft] makes others.
type SegmentDef struct {
	Name        string // three letters or digits
	Description string
	Fields      []FieldDef

	lastRequired int // the number of the last required field: what is empty behind it is no finding
}

// settle computes what the checks want to know at once.
func (s *SegmentDef) settle() {
	s.lastRequired = 0
	for i := range s.Fields {
		if s.Fields[i].Usage == Required {
			s.lastRequired = i + 1
		}
	}
}

// Field returns the definition of field n, from 1, or nil.
func (s *SegmentDef) Field(n int) *FieldDef {
	if n < 1 || n > len(s.Fields) {
		return nil
	}
	return &s.Fields[n-1]
}

// A FieldDef defines a field of a segment.
type FieldDef struct {
	Number int // from 1
	Name   string
	Type   *TypeDef
	Length int // the most characters of a repetition; 0 when none is stated
	Usage  Usage
	Min    int // how many repetitions there must be
	Max    int // how many there may be; Unbounded, or 0 for a field that is reserved
	Table  *Table
	Item   int // HL7's number of the data element, 0 when there is none
}

// A TypeDef defines a data type. A type without components is primitive and
// has a format.
type TypeDef struct {
	Name        string // as in the standard: ST, CX, VARIES
	Description string
	Components  []ComponentDef // component n at Components[n-1]
	Format      Format         // of a primitive type; FormatNone for a composite

	required uint64 // bit n-1 is set where component n is required
	coded    bool   // CE, CWE, CNE: component 3 says whose codes those of component 1 are
}

// Primitive says whether values of the type are not divided into components.
func (t *TypeDef) Primitive() bool { return len(t.Components) == 0 }

// Component returns the definition of component n, from 1, or nil.
func (t *TypeDef) Component(n int) *ComponentDef {
	if n < 1 || n > len(t.Components) {
		return nil
	}
	return &t.Components[n-1]
}

// settle computes what the checks want to know at once.
func (t *TypeDef) settle() {
	t.required = 0
	for i := range t.Components {
		if t.Components[i].Usage == Required && i < 64 {
			t.required |= 1 << i
		}
	}
}

// A ComponentDef defines a component of a type. When its own type has
// components, those are the sub-components of the field.
type ComponentDef struct {
	Number int // from 1
	Name   string
	Type   *TypeDef
	Length int // the most characters; 0 when none is stated
	Usage  Usage
	Table  *Table

	// Format is how a value is written. It is that of the type, except where
	// the standard calls a component a string and then says what is in it:
	// TS.1 of v2.3.1 is an ST that holds a date and time.
	Format Format
}

// Format is how the value of a primitive type is written.
type Format uint8

// The formats. Types that are written alike share one.
const (
	FormatNone       Format = iota // a composite: its components have formats
	FormatText                     // FT, TX: anything
	FormatString                   // ST, TN: text without a leading blank
	FormatCode                     // ID, IS: a code of a table
	FormatSequence                 // SI: one to four digits
	FormatNumber                   // NM: sign, digits, point, digits
	FormatDate                     // DT: YYYY[MM[DD]]
	FormatTime                     // TM: HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]
	FormatDateTime                 // DTM: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]
	FormatPairedTime               // TS.1 in v2.3.1: as DTM, but hours only together with minutes
	FormatVaries                   // VARIES: the type that OBX-2 names
)

var formatNames = [...]string{"none", "text", "string", "code", "sequence", "number", "date", "time", "date-time", "paired-time", "varies"}

// String returns a name for people who debug.
func (f Format) String() string {
	if int(f) >= len(formatNames) {
		return "?"
	}
	return formatNames[f]
}

// formatOf is the format of a primitive type by its name. It holds for all
// versions, and for the types that only OBX-2 can name.
func formatOf(typeName string) Format {
	switch typeName {
	case "ST", "TN":
		return FormatString
	case "ID", "IS":
		return FormatCode
	case "SI":
		return FormatSequence
	case "NM":
		return FormatNumber
	case "DT":
		return FormatDate
	case "TM":
		return FormatTime
	case "DTM":
		return FormatDateTime
	case "VARIES":
		return FormatVaries
	}
	return FormatText
}

// Primitive types that OBX-2 may name although no field of ADT has them.
var (
	primitiveTM = TypeDef{Name: "TM", Description: "Time", Format: FormatTime}
	primitiveTX = TypeDef{Name: "TX", Description: "Text Data", Format: FormatText}
	primitiveTN = TypeDef{Name: "TN", Description: "Telephone Number", Format: FormatString}
)

// primitiveType returns a type that a version has no definition of, or nil.
func primitiveType(name string) *TypeDef {
	all := [...]*TypeDef{&primitiveTM, &primitiveTX, &primitiveTN}
	if i := slices.IndexFunc(all[:], func(t *TypeDef) bool { return t.Name == name }); i >= 0 {
		return all[i]
	}
	return nil
}
