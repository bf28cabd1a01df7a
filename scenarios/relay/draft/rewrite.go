package draft

import (
	"strings"

	"github.com/pamlab/pamlab/hl7/schema"
)

// rewrite writes a message anew. control is what stands in MSH-10. dropped
// counts the segments that were left out.
func (w *world) rewrite(list []segment, control, charset string, dropped map[string]int) []string {
	about := ofTraits{}
	for _, s := range list {
		if s.name == "PID" {
			about = ofTraits{sex: sexOf(s.field(8)), birth: unescape(first(part(components(s.field(7)), 1)))}
			break
		}
	}
	var lines []string
	kept := true
	for _, s := range list {
		if s.name == "MSH" {
			lines = append(lines, w.header(s, control, charset))
			continue
		}
		fields := table()[s.name]
		if fields == nil {
			if known(s.name) {
				dropped[s.name]++
			}
			kept = false
			continue
		}
		if s.name == "PID" { // a message of two patients has two
			about = ofTraits{sex: sexOf(s.field(8)), birth: unescape(first(part(components(s.field(7)), 1)))}
		}
		if s.name == "ROL" && !kept { // it is about what was left out before it
			continue
		}
		kept = true
		out := []string{s.name}
		for n := 1; n < len(s.fields); n++ {
			out = append(out, w.field(fields[n], s.fields[n], about))
		}
		if line := strings.TrimRight(strings.Join(out, "|"), "|"); len(line) > len(s.name) {
			lines = append(lines, line)
		}
	}
	return lines
}

// known reports whether a segment is one of HL7 or a Z segment: the name of
// another may be anything.
func known(name string) bool {
	return schema.V25().Segment(name) != nil || len(name) == 3 && name[0] == 'Z' && isCode(name)
}

// header writes MSH. The partners are those of whoever plays the scenario.
func (w *world) header(s segment, control, charset string) string {
	f := func(n int) string { return w.codes(s.field(n), isHeaderCode) }
	out := []string{
		"MSH", `^~\&`, "{{harness.application}}", "{{harness.facility}}", "{{candidate.application}}", "{{candidate.facility}}",
		w.date(first(part(components(s.field(7)), 1))), "", f(9), control, f(11), f(12), "", "", f(15), f(16), f(17), charset, f(19), "", f(21),
	}
	return strings.TrimRight(strings.Join(out, "|"), "|")
}

// isHeaderCode is isCode for what MSH has: versions and profiles, in any case.
func isHeaderCode(s string) bool {
	return len(s) > 0 && len(s) <= 30 && isCode(strings.ToUpper(s[:1])) && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) < 0
}

// field writes a field with all its repetitions.
func (w *world) field(t treatment, field string, about ofTraits) string {
	if t == drop || field == "" {
		return ""
	}
	var out []string
	for rep := range strings.SplitSeq(field, "~") {
		if len(out) == maxRepetitions {
			break
		}
		if rep == null {
			out = append(out, null)
			continue
		}
		if s := w.repetition(t, rep, about); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "~")
}

// maxRepetitions bounds what is written of a field.
const maxRepetitions = 50

func (w *world) repetition(t treatment, rep string, about ofTraits) string {
	parts := components(rep)
	leaf := unescape(first(part(parts, 1)))
	switch t {
	case code:
		return w.kept(leaf, isCode)
	case codes:
		return w.codes(rep, isCode)
	case count:
		return w.kept(leaf, isCount)
	case date:
		return w.date(leaf)
	case auto:
		if len(digits(leaf)) >= 8 {
			return w.date(leaf)
		}
		return w.kept(leaf, isCode)
	case number:
		return w.identifier(parts, about)
	case entity:
		return w.entity(parts)
	case person:
		return w.person(parts, about)
	case doctor:
		return w.practitioner(parts)
	case address:
		return w.address(parts)
	case phone:
		return w.telephone(parts)
	case place:
		return w.location(parts)
	case unit:
		return w.organisation(parts)
	case birthtown:
		return escape(w.place(leaf).Name)
	case authority:
		return w.authority(strings.Split(rep, "^"), "^")
	}
	return ""
}

