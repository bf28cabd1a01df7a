package pam

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// RealIdentityError reports a message that seems to carry the identity of a
// real person. It names the place and the authority, never the number.
type RealIdentityError struct {
	said
	Location  hl7.Location // zero where no field can be named
	Authority string       // an OID, the name of an authority, or a type of identifier
}

func newRealIdentityError(l hl7.Location, authority string) *RealIdentityError {
	e := &RealIdentityError{Location: l, Authority: authority}
	at := l.String()
	if at != "" {
		at += ": "
	}
	e.what = Text{
		FR: strings.ReplaceAll(at, ":", " :") + fmt.Sprintf("identité nationale réelle (%s)", authority),
		EN: at + fmt.Sprintf("real national identity (%s)", authority),
	}
	e.hint = Text{
		FR: "prendre un INS de l'autorité de test, " + insNIRTestOID + " ; pour l'envoyer quand même, le fichier candidat doit le dire : safety: {refuse_real_identities: false}",
		EN: "take an INS of the test authority, " + insNIRTestOID + "; to send it all the same the candidate file has to say so: safety: {refuse_real_identities: false}",
	}
	return e
}

// What a real identity is recognised by (App. N FR, N.1). The authority of the
// NIR is that of the INS and of the billing number alike, and both are real.
var (
	realOIDs      = []string{insNIROID, insNIAOID, insCOID}
	fictitiousIDs = []string{insNIRTestOID, insNIRDemoOID, insCTestOID, insCDemoOID}
	realNames     = []string{"ASIP-SANTE-INS-NIR", "ASIP-SANTE-INS-NIA", "ASIP-SANTE-INS-C", "ASIP-SANTE-NIR"}
	realTypes     = []string{"INS", "INS-C", "NH", "SS"}
)

// CheckIdentities refuses a message that carries the identity of a real person,
// with a *RealIdentityError that tells where. That is, anywhere in the message
// and however it is escaped or delimited:
//
//   - the OID of a production authority: INS-NIR and billing NIR, INS-NIA, INS-C
//   - the name of such an authority without the OID of a test or demonstration
//     authority beside it
//   - a number with a valid key, typed INS, INS-C, NH or SS, without such an OID
//
// A deletion of an INS names the production authority and is refused as well.
func CheckIdentities(m *hl7.Message) error {
	d := m.Delimiters()
	for s := range m.Segments() {
		if suspicious(s.Raw(), d) {
			if err := checkSegment(s, d); err != nil {
				return err
			}
		}
	}
	return checkLines(m.Bytes(), d)
}

// checkLines searches what the fields of segments do not show: lines that are no
// segments, and OIDs in a message that uses their very dot as a delimiter.
func checkLines(raw []byte, d hl7.Delimiters) error {
	for len(raw) > 0 {
		line := raw
		if end := bytes.IndexAny(raw, "\r\n"); end >= 0 {
			line = raw[:end]
		}
		if suspicious(line, d) {
			if oid := findRealOID(line, d.Escape); oid != "" {
				return newRealIdentityError(hl7.Location{}, oid)
			}
		}
		raw = raw[min(len(line)+1, len(raw)):]
	}
	return nil
}

// CheckIdentityBytes is CheckIdentities for bytes that are no message: it finds
// the OIDs of production authorities, escaped with backslashes or not.
func CheckIdentityBytes(raw []byte) error {
	if oid := findRealOID(raw, '\\'); oid != "" {
		return newRealIdentityError(hl7.Location{}, oid)
	}
	return nil
}

// suspicious is a quick look at a segment or field: most have nothing to search
// in. Beside what is searched for, an escape sequence may hide anything,
// and with a dot or digit for a delimiter an OID is spread over fields.
func suspicious(raw []byte, d hl7.Delimiters) bool {
	if bytes.Contains(raw, []byte("213.1.4.")) || d.Escape != 0 && bytes.IndexByte(raw, d.Escape) >= 0 || cutsOIDs(d) {
		return true
	}
	for rest := raw; ; {
		i := bytes.IndexByte(rest, '-')
		if i < 0 {
			break
		}
		if begin, end := i-len("ASIP"), i+len("-SANTE"); begin >= 0 && end <= len(rest) && bytes.EqualFold(rest[begin:end], []byte("ASIP-SANTE")) {
			return true
		}
		if rest = rest[i+1:]; len(rest) < len("SANTE") {
			break
		}
	}
	for rest := raw; ; {
		i := bytes.IndexByte(rest, d.Component)
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		for _, t := range realTypes {
			if len(rest) >= len(t) && bytes.EqualFold(rest[:len(t)], []byte(t)) {
				return true
			}
		}
	}
}

