package pam_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// seeds is how many seeds the properties are tried with.
func seeds() uint64 {
	if testing.Short() || underRace {
		return 50
	}
	return 1000
}

var charsets = []hl7.Charset{hl7.UTF8, hl7.Latin9, hl7.Latin1, hl7.ASCII}

// TestConformity builds every event in every dialect for a thousand seeds and
// holds each message against the grammars and field lists of testdata, against
// the rules between fields that no list can say, and against the catalogue of
// rules. Building costs as much as judging, so one walk serves for all.
func TestConformity(t *testing.T) {
	t.Parallel()
	grammars, fields := readGrammars(t), readFields(t)
	for _, d := range pam.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			built, paths := map[pam.Trigger]int{}, map[string]hl7.Path{}
			fields, court := fields.of(d), newCourt(t, d)
			for seed := range seeds() {
				cs := charsets[seed%uint64(len(charsets))]
				controls := map[string]bool{}
				all := tour(t, seed, d, cs)
				court.hear(all)
				for _, s := range all {
					built[s.trigger]++
					want := demands{sent: s, paths: paths}
					g, ok := grammars[key{family(d), s.trigger}]
					want.that(ok, "no grammar")
					want.grammar(g)
					want.fields(fields[s.trigger])
					want.bytes(cs)
					want.identity()
					want.movement()
					control := want.get("MSH-10")
					want.that(!controls[control], "MSH-10 %s again", control)
					controls[control] = true
					require.Empty(t, want.broken, "%s\n%s", s.name, show(s.message))
				}
			}
			court.verdict(t)
			for _, trigger := range pam.Triggers() {
				if ok, _ := d.Supports(trigger); ok {
					require.NotZero(t, built[trigger], "no tour builds %s", trigger)
				}
			}
		})
	}
}

func show(m *hl7.Message) string { return strings.ReplaceAll(string(m.Bytes()), "\r", "\n") }

// demands collects what a message breaks. It is cheaper than an assertion for
// each rule of each of many thousand messages.
type demands struct {
	sent
	broken []string
	paths  map[string]hl7.Path
}

// get reads a path, compiled once.
func (d *demands) get(path string) string {
	p, ok := d.paths[path]
	if !ok {
		p = hl7.MustPath(path)
		d.paths[path] = p
	}
	return d.message.Lookup(p).String()
}

func (d *demands) that(holds bool, format string, args ...any) {
	if !holds {
		d.broken = append(d.broken, fmt.Sprintf(format, args...))
	}
}

// bytes demands what every message owes, whatever it says.
func (d *demands) bytes(cs hl7.Charset) {
	raw := d.message.Bytes()
	again, err := hl7.Parse(slices.Clone(raw))
	d.that(err == nil && bytes.Equal(raw, again.Bytes()), "no round trip: %v", err)
	err = d.message.CheckText()
	d.that(err == nil, "character set: %v", err)
	d.that(len(d.message.Oddities()) == 0, "oddities: %v", d.message.Oddities())
	d.that(d.get("MSH-18") == string(cs), "MSH-18")
	err = pam.CheckIdentities(d.message)
	d.that(err == nil, "guard: %v", err)
	d.that(bytes.HasSuffix(raw, []byte("\r")), "no final CR")
	for _, bad := range []string{"|\r", "^|", "&^", "~|"} {
		d.that(!bytes.Contains(raw, []byte(bad)), "%q: empty parts at the end", bad)
	}
	d.that(len(d.get("MSH-10")) <= 20, "MSH-10 longer than 20")
	accents := slices.ContainsFunc(raw, func(c byte) bool { return c >= 0x80 })
	d.that(accents == (cs != hl7.ASCII), "accents: %v in %s", accents, cs)
}

var (
	insForm   = regexp.MustCompile(`^[0-9]{5}([0-9]{2}|2A|2B)[0-9]{8}$`)
	traitForm = regexp.MustCompile(`^[A-Z' -]+$`)
	phoneForm = regexp.MustCompile(`^((019900|026191|035301|046571|053649|063998)\d{4})?$`)
	names     = hl7.MustPath("PID-5[*]")
	phones    = hl7.MustPath("PID-13[*]")
)