// kept keeps a value that looks right, and is nobody's name or number.
func (w *world) kept(s string, good func(string) bool) string {
	if !good(s) {
		return ""
	}
	harmless, known := w.codesSeen[s]
	if !known {
		harmless = !w.traits.has(s)
		w.codesSeen[s] = harmless
	}
	if harmless {
		return s
	}
	return ""
}

// codes keeps the components that look like codes.
func (w *world) codes(rep string, good func(string) bool) string {
	parts := components(rep)
	for n := 1; n < len(parts); n++ {
		v := unescape(parts[n])
		if d := digits(v); len(d) >= 8 && d == v { // the date of a tariff
			parts[n] = w.date(v)
			continue
		}
		parts[n] = w.kept(v, good)
	}
	return joined(parts)
}

// testINS is the authority of INS that nobody has.
const (
	testINS  = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO"
	rpps     = "ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO"
	insArc   = "1.2.250.1.213.1.4."
	ourArc   = "1.2.250.1.999."
	ourFINES = "990000017"
)

// identifier writes a CX.
func (w *world) identifier(parts []string, about ofTraits) string {
	value, typ := unescape(first(part(parts, 1))), w.kept(unescape(first(part(parts, 5))), isCode)
	if value == "" {
		return ""
	}
	assigner := part(parts, 4)
	switch {
	case value == null:
		value = null
	case typ == "INS" || strings.Contains(assigner, insArc) || strings.Contains(assigner, "INS-N"):
		ins := w.ins(value, about.birth)
		if ins == "" {
			return ""
		}
		return joined([]string{"", ins, "", "", testINS, "INS"})
	case typ == "NH" || typ == "SS" || typ == "INS-C":
		return "" // numbers of a person that have a key and no test range
	default:
		value = escape(w.number(value))
	}
	return joined([]string{"", value, "", "", w.authority(strings.Split(assigner, "&"), "&"), typ})
}

// authority writes an HD, with its parts separated as it was.
func (w *world) authority(parts []string, separator string) string {
	parts = append([]string{""}, parts...)
	name, id, typ := unescape(part(parts, 1)), unescape(part(parts, 2)), unescape(part(parts, 3))
	if name == "" && id == "" {
		return ""
	}
	n := w.ordinal("authority", fold(name+"^"+id))
	out := []string{"ETAB" + n}
	switch {
	case id == "":
	case typ == "ISO":
		out = append(out, ourArc+n, "ISO")
	default:
		out = append(out, ourFINES, w.kept(typ, isCode))
	}
	if name == "" {
		out[0] = ""
	}
	return strings.TrimRight(strings.Join(out, separator), separator)
}

// entity writes an EI.
func (w *world) entity(parts []string) string {
	value := unescape(first(part(parts, 1)))
	if value == "" {
		return ""
	}
	if value != null {
		value = escape(w.number(value))
	}
	rest := w.authority([]string{part(parts, 2), part(parts, 3), part(parts, 4)}, "^")
	return strings.TrimRight(value+"^"+rest, "^")
}

// titles are prefixes that say nothing but a sex or a trade.
var titles = set("M M. MR MR. MME MME. MLLE MLLE. DR DR. PR PR.")

// person writes an XPN.
func (w *world) person(parts []string, about ofTraits) string {
	out := make([]string, 11)
	if f := unescape(first(part(parts, 1))); letters(f) != "" {
		out[1] = escape(w.name(f, about.sex, true))
	}
	sex := about.sex
	switch fold(unescape(part(parts, 5))) {
	case "MME", "MME.", "MLLE", "MRS":
		sex = "F"
	case "M", "M.", "MR", "MR.":
		sex = "M"
	}
	for _, n := range []int{2, 3} {
		var list []string
		for g := range strings.FieldsFuncSeq(unescape(first(part(parts, n))), func(r rune) bool { return r == ' ' || r == ',' }) {
			if letters(g) != "" {
				list = append(list, w.name(g, sex, false))
			}
		}
		out[n] = escape(strings.Join(list, " "))
	}
	if p := unescape(part(parts, 5)); titles()[fold(p)] {
		out[5] = p
	}
	if joined(out) == "" {
		return ""
	}
	out[7], out[8] = w.kept(part(parts, 7), isCode), w.kept(part(parts, 8), isCode)
	return joined(out)
}

