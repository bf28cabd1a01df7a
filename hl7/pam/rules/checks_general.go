package rules

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

var generalChecks = []named[demand]{
	{"never", func(*scope, func(hl7.Value)) {}}, // found by other means
	{"text-decodes", textDecodes},
	{"text-announced", textAnnounced},
	{"other-delimiters", otherDelimiters},
	{"escapes", escapes},
	{"utf8-disguise", utf8InDisguise},
	{"event-structure", eventStructure},
	{"announced-version", announcedVersion},
	{"french-profile", frenchProfile},
	{"other-profiles", otherProfiles},
	{"other-transaction", otherTransaction},
	{"empty-z", emptyZ},
	{"corrected-z", correctedZ},
	{"segment-pv2", func(s *scope, found func(hl7.Value)) { found(s.field("PV2", 0)) }},
	{"pseudo-pv1", pseudoPV1},
	{"late-rol", lateROL},
}

var generalConditions = []named[cond]{
	{"france", func(s *scope) bool { return s.profile.HasLayer("fr") }},
	{"pam", func(s *scope) bool { return s.profile.PAM != "" || s.profile.HasLayer("iti") }},
	{"known-event", func(s *scope) bool { return s.event != nil }},
	{"one-superseded", func(s *scope) bool { return len(s.field("MRG", 1).Repetition(2).Raw()) == 0 }},
	{"excluded-event", excludedEvent},
	{"standard-encoding", func(s *scope) bool {
		return string(s.raw("MSH", 2)) == standardEncoding
	}},
	{"known-charset", func(s *scope) bool { _, err := s.m.Charset(); return err == nil }},
	{"utf8-disguise", isUTF8InDisguise},
	{"order-only", func(s *scope) bool { return s.event != nil && s.fact != nil && s.event.OrderOnly(s.m, s.fact) }},
	{"component", func(s *scope) bool { return s.fact != nil && s.fact.Location.Component > 0 }},
	{"after-gap", func(s *scope) bool {
		return s.fact != nil && s.fact.Location.Component == 3 && s.field("MSH", 9).Component(2).State() == hl7.Absent
	}},
	{"coded", aboutCode},
	{"old-pam", func(s *scope) bool { return compareVersions(s.profile.PAM, "2.11.2") < 0 }},
}

// standardEncoding is MSH-2 as HL7 recommends it.
var standardEncoding = hl7.StandardDelimiters().EncodingCharacters()

// excludedEvent says whether the event is one that France once had or that it
// takes out: there is a rule for each of those.
func excludedEvent(s *scope) bool {
	return s.profile.HasLayer("fr") && (s.trigger == "A08" || len(s.trigger) == 3 && strings.HasPrefix(s.trigger, "Z8"))
}

// formCheck is a demand on the form of a message: form- and the kind of oddity
// that it finds. It is nil for other names.
func formCheck(name string) demand {
	kind, ok := strings.CutPrefix(name, "form-")
	if !ok || !slices.Contains(oddities[:], hl7.OddityKind(kind)) {
		return nil
	}
	return func(s *scope, found func(hl7.Value)) {
		for _, o := range s.form() {
			if o.Kind == hl7.OddityKind(kind) {
				found(valueAt(s.m, s.m.Locate(o.Offset)))
			}
		}
	}
}

var oddities = [...]hl7.OddityKind{
	hl7.OddByteOrderMark, hl7.OddLeadingBlanks, hl7.OddLineFeed, hl7.OddCRLF, hl7.OddNoTerminator,
	hl7.OddEmptyLine, hl7.OddControlByte, hl7.OddSegmentName, hl7.OddShortDelimiters,
}

// form returns the oddities of the message. They are looked for once, since
// that takes a look at every byte.
func (s *scope) form() []hl7.Oddity {
	if !s.formRead {
		s.oddities, s.formRead = s.m.Oddities(), true
	}
	return s.oddities
}

// textDecodes finds the first byte that the character set of MSH-18 does not
// have.
func textDecodes(s *scope, found func(hl7.Value)) {
	if e, ok := undecodable(s.m); ok {
		found(valueAt(s.m, e.Location))
	}
}

