package schema

// Usage says whether a field, a component or a segment has to be there. The
// letters are those of HL7 v2.5 §2.5.3.3 and of IHE ITI TF-2 Appendix C.
type Usage uint8

// The usages. Optional is the zero value.
const (
	Optional           Usage = iota // O: may be there
	Required                        // R: must be there, with a value
	RequiredOrEmpty                 // RE: must be there when the sender knows it
	Conditional                     // C: depends on other data
	ConditionalOrEmpty              // CE: as C, but may be empty
	Backward                        // B: kept for older versions only
	Withdrawn                       // W: taken out of the standard
	NotUsed                         // X: must not be there
)

var usageLetters = [...]string{"O", "R", "RE", "C", "CE", "B", "W", "X"}

// String returns the letters of the standard.
func (u Usage) String() string {
	if int(u) >= len(usageLetters) {
		return "?"
	}
	return usageLetters[u]
}

// ParseUsage reads the letters of a usage; ok is false for anything else.
func ParseUsage(letters string) (u Usage, ok bool) {
	for i, s := range usageLetters {
		if s == letters {
			return Usage(i), true
		}
	}
	return Optional, false
}