// identity demands that PID-3, PID-5, PID-7, PID-8, PID-11 and PID-32 tell one
// story (PAM.fr 4.4, 6.6).
func (d *demands) identity() {
	ins, status, place := d.get("PID-3[.5=INS].1"), d.get("PID-32"), d.get("PID-11[.7=BDL].9")
	if ins == `""` { // a deletion, by an A47 that says which (PAM.fr 4.4.3)
		d.that(d.trigger == "A47" && pam.ValidINS(d.get("MRG-1.1")) && d.get("MRG-1.4") == d.get("PID-3[.5=INS].4"), "INS deleted")
		d.that(d.get("PID-3[.5=INS].4") == insAuthority, "authority of the deletion")
		ins = ""
	}
	if status != "" {
		want := map[string]string{"qualified": "VALI", "validated": "VALI", "retrieved": "PROV", "provisional": "PROV"}
		d.that(status == want[d.patient.Identity], "PID-32 %s of a %s identity", status, d.patient.Identity)
		d.that((ins != "") == (d.patient.Identity == pam.Qualified), "INS of a %s identity", d.patient.Identity)
		for _, n := range []string{"1", "2", "3"} {
			d.that(traitForm.MatchString(d.get("PID-5[.7=L]."+n)), "PID-5.%s is no strict trait", n)
		}
		d.that(strings.HasPrefix(d.get("PID-5[.7=L].3"), d.get("PID-5[.7=L].2")), "PID-5.3 does not begin with PID-5.2")
	}
	if ins != "" {
		d.that(status == "VALI" && pam.ValidINS(ins) && insForm.MatchString(ins), "INS %s", ins)
		d.that(d.get("PID-3[.5=INS].4") == "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO", "authority of the INS")
		birth, sex := d.get("PID-7"), map[string]string{"M": "1", "F": "2"}[d.get("PID-8")]
		d.that(ins[:10] == sex+birth[2:6]+place, "INS %s, born %s in %s, sex %s", ins, birth, place, sex)
	}
	d.that(d.patient.Birth.Year() >= 1976 || !strings.HasPrefix(place, "2A") && !strings.HasPrefix(place, "2B"), "born in %s in %d", place, d.patient.Birth.Year())
	for name := range d.message.All(names) { // 48 characters in HL7 2.3.1, but for names that are long on purpose
		long := utf8.RuneCountInString(d.patient.Family) > 25
		d.that(strings.Contains(d.get("MSH-12"), "2.5") || status != "" || long || utf8.RuneCountInString(name.String()) <= 48, "PID-5 %s", name)
	}
	d.that(d.get("PID-7") <= d.get("MSH-7")[:8], "born after the message")
	d.that((d.get("PID-24") == "Y") == (d.get("PID-25") != ""), "PID-24 and PID-25")
	d.that((d.get("PID-30") == "Y") == (d.get("PID-29") != ""), "PID-29 and PID-30")
	if d.trigger == "A31" && status != "" {
		d.that(d.get("EVN-6") == d.get("PID-33"), "EVN-6 and PID-33")
	}
	for phone := range d.message.All(phones) {
		d.that(phoneForm.MatchString(phone.Component(12).String()+phone.Component(1).String()), "phone %s", phone)
	}
}

// movement demands that ZBE, EVN and PV1 agree (PAM.fr 5.3, 6.13).
func (d *demands) movement() {
	action, nature, occurred := d.get("ZBE-4"), d.get("ZBE-9"), d.get("EVN-6")
	if action == "" {
		return
	}
	want := "INSERT"
	switch {
	case d.trigger == "Z99":
		want = "UPDATE"
	case d.of != "":
		want = "CANCEL"
	}
	d.that(action == want, "ZBE-4 %s", action)
	d.that(d.get("ZBE-6") == string(d.of), "ZBE-6 %s, not %s", d.get("ZBE-6"), d.of)
	d.that(occurred == "" || occurred == d.get("ZBE-2"), "EVN-6 and ZBE-2")
	d.that(d.get("EVN-2") == d.get("MSH-7"), "EVN-2 and MSH-7")
	if nature == "" {
		return
	}
	d.that(slices.Contains([]string{"S", "H", "M", "L", "D", "SM", "SH", "MH", "LD", "HMS", "C"}, nature), "ZBE-9 %s", nature)
	corrects := d.trigger == "Z99" && slices.Contains([]pam.Trigger{"A01", "A04", "A05"}, d.of)
	d.that(nature != "C" || corrects, "ZBE-9 C in a %s of %s", d.trigger, d.of)
	d.that(nature != "L" || d.get("PV1-3.2")+d.get("PV1-3.3") != "", "ZBE-9 L without room or bed")
}

type key struct {
	family  string
	trigger pam.Trigger
}

