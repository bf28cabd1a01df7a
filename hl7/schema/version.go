package schema

import (
	"sort"
	"strings"
	"sync"
)

// A Version is one set of definitions: those of a version of the standard, or
// what a profile made of them ([Version.Draft]). It is immutable; any number of
// goroutines may use it.
type Version struct {
	Name string // "2.5"; a profile has a name of its own
	Base string // the version of the standard that it is, or is built on

	events     []Event // sorted by trigger
	structures []*Structure
	segments   []*SegmentDef
	types      []*TypeDef
	tables     []*Table // each sorted by name

	once  sync.Once
	index Table // the names of the segments, made for the first message
}

// An Event is a trigger event and the structure of the message that tells it.
type Event struct{ Trigger, Structure, Name string }

// V231, V25 and V251 return HL7's own definitions.
func V231() *Version { return &version231 }

// V25 returns the definitions of HL7 v2.5, the version that IHE PAM is built on.
func V25() *Version { return &version25 }

// V251 returns the definitions of HL7 v2.5.1.
func V251() *Version { return &version251 }

// Versions returns HL7's own definitions, oldest first.
func Versions() []*Version { return []*Version{&version231, &version25, &version251} }

// Fit says how well definitions suit the version that a message announces.
type Fit uint8

const (
	Exact   Fit = iota // they are of that very version
	Nearest            // that version exists but has no definitions here: a neighbour's are used
	Unknown            // no version of HL7 v2, or none at all: those of v2.5 are used
)

// String returns "exact", "nearest" or "unknown".
func (f Fit) String() string { return [...]string{"exact", "nearest", "unknown"}[min(f, Unknown)] }

// ForVersion returns the definitions to judge a message by, given its MSH-12.1.
// There always are some; fit says whether they are those of that version.
//
// Versions before 2.3.1 are judged by 2.3.1. 2.4 is judged by 2.5: it is 2.4
// that brought the structures of their own for A05, A15 and A21, the segment
// ROL beside the patient and the long PID. Later versions are judged by 2.5.1.
func ForVersion(msh12 string) (v *Version, fit Fit) {
	switch msh12 {
	case "2.3.1":
		return &version231, Exact
	case "2.5":
		return &version25, Exact
	case "2.5.1":
		return &version251, Exact
	case "2.0", "2.0D", "2.1", "2.2", "2.3":
		return &version231, Nearest
	case "2.4":
		return &version25, Nearest
	case "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9", "2.9.1":
		return &version251, Nearest
	}
	return &version25, Unknown
}

// Event returns the event of a trigger such as "A01".
func (v *Version) Event(trigger string) (Event, bool) {
	i := sort.Search(len(v.events), func(i int) bool { return v.events[i].Trigger >= trigger })
	if i == len(v.events) || v.events[i].Trigger != trigger {
		return Event{}, false
	}
	return v.events[i], true
}

// Events returns all events, sorted by trigger. The slice must not be modified.
func (v *Version) Events() []Event { return v.events }

// StructureOf returns the structure of the message of a type (MSH-9.1) and
// trigger event (MSH-9.2), or nil. An acknowledgement has one structure
// whatever it acknowledges.
func (v *Version) StructureOf(messageType, trigger string) *Structure {
	switch messageType {
	case "ACK":
		return v.Structure("ACK")
	case "ADT":
		if e, ok := v.Event(trigger); ok {
			return v.Structure(e.Structure)
		}
	}
	return nil
}

// Structure returns the structure of a name such as "ADT_A01", or nil.
func (v *Version) Structure(name string) *Structure {
	return named(v.structures, name, func(s *Structure) string { return s.Name })
}

// Structures returns all structures, sorted by name. The slice must not be
// modified, nor those of the following methods.
func (v *Version) Structures() []*Structure { return v.structures }

// Segment returns the definition of a segment, or nil.
func (v *Version) Segment(name string) *SegmentDef {
	return named(v.segments, name, func(s *SegmentDef) string { return s.Name })
}

// Segments returns the definitions of all segments, sorted by name.
func (v *Version) Segments() []*SegmentDef { return v.segments }

// Type returns the definition of a data type, or nil.
func (v *Version) Type(name string) *TypeDef {
	return named(v.types, name, func(t *TypeDef) string { return t.Name })
}

// Types returns the definitions of all data types, sorted by name.
func (v *Version) Types() []*TypeDef { return v.types }

// Table returns a table by its number, four digits such as "0001", or nil.
func (v *Version) Table(number string) *Table {
	return named(v.tables, number, func(t *Table) string { return t.Number })
}

// Tables returns all tables, sorted by number.
func (v *Version) Tables() []*Table { return v.tables }

// named searches a list that is sorted by name.
func named[T any](list []*T, name string, nameOf func(*T) string) *T {
	low, high := 0, len(list)
	for low < high {
		mid := int(uint(low+high) >> 1)
		switch c := strings.Compare(nameOf(list[mid]), name); {
		case c == 0:
			return list[mid]
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return nil
}