// cutsOIDs reports whether one of the delimiters can stand in an OID.
func cutsOIDs(d hl7.Delimiters) bool {
	for _, c := range [...]byte{d.Field, d.Component, d.Repetition, d.Subcomponent} {
		if c == '.' || isDigit(c) {
			return true
		}
	}
	return false
}

// checkSegment searches the fields of a segment.
func checkSegment(s hl7.Segment, d hl7.Delimiters) error {
	for n := 1; n <= s.NumFields(); n++ {
		field := s.Field(n)
		if field.State() != hl7.Present || !suspicious(field.Raw(), d) {
			continue
		}
		for r, repetition := range parts(field.Raw(), d.Repetition) {
			if found := findReal(repetition, d); found != "" {
				l := s.Location()
				l.Field, l.Repetition = n, r+1
				return newRealIdentityError(narrow(l, repetition, found, d), found)
			}
		}
	}
	return nil
}

// findReal returns what makes a repetition of a field a real identity, "" if
// nothing does.
func findReal(repetition []byte, d hl7.Delimiters) string {
	if oid := findRealOID(repetition, d.Escape); oid != "" {
		return oid
	}
	if findOID(decode(repetition, d.Escape), fictitiousIDs) != "" {
		return ""
	}
	number, kind := false, ""
	for _, component := range parts(repetition, d.Component) {
		for _, leaf := range parts(component, d.Subcomponent) {
			value := strings.ToUpper(strings.TrimSpace(string(decode(leaf, d.Escape))))
			for _, name := range realNames {
				if value == name {
					return name
				}
			}
			number = number || ValidINS(value)
			for _, t := range realTypes {
				if value == t {
					kind = t
				}
			}
		}
	}
	if number && kind != "" {
		return kind
	}
	return ""
}

// narrow finds the component and subcomponent in which found stands.
func narrow(l hl7.Location, repetition []byte, found string, d hl7.Delimiters) hl7.Location {
	for c, component := range parts(repetition, d.Component) {
		leaves := parts(component, d.Subcomponent)
		for sub, leaf := range leaves {
			if !bytes.Contains(upper(leaf), []byte(found)) && !bytes.Contains(upper(decode(leaf, d.Escape)), []byte(found)) {
				continue
			}
			l.Component = c + 1
			if len(leaves) > 1 {
				l.Subcomponent = sub + 1
			}
			return l
		}
	}
	return l
}

// parts splits at a delimiter; a message may not have it.
func parts(raw []byte, delimiter byte) [][]byte {
	if delimiter == 0 {
		return [][]byte{raw}
	}
	return bytes.Split(raw, []byte{delimiter})
}

// findRealOID finds the OID of a production authority in the text as it stands
// and as it decodes: two escape characters that belong to no sequence must not
// hide what is between them.
func findRealOID(raw []byte, escape byte) string {
	if oid := findOID(raw, realOIDs); oid != "" {
		return oid
	}
	return findOID(decode(raw, escape), realOIDs)
}

// findOID returns the first of the OIDs that stands in the text, not as a part
// of a longer number.
func findOID(text []byte, oids []string) string {
	for _, oid := range oids {
		for at := 0; ; at++ {
			i := bytes.Index(text[at:], []byte(oid))
			if i < 0 {
				break
			}
			at += i
			end := at + len(oid)
			if (at == 0 || !isDigit(text[at-1])) && (end == len(text) || !isDigit(text[end])) {
				return oid
			}
		}
	}
	return ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// decode resolves escape sequences as a receiver might: hexadecimal ones to
// their bytes, the others, which stand for no digit, letter, dot or hyphen, to
// nothing, so that a highlight in the middle of a number hides nothing.
func decode(raw []byte, escape byte) []byte {
	if escape == 0 || bytes.IndexByte(raw, escape) < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for {
		begin := bytes.IndexByte(raw, escape)
		if begin < 0 {
			return append(out, raw...)
		}
		out, raw = append(out, raw[:begin]...), raw[begin+1:]
		end := bytes.IndexByte(raw, escape)
		if end < 0 {
			return append(out, raw...)
		}
		sequence := raw[:end]
		if len(sequence) > 1 && (sequence[0] == 'X' || sequence[0] == 'x') {
			if b, err := hex.DecodeString(string(sequence[1:])); err == nil {
				out = append(out, b...)
			}
		}
		raw = raw[end+1:]
	}
}

// upper is ASCII upper case of bytes in any character set.
func upper(raw []byte) []byte {
	out := bytes.Clone(raw)
	for i, c := range out {
		if 'a' <= c && c <= 'z' {
			out[i] = c - 'a' + 'A'
		}
	}
	return out
}