type grammar struct {
	structure string
	order     *regexp.Regexp
}

// family names the grammars of a dialect.
func family(d pam.Dialect) string {
	return map[string]string{
		"pam-fr-2.11": "pam-fr", "pam-fr-2.10": "pam-fr", "adt-2.3.1+pid-2.5.1": "adt-2.3.1",
	}[d.Name] + map[bool]string{true: d.Name}[d.Name == "pam-2.5" || d.Name == "adt-2.3.1" || d.Name == "pam-fr-2.3.1"]
}

// readGrammars turns each line into an expression over the names of segments,
// each followed by a blank.
func readGrammars(t testing.TB) map[key]grammar {
	all := map[key]grammar{}
	for _, line := range lines(t, "grammars.txt") {
		words := strings.Fields(line)
		require.Greater(t, len(words), 3, line)
		var expression strings.Builder
		for _, w := range words[3:] {
			name := strings.TrimRight(w, "?*+")
			switch name {
			case "{":
				expression.WriteString("(?:")
			case "}":
				expression.WriteString(")" + w[1:])
			default:
				expression.WriteString("(?:" + name + " )" + w[len(name):])
			}
		}
		all[key{words[0], pam.Trigger(words[1])}] = grammar{words[2], regexp.MustCompile("^" + expression.String() + "$")}
	}
	return all
}

// grammar demands the segments in their order, and the structure's name.
func (d *demands) grammar(g grammar) {
	var names strings.Builder
	for segment := range d.message.Segments() {
		names.WriteString(segment.Name() + " ")
	}
	d.that(g.order.MatchString(names.String()), "segments %s", names.String())
	d.that(d.get("MSH-9") == "ADT^"+string(d.trigger)+"^"+g.structure, "MSH-9 %s", d.get("MSH-9"))
}

// fieldRule is a line of fields.txt: presence, absence, or a length.
type fieldRule struct {
	dialects, events string
	present          bool
	most             int // characters; 0 for a line about presence
	paths            []hl7.Path
}

type fieldRules []fieldRule

// of sorts out what holds for each event of a dialect.
func (all fieldRules) of(d pam.Dialect) map[pam.Trigger][]fieldRule {
	among := func(list, word string) bool { return list == "*" || slices.Contains(strings.Split(list, ","), word) }
	of := map[pam.Trigger][]fieldRule{}
	for _, r := range all {
		if !among(r.dialects, d.Name) {
			continue
		}
		for _, trigger := range pam.Triggers() {
			if among(r.events, string(trigger)) {
				of[trigger] = append(of[trigger], r)
			}
		}
	}
	return of
}

func readFields(t testing.TB) fieldRules {
	var all fieldRules
	for _, line := range lines(t, "fields.txt") {
		words := strings.Fields(line)
		require.Greater(t, len(words), 3, line)
		p := fieldRule{dialects: words[0], events: words[1], present: words[2] == "+"}
		if !strings.Contains("+-", words[2]) {
			var err error
			p.most, err = strconv.Atoi(words[2])
			require.NoError(t, err, line)
		}
		for _, w := range words[3:] {
			path, err := hl7.CompilePath(w)
			require.NoError(t, err)
			p.paths = append(p.paths, path)
		}
		all = append(all, p)
	}
	return all
}

// fields demands what has to be there, what must not, and what fits.
func (d *demands) fields(all []fieldRule) {
	for _, want := range all {
		for _, p := range want.paths {
			if want.most > 0 {
				for v := range d.message.All(p) {
					d.that(utf8.RuneCountInString(v.String()) <= want.most, "%s is longer than %d: %s", p, want.most, v)
				}
				continue
			}
			present := d.message.Lookup(p).State() == hl7.Present
			d.that(present == want.present, "%s is there: %v", p, present)
		}
	}
}

func lines(t testing.TB, name string) []string {
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// TestDeterminism builds a tour twice, and once more in another time zone: the
// numbers are the same, only the clock on the wall differs.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	for _, d := range pam.Dialects() {
		first, second := tour(t, 42, d, hl7.UTF8), tour(t, 42, d, hl7.UTF8)
		require.Equal(t, len(first), len(second))
		for i := range first {
			require.Equal(t, string(first[i].message.Bytes()), string(second[i].message.Bytes()), first[i].name)
		}
	}
	g := pam.NewGenerator(42, noon)
	elsewhere := pam.NewGenerator(42, noon.In(time.FixedZone("", 3600)))
	require.Equal(t, g.ControlID(), elsewhere.ControlID())
}