// practitioner writes an XCN.
func (w *world) practitioner(parts []string) string {
	id, family, given := unescape(first(part(parts, 1))), unescape(first(part(parts, 2))), unescape(part(parts, 3))
	if id == "" && letters(family) == "" {
		return ""
	}
	d := w.doctor(id, family, given)
	out := make([]string, 14)
	out[13] = w.kept(part(parts, 13), isCode)
	if id != "" {
		out[1] = d.RPPS
		if out[13] != "RPPS" {
			out[1] = escape(w.number(id))
		}
	}
	if letters(family) != "" {
		out[2] = d.Family
	}
	if letters(given) != "" {
		out[3] = d.Given
	}
	if p := unescape(part(parts, 6)); titles()[fold(p)] {
		out[6] = p
	}
	if a := part(parts, 9); out[13] == "RPPS" && a != "" {
		out[9] = rpps
	} else {
		out[9] = w.authority(strings.Split(a, "&"), "&")
	}
	out[10] = w.kept(part(parts, 10), isCode)
	return joined(out)
}

// address writes an XAD: a place of birth, or where somebody lives.
func (w *world) address(parts []string) string {
	out := make([]string, 10)
	out[6], out[7] = w.kept(part(parts, 6), isCode), w.kept(part(parts, 7), isCode)
	insee := unescape(part(parts, 9))
	if out[7] == "BDL" || out[7] == "N" || out[7] == "BR" {
		key := insee
		if key == "" {
			key = unescape(part(parts, 3))
		}
		if key == "" {
			return joined(out)
		}
		p := w.place(key)
		if insee != "" {
			out[9] = p.Code
		}
		if town := unescape(part(parts, 3)); town != "" {
			out[3] = escape(p.Name)
			if _, known := w.places[alphanumeric(town)]; !known {
				w.places[alphanumeric(town)] = p // PID-23 may name it
			}
		}
		if out[6] != "" && p.Country != "" {
			out[6] = p.Country
		}
		return joined(out)
	}
	a := w.home(strings.Join(parts[:min(len(parts), 6)], "^"))
	for n, v := range map[int]string{1: a.Street, 2: a.Extra, 3: a.City, 5: a.PostalCode} {
		if part(parts, n) != "" {
			out[n] = escape(v)
		}
	}
	return joined(out)
}

// telephone writes an XTN: the number where it was, or the mail address.
func (w *world) telephone(parts []string) string {
	out := make([]string, 13)
	out[2], out[3] = w.kept(part(parts, 2), isCode), part(parts, 3)
	if !isCode(strings.ToUpper(out[3])) {
		out[3] = ""
	}
	found := false
	for n := 1; n < len(parts) && n < len(out); n++ {
		if n == 2 || n == 3 {
			continue
		}
		v := unescape(parts[n])
		switch {
		case strings.Contains(v, "@"):
			out[4], found = w.mail(v), true
		case len(digits(v)) >= 6:
			out[n], found = w.phone(v), true
		}
	}
	if !found {
		return ""
	}
	return joined(out)
}

// location writes a PL.
func (w *world) location(parts []string) string {
	out := make([]string, 7)
	if v := unescape(first(part(parts, 1))); v != "" && v != null {
		out[1] = escape(w.number(v))
	}
	for _, n := range []int{2, 3} {
		if v := unescape(first(part(parts, n))); len(v) <= 4 {
			out[n] = w.kept(v, isCode)
		}
	}
	out[4] = w.authority(strings.Split(part(parts, 4), "&"), "&")
	out[5], out[6] = w.kept(part(parts, 5), isCode), w.kept(part(parts, 6), isCode)
	return joined(out)
}

// organisation writes an XON: the label and the code of a unit.
func (w *world) organisation(parts []string) string {
	out := make([]string, 11)
	if v := letters(unescape(first(part(parts, 1)))); v != "" {
		out[1] = "UF " + w.ordinal("unit", v)
	}
	out[6] = w.authority(strings.Split(part(parts, 6), "&"), "&")
	out[7] = w.kept(part(parts, 7), isCode)
	if v := unescape(first(part(parts, 10))); v != "" {
		out[10] = escape(w.number(v))
	}
	if v := unescape(first(part(parts, 3))); v != "" {
		out[3] = escape(w.number(v))
	}
	return joined(out)
}