// textAnnounced finds that a message without MSH-18 is not ASCII.
func textAnnounced(s *scope, found func(hl7.Value)) {
	if _, ok := undecodable(s.m); ok {
		found(s.field("MSH", 18))
	}
}

func undecodable(m *hl7.Message) (*hl7.Error, bool) {
	e, ok := errors.AsType[*hl7.Error](m.CheckText())
	return e, ok && e.Kind == hl7.KindUndecodable
}

// valueAt returns the value at a location, MSH where there is none.
func valueAt(m *hl7.Message, l hl7.Location) hl7.Value {
	for i := range m.NumSegments() {
		seg := m.Segment(i)
		if seg.Name() != l.Segment || seg.Occurrence() != max(l.Occurrence, 1) {
			continue
		}
		v := seg.Field(l.Field)
		if l.Repetition > 0 {
			v = v.Repetition(l.Repetition)
		}
		if l.Component > 0 {
			v = v.Component(l.Component)
		}
		return v
	}
	return m.Segment(0).Field(0)
}

// utf8InDisguise finds UTF-8 in a message that announces one of the sets of
// ISO 8859, in which its bytes are letters too, only not the ones meant.
func utf8InDisguise(s *scope, found func(hl7.Value)) {
	if isUTF8InDisguise(s) {
		found(s.field("MSH", 18))
	}
}

func isUTF8InDisguise(s *scope) bool {
	return strings.HasPrefix(s.header.Charset, "8859/") && !s.utf8 && looksLikeUTF8(s.m.Bytes())
}

// looksLikeUTF8 says whether every byte above ASCII is part of a UTF-8
// sequence, and there is one.
func looksLikeUTF8(data []byte) bool {
	for _, c := range data {
		if c >= 0x80 {
			return utf8.Valid(data)
		}
	}
	return false
}

// aboutCode says whether the value too long is a code: those grow with their
// tables, whatever the definitions of fields and types say.
func aboutCode(s *scope) bool {
	switch f := s.fact; {
	case f == nil:
		return false
	case f.Table != nil:
		return true
	case f.Component != nil:
		return f.Component.Table != nil || f.Component.Format == schema.FormatCode
	case f.Field != nil:
		return f.Field.Table != nil
	}
	return false
}

// eventStructure finds a MSH-9.3 that is not the structure of the event.
func eventStructure(s *scope, found func(hl7.Value)) {
	if s.event == nil || s.header.Structure == "" || s.header.Structure == s.event.Structure {
		return
	}
	found(s.field("MSH", 9).Component(3))
}

// announcedVersion finds a MSH-12.3 that is not the version of PAM.fr by which
// the message is judged, minor number left out.
func announcedVersion(s *scope, found func(hl7.Value)) {
	if string(nth(s.firstOfList("MSH", 12), s.delims.component, 3)) == s.plan.pam {
		return // nearly always
	}
	if v := s.field("MSH", 12).Component(3); v.State() == hl7.Present {
		found(v)
	}
}

// frenchProfile finds that MSH-21 does not name the French profile, as
// components of one repetition or as two repetitions.
func frenchProfile(s *scope, found func(hl7.Value)) {
	version := s.plan.pam
	announced := false // by the repetition before
	for rest, more := s.raw("MSH", 21), true; more; {
		var first, second []byte
		first, rest, more = cut(rest, s.delims.repetition)
		first, second, _ = cut(first, s.delims.component)
		if announced && isProfileName(first, version) {
			return
		}
		second, _, _ = cut(second, s.delims.component)
		if announced = string(first) == version; announced && isProfileName(second, version) {
			return
		}
	}
	found(s.field("MSH", 21))
}

// isProfileName says whether raw is IHE_FRANCE-2.11-PAM, for version 2.11.
func isProfileName(raw []byte, version string) bool {
	const before, behind = "IHE_FRANCE-", "-PAM"
	middle, ok := bytes.CutPrefix(raw, []byte(before))
	middle, end := bytes.CutSuffix(middle, []byte(behind))
	return ok && end && string(middle) == version
}

