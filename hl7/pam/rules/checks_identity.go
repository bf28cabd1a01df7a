package rules

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

var identityChecks = []named[demand]{
	{"ins-format", insFormat},
	{"ins-key", insKey},
	{"ins-once", insOnce},
	{"ins-unchanged", insUnchanged},
	{"ipp-once", ippOnce},
	{"name-type-once", nameTypeOnce},
	{"strict-traits", strictTraits},
	{"one-identifier", oneIdentifier},
	{"same-moment", sameMoment},
	{"born-later", bornLater},
}

var identityConditions = []named[cond]{
	{"french", func(s *scope) bool { return slices.Contains(s.profile.Layers, "fr") }},
	{"list-begins-with-first-name", listBeginsWithFirstName},
}

// The type of an INS in CX-5, and how long its number is.
const (
	typeINS = "INS"
	insLen  = 15
)

// insFormat finds an INS of the right length with characters that no NIR or NIA
// has in their place.
func insFormat(s *scope, found func(hl7.Value)) {
	if raw := s.numberOf(s.at.raw); len(raw) == insLen && !wellWritten(raw) {
		found(s.current().Component(1))
	}
}

// wellWritten says whether 15 characters are digits, but for the departments of
// Corsica, 2A and 2B, in positions 6 and 7.
func wellWritten(number []byte) bool {
	for i, c := range number {
		corsica := i == 6 && number[5] == '2' && (c == 'A' || c == 'B')
		if (c < '0' || c > '9') && !corsica {
			return false
		}
	}
	return true
}

// insKey finds an INS whose last two digits are not the key of the others. What
// is not well written is the business of other rules: there is nothing to
// compute.
func insKey(s *scope, found func(hl7.Value)) {
	raw := s.numberOf(s.at.raw)
	if len(raw) == insLen && wellWritten(raw) && !pam.ValidINS(string(raw)) {
		found(s.current().Component(1))
	}
}

// numberOf is the number of an identifier.
func (s *scope) numberOf(cx []byte) []byte { return s.codeOf(nth(cx, s.delims.component, 1)) }

// keyOfINS is the key that an INS should have: {key}.
func keyOfINS(number string) Arg {
	key, _ := pam.INSKey(number[:min(len(number), insLen-2)])
	return Arg{"key", key}
}

// insOnce finds the second INS of an authority in a PID. One that announces a
// deletion does not count.
func insOnce(s *scope, found func(hl7.Value)) {
	if !s.typedTwice(s.own(3), typeINS) {
		return
	}
	seen := 0
	for v := range s.m.Segment(s.segment).Field(3).Repetitions() {
		if string(leaf(v.Component(5))) != typeINS || v.Component(1).State() != hl7.Present {
			continue
		}
		authority := 1
		if bytes.HasSuffix(v.Component(4).Subcomponent(1).Raw(), []byte("NIA")) {
			authority = 2
		}
		if seen&authority != 0 {
			found(v.Component(1))
		}
		seen |= authority
	}
}

// typedTwice says whether two identifiers of a list may be of a type, at a
// glance: there is nearly always one.
func (s *scope) typedTwice(list []byte, kind string) bool {
	_, rest, more := cut(list, s.delims.repetition)
	if !more || len(rest) == 0 {
		return false
	}
	var room [4]byte
	typed := append(append(room[:0], s.delims.component), kind...)
	return bytes.Count(list, typed) > 1
}

// insUnchanged finds the INS that a message about changed identifiers gives up
// and keeps.
func insUnchanged(s *scope, found func(hl7.Value)) {
	for old := range s.field("MRG", 1).Repetitions() {
		if string(leaf(old.Component(5))) != typeINS || old.Component(1).State() != hl7.Present {
			continue
		}
		for v := range s.field("PID", 3).Repetitions() {
			if string(leaf(v.Component(5))) == typeINS && bytes.Equal(v.Component(1).Raw(), old.Component(1).Raw()) {
				found(old.Component(1))
				break
			}
		}
	}
}

// ippOnce finds a second internal number (PI) of the same authority.
func ippOnce(s *scope, found func(hl7.Value)) {
	if !s.typedTwice(s.own(3), "PI") {
		return
	}
	list := s.m.Segment(s.segment).Field(3)
	i := 0
	for v := range list.Repetitions() {
		if i++; i > 1 && string(leaf(v.Component(5))) == "PI" && ippBefore(list, i, v.Component(4).Raw()) {
			found(v)
		}
	}
}

// ippBefore says whether one of the identifiers before the nth is an internal
// number of an authority.
func ippBefore(list hl7.Value, n int, authority []byte) bool {
	for v := range list.Repetitions() {
		if n--; n == 0 {
			return false
		}
		if string(leaf(v.Component(5))) == "PI" && bytes.Equal(v.Component(4).Raw(), authority) {
			return true
		}
	}
	return false
}

