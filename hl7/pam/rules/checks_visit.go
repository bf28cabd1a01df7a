package rules

import (
	"bytes"
	"math/bits"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

var visitChecks = []named[demand]{
	{"pseudo-visit-empty", pseudoVisitEmpty},
	{"care-pathway", carePathway},
	{"expected-times", fullTimes("PV2", 8, 9)},
	{"movement-ids", movementIDs},
	{"collected-what", collectedWhat},
	{"legal-mode-times", legalModeTimes},
}

var visitConditions = []named[cond]{
	{"pseudo-visit-numbered", func(s *scope) bool { return firstFilled(s, 3) == 0 }},
	{"class-fits-event", classFitsEvent},
	{"activity-fits-class", activityFitsClass},
	{"discipline-fits-activity", disciplineFitsActivity},
	{"action-fits-event", actionFitsEvent},
	{"origin-is-cancelled", originIsCancelled},
	{"origin-inserts", originInserts},
	{"movement-at-event", movementAtEvent},
	{"nature-of-letters", natureOfLetters},
	{"nature-in-other-order", natureInOtherOrder},
	{"role-before-visit", roleBeforeVisit},
	{"observation-repeated", observationRepeated},
	{"category-of-activity", categoryOfActivity},
	{"numbered-in-order", numberedInOrder},
	{"legal-mode-code", legalModeCode},
	{"insurance-complete", insuranceComplete},
	{"nature-of-insurance", natureOfInsurance},
	{"lettered-date", letteredDate},
	{"compulsory-insurance", compulsoryInsurance},
}

// firstFilled is the number of the first field of PV1 with a value, PV1-2
// aside, from a field on; 0 when there is none.
func firstFilled(s *scope, from int) int {
	pv1, ok := s.firstSegment("PV1")
	if !ok {
		return 0
	}
	const class = 1 << 2
	if present := s.filled[pv1.Index()].present &^ class >> from << from; present != 0 {
		return bits.TrailingZeros64(present)
	}
	for n := max(from, tabled); n <= pv1.NumFields(); n++ {
		if pv1.Field(n).State() == hl7.Present {
			return n
		}
	}
	return 0
}

// pseudoVisitEmpty finds the first field of a PV1 that describes no visit. A
// number in PV1-1 alone is the least that can be wrong.
func pseudoVisitEmpty(s *scope, found func(hl7.Value)) {
	n := firstFilled(s, 3)
	if n == 0 {
		n = firstFilled(s, 1)
	}
	if n > 0 {
		found(s.field("PV1", n))
	}
}

// classFitsEvent says whether PV1-2 is one of the classes that the profile
// gives to the event, or accepts.
func classFitsEvent(s *scope) bool {
	if s.event == nil || s.event.Classes == "" {
		return true
	}
	class := string(s.raw("PV1", 2))
	return strings.Contains(s.event.Classes, class) || strings.Contains(s.event.TolerateClasses, class)
}

// activityFitsClass holds PV1-21 against the modes of visit of PAM.fr 6.10.19.
// A consultation (07) may be billed to another facility, a retrocession (09)
// is one that PV1-4 calls so.
func activityFitsClass(s *scope) bool {
	want := ""
	switch string(s.code("PV1", 21)) {
	case "03", "04", "05", "06":
		want = "I"
	case "07":
		want = "O"
	case "09":
		if string(s.code("PV1", 4)) != "RM" {
			return false
		}
		want = "O"
	case "10":
		want = "E"
	case "19":
		want = "R"
	default:
		return true
	}
	return string(s.code("PV1", 2)) == want
}

// carePathway finds PV2-7 empty, or its place where there is no PV2: PV1-2,
// which says that the visit is an outpatient's.
func carePathway(s *scope, found func(hl7.Value)) {
	if _, ok := s.firstSegment("PV2"); !ok {
		found(s.field("PV1", 2))
		return
	}
	if v := s.field("PV2", 7); v.State() != hl7.Present {
		found(v)
	}
}

// fullTimes finds times of fields that are well written and stop short of the
// second.
func fullTimes(segment string, fields ...int) demand {
	return func(s *scope, found func(hl7.Value)) {
		for _, n := range fields {
			if stopsShort(s.code(segment, n)) {
				found(s.field(segment, n))
			}
		}
	}
}

func legalModeTimes(s *scope, found func(hl7.Value)) {
	for _, n := range [...]int{3, 4} {
		if stopsShort(s.codeOf(s.own(n))) {
			found(s.m.Segment(s.segment).Field(n))
		}
	}
}

// stopsShort says whether a value is a time that lacks its seconds, or its
// hour. One that is no time at all is the business of another rule.
func stopsShort(raw []byte) bool {
	digits := instant(raw)
	return len(digits) >= 4 && len(digits) < 14
}

// instant returns the digits of a time without its zone and fraction, nil when
// it is none.
func instant(raw []byte) []byte {
	for i, c := range raw {
		switch {
		case c == '+' || c == '-' || c == '.':
			return raw[:i]
		case c < '0' || c > '9':
			return nil
		}
	}
	return raw
}

// collectedWhat finds dates in ZFA of collections of nothing.
func collectedWhat(s *scope, found func(hl7.Value)) {
	zfa, ok := s.firstSegment("ZFA")
	if !ok {
		return
	}
	has := s.filled[zfa.Index()]
	for _, n := range [...]int{10, 12} {
		if has.present>>n&1 != 0 && has.some>>(n-1)&1 == 0 {
			found(zfa.Field(n))
		}
	}
}

// roleBeforeVisit says whether the segment being judged stands before PV1.
func roleBeforeVisit(s *scope) bool {
	pv1, ok := s.firstSegment("PV1")
	return !ok || s.segment < pv1.Index()
}

// observationRepeated says whether an OBX before the one being judged has its
// code.
func observationRepeated(s *scope) bool {
	own := s.m.Segment(s.segment).Field(3).Component(1).Raw()
	for i := range s.segment {
		if seg := s.m.Segment(i); seg.Name() == "OBX" && bytes.Equal(seg.Field(3).Component(1).Raw(), own) {
			return true
		}
	}
	return false
}

func categoryOfActivity(s *scope) bool {
	return bytes.HasPrefix(s.code("ZFP", 2), s.code("ZFP", 1))
}

// numberedInOrder says whether field 1 is the occurrence of its segment.
func numberedInOrder(s *scope) bool {
	seg := s.m.Segment(s.segment)
	n := 0
	for _, c := range seg.Field(1).Raw() {
		if c < '0' || c > '9' || n > 9999 {
			return false
		}
		n = 10*n + int(c-'0')
	}
	return n == seg.Occurrence()
}

// legalModeCode says whether ZFS-7 is the code of the mode in ZFS-6. Which code
// a mode has follows from the labels of the two lists; a mode of the site has
// none.
func legalModeCode(s *scope) bool {
	zfs := s.m.Segment(s.segment)
	want := ""
	switch string(leaf(zfs.Field(6))) {
	case "SPL", "SPAP":
		want = "1"
	case "SDREP", "SDREM":
		want = "3"
	case "SDREIP":
		want = "4"
	case "OPP":
		want = "5"
	case "SPD":
		want = "6"
	case "SDT", "SDTU":
		want = "7"
	case "SPP", "SPI":
		want = "8"
	default:
		return true
	}
	return string(leaf(zfs.Field(7))) == want
}

// compulsory are the insurers of the compulsory insurance, as IN1-2 calls them.
var compulsory = []string{"AMO", "AME", "CMU"}

// insuranceComplete says whether IN2 and IN3 follow the IN1 being judged.
func insuranceComplete(s *scope) bool {
	var in2, in3 bool
	for i := s.segment + 1; i < s.m.NumSegments(); i++ {
		switch s.m.Segment(i).Name() {
		case "IN1":
			return in2 && in3
		case "IN2":
			in2 = true
		case "IN3":
			in3 = true
		}
	}
	return in2 && in3
}

// natureOfInsurance says whether IN1-31 is of the list of its payer.
func natureOfInsurance(s *scope) bool {
	in1 := s.m.Segment(s.segment)
	ofCompulsory := oneOf([]string{"10", "13", "30", "41", "90"}, leaf(in1.Field(31)))
	return ofCompulsory == oneOf(compulsory, leaf(in1.Field(2)))
}

// letteredDate says whether IN1-36 is a date with the letter that says what it
// is the date of; the source leaves open on which side the letter stands.
func letteredDate(s *scope) bool {
	raw := bytes.TrimSpace(s.m.Segment(s.segment).Field(36).Raw())
	if len(raw) < 9 {
		return false
	}
	const letters = "DRAO"
	switch last := len(raw) - 1; {
	case strings.IndexByte(letters, raw[0]) >= 0:
		raw = raw[1:]
	case strings.IndexByte(letters, raw[last]) >= 0:
		raw = raw[:last]
	default:
		return false
	}
	return len(instant(bytes.Trim(raw, " -^"))) >= 8
}

// compulsoryInsurance says whether the IN1 before the segment being judged is
// that of the compulsory insurer.
func compulsoryInsurance(s *scope) bool {
	for i := s.segment - 1; i >= 0; i-- {
		if seg := s.m.Segment(i); seg.Name() == "IN1" {
			return string(leaf(seg.Field(2))) == "AMO"
		}
	}
	return false
}