// otherProfiles finds repetitions of MSH-21 that are neither the French profile
// nor a transaction of IHE PAM.
func otherProfiles(s *scope, found func(hl7.Value)) {
	n := 0
	for rest, more := s.raw("MSH", 21), true; more; {
		var first []byte
		first, rest, more = cut(rest, s.delims.repetition)
		n++
		switch first := string(nth(first, s.delims.component, 1)); {
		case first == "" || first == "ITI-30" || first == "ITI-31":
		case strings.HasPrefix(first, "IHE_FRANCE-") || strings.HasPrefix(first, "2."):
		default:
			found(s.field("MSH", 21).Repetition(n))
		}
	}
}

// otherTransaction finds that MSH-21 names the transaction that the event does
// not belong to.
func otherTransaction(s *scope, found func(hl7.Value)) {
	if s.event == nil || s.event.Transaction == "" || !bytes.Contains(s.raw("MSH", 21), []byte("ITI-3")) {
		return
	}
	for v := range s.field("MSH", 21).Repetitions() {
		first := string(v.Component(1).Raw())
		if (first == "ITI-30" || first == "ITI-31") && first != s.event.Transaction {
			found(v)
		}
	}
}

// isFrench says whether a segment is one that PAM.fr adds and that need not be
// there: ZFA, ZFP, ZFV, ZFM, ZFD or ZFS.
func isFrench(seg hl7.Segment) bool {
	raw := seg.Raw()
	return len(raw) >= 3 && raw[0] == 'Z' && raw[1] == 'F' && strings.IndexByte("APVMDS", raw[2]) >= 0
}

// emptyZ finds French segments without a required field in which nothing is
// said.
func emptyZ(s *scope, found func(hl7.Value)) {
	for i, has := range s.filled {
		if has.some != 0 {
			continue
		}
		if seg := s.m.Segment(i); isFrench(seg) && isEmpty(seg) && !s.demandsField(seg.Name()) {
			found(seg.Field(0))
		}
	}
}

func (s *scope) demandsField(segment string) bool {
	def := s.profile.Version.Segment(segment)
	return def == nil || slices.ContainsFunc(def.Fields, func(f schema.FieldDef) bool { return f.Usage == schema.Required })
}

func isEmpty(seg hl7.Segment) bool {
	for n := 1; n <= seg.NumFields(); n++ {
		if seg.Field(n).State() != hl7.Absent {
			return false
		}
	}
	return true
}

// correctedZ finds French segments in a correction that the event it corrects
// does not foresee. Empty ones are told of by emptyZ.
func correctedZ(s *scope, found func(hl7.Value)) {
	corrected := s.profile.Event(string(leaf(s.field("ZBE", 6))))
	if corrected == nil || corrected.Kind != "insert" {
		return // another rule says that ZBE-6 is wrong
	}
	for i := range s.m.NumSegments() {
		seg := s.m.Segment(i)
		if !isFrench(seg) || isEmpty(seg) {
			continue
		}
		if name := seg.Name(); s.event.Foresees(name) && !corrected.Foresees(name) {
			found(seg.Field(0))
		}
	}
}

// pseudoPV1 finds a PV1 of ITI-30 that is more than PV1-2 = N.
func pseudoPV1(s *scope, found func(hl7.Value)) {
	class := s.field("PV1", 2)
	switch string(leaf(class)) {
	case "N":
	case "":
		return // missing, which its definition says
	default:
		found(class)
		return
	}
	pv1, _ := s.firstSegment("PV1")
	for n := 3; n <= pv1.NumFields(); n++ {
		if v := pv1.Field(n); v.State() != hl7.Absent {
			found(v)
			return
		}
	}
}

// lateROL finds a ROL after PV1.
func lateROL(s *scope, found func(hl7.Value)) {
	behind := false
	for i := range s.m.NumSegments() {
		switch name := s.m.Segment(i).Name(); {
		case name == "PV1":
			behind = true
		case name == "PR1" || name == "IN1":
			return // theirs
		case name == "ROL" && behind:
			found(s.m.Segment(i).Field(0))
			return
		}
	}
}
