package scenarios

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
)

// RefKind says what a reference is about.
type RefKind string

// The kinds of references.
const (
	RefNow       RefKind = "now"        // the clock
	RefStart     RefKind = "start"      // the instant of the run
	RefPatient   RefKind = "patient"    // Name is one of PatientNames
	RefStay      RefKind = "stay"       // Name is one of StayNames
	RefCandidate RefKind = "candidate"  // Name is one of CandidateNames
	RefHarness   RefKind = "harness"    // Name is one of HarnessNames
	RefName      RefKind = "name"       // Name is that of a variable or a capture
	RefMessage   RefKind = "message"    // Path in the message that Side says, of Step
	RefSeed      RefKind = "seed"       // the number that --seed takes
	RefControlID RefKind = "control_id" // a message identifier that was not used before
)

// The names that {{patient.…}}, {{stay.…}}, {{candidate.…}} and {{harness.…}} know.
const (
	PatientNames   = "ipp ins family given sex birth"
	StayNames      = "account visit class unit"
	CandidateNames = "name release address dialect charset application facility"
	HarnessNames   = "application facility"
)

// Ref is one reference of a template: what stands between {{ and }}.
type Ref struct {
	Pos    Source
	Text   string // as written, without blanks around it
	Kind   RefKind
	Name   string
	Step   string // id of the step of a RefMessage; "" is the step that asks
	Side   Side
	Path   hl7.Path
	Offset time.Duration // added to an instant
}

// reservedNames cannot be those of a step, a variable or a capture.
const reservedNames = "case patient stay candidate harness now start seed control_id sent ack received"

var (
	stepName     = expression(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	variableName = expression(`^[a-z][a-z0-9_]*$`)
	offsetSuffix = expression(`^(\S.*?)\s+([+-])\s*(.*)$`)
)

// parseRef reads an expression: a name, or an instant and a duration.
func parseRef(expr string) (Ref, *textFault) {
	text := strings.TrimSpace(expr)
	ref := Ref{Text: text}
	lead := utf8.RuneCountInString(expr[:strings.Index(expr, text)])
	fault := func(offset int, word string, message Text) *textFault {
		return faultAt(lead+offset, word, message)
	}
	if m := offsetSuffix().FindStringSubmatch(text); m != nil {
		d, err := parseDuration(m[2] + m[3])
		if err != nil {
			f := fault(utf8.RuneCountInString(text)-utf8.RuneCountInString(m[3]), m[3], durationText(m[3]))
			f.expected = durationExample()
			return ref, f
		}
		ref.Offset, text = d, m[1]
	}
	root, rest, dotted := strings.Cut(text, ".")
	if text == "" || dotted && rest == "" {
		return ref, fault(0, text, Text{FR: "un nom manque entre « {{ » et « }} »", EN: `a name is missing between "{{" and "}}"`})
	}
	if dotted {
		bad := parseDotted(&ref, root, rest, lead)
		if bad == nil && ref.Offset != 0 && !ref.datable() {
			bad = fault(0, text, Textf("« %s » n'est pas un instant", "%q is no instant", text))
		}
		return ref, bad
	}
	switch root {
	case "seed", "control_id":
		if ref.Kind = RefKind(root); ref.Offset != 0 {
			return ref, fault(0, text, Textf("« %s » n'est pas un instant", "%q is no instant", text))
		}
	case "now", "start":
		ref.Kind = RefKind(root)
	case "case", "patient", "stay", "candidate", "harness", "sent", "ack", "received":
		return ref, fault(0, text, Textf("« %s » veut un point et un nom", "%q wants a dot and a name", root))
	default:
		if !variableName().MatchString(root) {
			return ref, fault(0, text, Textf("« %s » n'est pas un nom", "%q is not a name", root))
		}
		ref.Kind, ref.Name = RefName, root
	}
	return ref, nil
}

// datable reports whether the reference may stand for an instant, to which a
// duration can be added.
func (r *Ref) datable() bool {
	return r.Kind == RefMessage || r.Kind == RefPatient && r.Name == "birth"
}

func faultAt(offset int, word string, message Text) *textFault {
	return &textFault{offset: offset, width: utf8.RuneCountInString(word), message: message}
}

// parseDotted reads an expression around its first dot. It starts lead runes
// into the text between the braces.
func parseDotted(ref *Ref, root, rest string, lead int) *textFault {
	fault := func(offset int, word string, message Text) *textFault {
		return faultAt(lead+offset, word, message)
	}
	offset := utf8.RuneCountInString(root) + 1
	switch root {
	case "patient", "stay", "candidate", "harness":
		ref.Kind, ref.Name = RefKind(root), rest
		known := namesOf(root)
		for _, k := range known {
			if k == rest {
				return nil
			}
		}
		f := fault(offset, rest, Textf("« %s » n'existe pas", "there is no %q", root+"."+rest))
		f.word, f.known = rest, known
		return f
	case "case":
		return fault(0, root+"."+rest, Text{
			FR: "ce scénario n'a pas de table « cases »", EN: `this scenario has no table of "cases"`,
		})
	case "sent", "ack", "received":
		ref.Side = Side(root)
	default:
		side, path, found := strings.Cut(rest, ".")
		if !found || side != "sent" && side != "ack" && side != "received" {
			f := fault(0, root+"."+rest, Textf("« %s » n'est pas une référence", "%q is not a reference", root+"."+rest))
			f.expected = Text{FR: "attendu : étape.sent.CHEMIN ou étape.ack.CHEMIN", EN: "expected: step.sent.PATH or step.ack.PATH"}
			return f
		}
		offset += utf8.RuneCountInString(side) + 1
		ref.Step, ref.Side, rest = root, Side(side), path
	}
	ref.Kind = RefMessage
	path, bad := compilePath(rest)
	if bad != nil {
		bad.offset += lead + offset
		return bad
	}
	ref.Path = path
	return nil
}

func namesOf(root string) []string {
	switch root {
	case "patient":
		return strings.Fields(PatientNames)
	case "stay":
		return strings.Fields(StayNames)
	case "candidate":
		return strings.Fields(CandidateNames)
	default:
		return strings.Fields(HarnessNames)
	}
}

// durationParts are what a duration is made of: "1h30m", "-2d", "500ms".
var (
	durationForm  = expression(`^[+-]?([0-9]+(ms|s|m|h|d))+$`)
	durationParts = expression(`([0-9]+)(ms|s|m|h|d)`)
)

// maxDuration is the longest duration of the language: about a human life.
const maxDuration = 45_000 * 24 * time.Hour

// parseDuration reads a duration of whole days, hours, minutes, seconds and
// milliseconds. A bare number has no unit and is refused: nobody agrees on it.
func parseDuration(s string) (time.Duration, error) {
	if !durationForm().MatchString(s) {
		return 0, strconv.ErrSyntax
	}
	units := map[string]time.Duration{
		"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
	}
	var sum time.Duration
	for _, m := range durationParts().FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseInt(m[1], 10, 64)
		unit := units[m[2]]
		if err != nil || n > math.MaxInt64/int64(unit) || time.Duration(n)*unit > maxDuration-sum {
			return 0, strconv.ErrRange
		}
		sum += time.Duration(n) * unit
	}
	if strings.HasPrefix(s, "-") {
		return -sum, nil
	}
	return sum, nil
}

func durationText(s string) Text {
	return Textf("« %s » n'est pas une durée", "%q is not a duration", s)
}

func durationExample() Text {
	return Text{FR: "exemples : 500ms, 2s, +90m, 1h30m, -2d", EN: "examples: 500ms, 2s, +90m, 1h30m, -2d"}
}
