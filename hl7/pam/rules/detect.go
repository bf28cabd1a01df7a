package rules

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
)

// reason says how the profile of a message was found.
type reason struct {
	mark  mark
	value []byte // of the field that decided
}

type mark uint8

const (
	markChosen    mark = iota // by the caller
	markVersion               // MSH-12.1 alone
	markFrance                // MSH-12.2 is FRA
	markAnnounced             // MSH-12.3 names a version of PAM.fr
	markProfile               // MSH-21 names it
	markCountry               // MSH-17 is FRA
	markZ                     // French Z segments
	markINS                   // an identifier of type INS
	markPID                   // PID fields that only 2.5 has
)

var markTexts = [...]pam.Text{
	markChosen:    {FR: "demandé", EN: "asked for"},
	markVersion:   {FR: "MSH-12 annonce {value} et rien d'autre", EN: "MSH-12 announces {value} and nothing else"},
	markFrance:    {FR: "MSH-12.2 vaut FRA, sans version connue de PAM.fr", EN: "MSH-12.2 is FRA, without a known version of PAM.fr"},
	markAnnounced: {FR: "MSH-12.3 annonce PAM.fr {value}", EN: "MSH-12.3 announces PAM.fr {value}"},
	markProfile:   {FR: "MSH-21 annonce {value}", EN: "MSH-21 announces {value}"},
	markCountry:   {FR: "MSH-17 vaut FRA", EN: "MSH-17 is FRA"},
	markZ:         {FR: "le segment {value} n'existe qu'en France", EN: "segment {value} only exists in France"},
	markINS:       {FR: "PID-3 porte un identifiant de type INS", EN: "PID-3 has an identifier of type INS"},
	markPID:       {FR: "PID-{value} n'existe que depuis HL7 2.5", EN: "PID-{value} exists only since HL7 2.5"},
}

func (r reason) text(p *profile.Profile) pam.Text {
	t := markTexts[r.mark]
	if r.mark == markVersion && len(r.value) == 0 {
		return pam.Text{FR: "MSH-12 n'annonce rien", EN: "MSH-12 announces nothing"}
	}
	t.FR = strings.ReplaceAll(t.FR, "{value}", string(r.value))
	t.EN = strings.ReplaceAll(t.EN, "{value}", string(r.value))
	return t
}

// choose picks the profile of the message.
func (r *Report) choose(j *Judge) {
	s := &r.scope
	if j.fixed != nil {
		s.plan = j.fixed
		return
	}
	var name string
	if strings.HasPrefix(s.header.Version, "2.3") || s.header.Version == "2.2" || s.header.Version == "2.1" {
		name, r.reason = s.detectOld()
	} else {
		name, r.reason = s.detect()
	}
	if v := j.settings.get("profile_version"); v != "auto" && strings.HasPrefix(name, "pam-fr-2.") && name != "pam-fr-2.3.1" {
		name = "pam-fr-" + v
	}
	p, err := j.planFor(name)
	if err != nil { // a version of PAM.fr that there are no data for
		p, _ = j.planFor("")
	}
	s.plan = p
}

// detectOld tells the readings of HL7 2.3.1 apart by what the message has.
func (s *scope) detectOld() (string, reason) {
	if z := s.frenchSegment(); z != "" {
		return "pam-fr-2.3.1", reason{markZ, []byte(z)}
	}
	if pid, ok := s.firstSegment("PID"); ok {
		for n := 31; n <= pid.NumFields(); n++ {
			if len(pid.FieldRaw(n)) > 0 {
				return "adt-2.3.1+pid-2.5.1", reason{markPID, []byte(strconv.Itoa(n))}
			}
		}
	}
	return "adt-2.3.1", reason{markVersion, []byte(s.header.Version)}
}

// detect tells France from the rest of the world, and its versions apart.
func (s *scope) detect() (string, reason) {
	msh12 := s.field("MSH", 12)
	announced := msh12.Component(3).Raw()
	if name, ok := profileOf(announced); ok {
		return name, reason{markAnnounced, announced}
	}
	for v := range s.field("MSH", 21).Repetitions() {
		for n := 1; n <= 2; n++ {
			text := v.Component(n).Raw()
			version, ok := bytes.CutPrefix(text, []byte("IHE_FRANCE-"))
			if !ok {
				continue
			}
			if name, ok := profileOf(bytes.TrimSuffix(version, []byte("-PAM"))); ok {
				return name, reason{markProfile, text}
			}
		}
	}
	french := string(msh12.Component(2).Component(1).Raw()) == "FRA"
	for v := range s.field("MSH", 21).Repetitions() {
		if text := v.Component(1).Raw(); !french && bytes.HasPrefix(text, []byte("ITI-3")) && string(v.Component(2).Raw()) == "IHE" {
			return "pam-2.5", reason{markProfile, text}
		}
	}
	const newest = "pam-fr-2.11"
	switch {
	case french:
		return newest, reason{markFrance, nil}
	case s.header.CountryCode == "FRA":
		return newest, reason{markCountry, nil}
	}
	if z := s.frenchSegment(); z != "" {
		return newest, reason{markZ, []byte(z)}
	}
	for v := range s.field("PID", 3).Repetitions() {
		if string(v.Component(5).Raw()) == "INS" {
			return newest, reason{markINS, nil}
		}
	}
	return "pam-2.5", reason{markVersion, []byte(s.header.Version)}
}

// frenchSegment returns the name of a segment that only France has, or of a
// ZBE filled as only France fills it.
func (s *scope) frenchSegment() string {
	for i := range s.m.NumSegments() {
		seg := s.m.Segment(i)
		raw := seg.Raw()
		if len(raw) < 3 || raw[0] != 'Z' {
			continue
		}
		switch name := string(raw[:3]); name {
		case "ZFA", "ZFP", "ZFV", "ZFM", "ZFD", "ZFS":
			return name
		case "ZBE":
			if seg.Field(9).State() == hl7.Present || s.header.Version < "2.5" {
				return name
			}
		}
	}
	return ""
}

// profileOf returns the profile of a version of PAM.fr: "2.11.1" is judged by
// the data of its own that there are for it, else by the newest 2.11.
func profileOf(version []byte) (string, bool) {
	known := frenchProfiles()
	if name, ok := known[string(version)]; ok {
		return name, true
	}
	if i := bytes.IndexByte(version, '.'); i >= 0 {
		if k := bytes.IndexByte(version[i+1:], '.'); k >= 0 {
			version = version[:i+1+k]
		}
	}
	if name, ok := known[string(version)]; ok {
		return name, true
	}
	if len(version) == len("2.6") && version[0] == '2' && version[1] == '.' && version[2] >= '1' && version[2] <= '6' && version[2] != '5' {
		return "pam-fr-2.7", true // older than all data there are; 2.5 is a version of HL7
	}
	return "", false
}

// minor is the first two numbers of a version.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}

// frenchProfiles are the profiles of PAM.fr, by the versions that messages
// announce: "2.11.1", and "2.11" for the newest of them.
var frenchProfiles = sync.OnceValue(func() map[string]string {
	known := map[string]string{}
	for _, name := range profile.Names() {
		version, ok := strings.CutPrefix(name, "pam-fr-")
		if !ok || name == "pam-fr-2.3.1" {
			continue
		}
		known[version] = name
		if short := minor(version); short != version {
			known[short] = "pam-fr-" + short // the name of the dialect
		}
	}
	return known
})

// compareVersions compares 2.9 and 2.11.1 number by number.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.Atoi(x)
		n, _ := strconv.Atoi(y)
		if m != n {
			return m - n
		}
	}
	return 0
}