// nameTypeOnce finds a second name of the same type in PID-5.
func nameTypeOnce(s *scope, found func(hl7.Value)) {
	var seen [4]uint64 // a bit for each type of one character
	n := 0
	for rest, more := s.own(5), true; more; {
		var r []byte
		r, rest, more = cut(rest, s.delims.repetition)
		n++
		kind := s.codeOf(nth(r, s.delims.component, 7))
		if len(kind) != 1 {
			continue
		}
		word, bit := kind[0]/64, uint64(1)<<(kind[0]%64)
		if seen[word]&bit != 0 {
			found(s.m.Segment(s.segment).Field(5).Repetition(n).Component(7))
		}
		seen[word] |= bit
	}
}

// oneIdentifier finds the second identifier of a PID.
func oneIdentifier(s *scope, found func(hl7.Value)) {
	if second := s.m.Segment(s.segment).Field(3).Repetition(2); second.State() == hl7.Present {
		found(second)
	}
}

// sameMoment finds a PID-33 that is not the moment of EVN-6. One of them may be
// more precise than the other.
func sameMoment(s *scope, found func(hl7.Value)) {
	update := s.m.Segment(s.segment).Field(33)
	a, b := withoutZone(leaf(update.Component(1))), withoutZone(leaf(s.field("EVN", 6).Component(1)))
	if n := min(len(a), len(b)); !bytes.Equal(a[:n], b[:n]) {
		found(update)
	}
}

func withoutZone(moment []byte) []byte {
	if i := bytes.IndexAny(moment, "+-."); i >= 0 {
		return moment[:i]
	}
	return moment
}

// listBeginsWithFirstName says whether the list of given names (XPN-3) begins
// with the first of them (XPN-2).
func listBeginsWithFirstName(s *scope) bool {
	first, list := nth(s.at.raw, s.delims.component, 2), nth(s.at.raw, s.delims.component, 3)
	if rest, ok := bytes.CutPrefix(list, first); ok && (len(rest) == 0 || rest[0] == ' ') {
		return true // nearly always
	}
	return beginsWithName(plainText(s.current().Component(3)), plainText(s.current().Component(2)))
}

// plainText is the text of a value; where that cannot be decoded, its bytes.
func plainText(v hl7.Value) string {
	text, err := v.Text()
	if err != nil {
		return string(v.Raw())
	}
	return text
}

// beginsWithName says whether a list of given names begins with a name, whole
// names only. Case, accents, and whether names are joined by a hyphen, an
// apostrophe or a blank do not matter: civil registries and INSi differ there.
func beginsWithName(list, name string) bool {
	list, name = comparable(list), comparable(name)
	rest, ok := strings.CutPrefix(list, name)
	return ok && (rest == "" || rest[0] == ' ')
}

// comparable writes a name for comparison: in capitals without diacritics, with
// single blanks for what joins names.
func comparable(name string) string {
	name = joiners.Replace(strings.ToUpper(name))
	if !isASCII(name) {
		name = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(name))
	}
	return strings.Join(strings.Fields(name), " ")
}

// joiners are what joins names, and the letters that Unicode does not decompose.
var joiners = strings.NewReplacer("-", " ", "'", " ", "’", " ", "‐", " ", "‑", " ", "Œ", "OE", "Æ", "AE")

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// strictTraits finds the first of the strict traits of a name (XPN-1 to 3) that
// is not written in capitals without diacritics, or has blanks that nobody sees.
func strictTraits(s *scope, found func(hl7.Value)) {
	const familyGivenOthers = 3
	rest, more := s.at.raw, true
	for n := 1; more && n <= familyGivenOthers; n++ {
		var part []byte
		part, rest, more = cut(rest, s.delims.component)
		if !writtenStrictly(part) {
			found(s.current().Component(n))
			return
		}
	}
}

// writtenStrictly says whether a name has no small letter and no character that
// ASCII does not have, and no blank at its beginning or end, or behind another.
func writtenStrictly(name []byte) bool {
	before := byte(' ')
	for _, c := range name {
		if c >= 'a' && c <= 'z' || c >= 0x80 || c == ' ' && before == ' ' {
			return false
		}
		before = c
	}
	return len(name) == 0 || before != ' '
}

// bornLater finds a date of birth behind the day on which the message was made.
// Dates that do not exist are told elsewhere.
func bornLater(s *scope, found func(hl7.Value)) {
	const year, day = len("2006"), len("20060102")
	date, today := s.codeOf(s.own(7)), s.code("MSH", 7)
	n := min(len(date), len(today), day)
	if n < year || string(date[:n]) <= string(today[:n]) {
		return
	}
	if _, err := time.Parse("20060102"[:n], string(date[:n])); err != nil {
		return
	}
	if _, err := time.Parse("20060102"[:n], string(today[:n])); err != nil {
		return
	}
	found(s.m.Segment(s.segment).Field(7))
}
