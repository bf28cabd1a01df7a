package rules_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/schema"
)

// How many single changes the mutation check makes, and from which seed.
const (
	mutations    = 5000
	mutationSeed = 20260302
)

// codingSystems is the table of the names of other tables.
const codingSystems = "0396"

// A mutation is one change at random of a conformant message.
type mutation struct {
	class string // what is bent, and what binds it: "garbage: closed table"
	bound bool   // a definition of the profile forbids the outcome
	what  string // for people
}

// A mutator changes a message; ok is false when it found nothing to change.
type mutator struct {
	name   string
	weight int // how often it is drawn
	mutate func(*subject, *rand.Rand) (m mutation, ok bool)
}

var mutators = []mutator{
	{"delete field", 6, deleteField},
	{"delete component", 4, deleteComponent},
	{"garbage", 8, garbage},
	{"lower case", 3, lowerCase},
	{"31 February", 3, noSuchDay},
	{"fill", 3, fillField},
	{"repeat", 2, repeatField},
	{"swap", 3, swapFields},
	{"drop segment", 2, dropSegment},
	{"repeat segment", 2, repeatSegment},
	{"move segment", 2, moveSegment},
}

// TestMutations bends conformant messages at random. What a definition binds is
// always noticed; of the rest it reports which share is.
func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(mutationSeed, 0))
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	subjects := conformant(t, j)
	var draw []mutator
	for _, m := range mutators {
		draw = append(draw, slices.Repeat([]mutator{m}, m.weight)...)
	}
	tallies := map[string]*tally{}
	var r rules.Report
	for done := 0; done < mutations; {
		s := subjects[random.IntN(len(subjects))].clone()
		before := bytes.Clone(s.Bytes())
		m, ok := draw[random.IntN(len(draw))].mutate(s, random)
		if !ok || bytes.Equal(before, s.Bytes()) {
			continue
		}
		done++
		j.Message(&r, s.Message)
		n := tallies[m.class]
		if n == nil {
			n = &tally{bound: m.bound}
			tallies[m.class] = n
		}
		n.count(&r)
		if m.bound && !noticed(&r) {
			t.Errorf("not noticed: %s: %s in %s", m.class, m.what, s.name)
		}
	}
	report(t, tallies)
}

// tally counts what became of the mutations of a class.
type tally struct {
	bound                bool
	all, noticed, hinted int
}

func (n *tally) count(r *rules.Report) {
	n.all++
	switch {
	case noticed(r):
		n.noticed++
	case len(r.Findings) > 0:
		n.hinted++
	}
}

// noticed says whether there is more than hints.
func noticed(r *rules.Report) bool {
	return slices.ContainsFunc(r.Findings, func(f rules.Finding) bool { return f.Level >= rules.Should })
}

func report(t *testing.T, tallies map[string]*tally) {
	t.Helper()
	var classes []string
	var all, bound tally
	for class, n := range tallies {
		classes = append(classes, class)
		all.all, all.noticed, all.hinted = all.all+n.all, all.noticed+n.noticed, all.hinted+n.hinted
		if n.bound {
			bound.all, bound.noticed = bound.all+n.all, bound.noticed+n.noticed
		}
	}
	slices.Sort(classes)
	for _, class := range classes {
		n := tallies[class]
		t.Logf("%-46s %5d  noticed %5.1f %%  only a hint %5.1f %%", class, n.all, share(n.noticed, n.all), share(n.hinted, n.all))
	}
	t.Logf("%-46s %5d  noticed %5.1f %%  only a hint %5.1f %%", "all", all.all, share(all.noticed, all.all), share(all.hinted, all.all))
	t.Logf("%-46s %5d  noticed %5.1f %%", "bound by a definition", bound.all, share(bound.noticed, bound.all))
}

func share(part, of int) float64 { return 100 * float64(part) / float64(max(of, 1)) }

// subject is a message that is about to be bent, with what defines it.
type subject struct {
	*hl7.Message
	name    string
	profile *profile.Profile

	// What it has a value in, before it is bent.
	fields, components, leaves []leaf
}

func (s *subject) clone() *subject {
	c := *s
	c.Message = s.Message.Clone()
	return &c
}

// conformant returns the sample messages but the acknowledgements.
func conformant(t *testing.T, j *rules.Judge) []*subject {
	t.Helper()
	var list []*subject
	var r rules.Report
	for _, name := range rules.Samples() {
		m, err := rules.Sample(name)
		require.NoError(t, err)
		if m.Header().Type == "ACK" {
			continue
		}
		j.Message(&r, m)
		s := &subject{Message: m, name: name, profile: r.Profile()}
		s.fields = s.findFields()
		s.components = s.findComponents()
		s.leaves = s.findLeaves()
		list = append(list, s)
	}
	return list
}

// leaf is a place in a message, with what defines it.
type leaf struct {
	path      string
	value     string
	usage     schema.Usage
	typ       *schema.TypeDef
	table     *schema.Table
	composite bool // it has components below
	alone     bool // nothing else of what it is part of has a value
}

// findFields returns the fields that have a value, without those that say how to
// read the rest.
func (s *subject) findFields() []leaf {
	var list []leaf
	for seg := range s.Segments() {
		def := s.profile.Version.Segment(seg.Name())
		if def == nil {
			continue
		}
		for n := 1; n <= min(seg.NumFields(), len(def.Fields)); n++ {
			v := seg.Field(n)
			if seg.Name() == "MSH" && (n <= 2 || n == 18) || len(v.Raw()) == 0 {
				continue
			}
			f := def.Field(n)
			path := fmt.Sprintf("%s[%d]-%d", seg.Name(), seg.Occurrence(), n)
			list = append(list, leaf{path, string(v.Raw()), f.Usage, f.Type, f.Table, f.Type != nil && !f.Type.Primitive(), false})
		}
	}
	return list
}

// findComponents returns the components of the fields, and theirs, that have a
// value. A type of one component is left to its field.
func (s *subject) findComponents() []leaf {
	var list []leaf
	for _, f := range s.fields {
		if !f.composite || len(f.typ.Components) == 1 {
			continue
		}
		for i, repetition := range strings.Split(f.value, "~") {
			list = below(list, f.typ, fmt.Sprintf("%s[%d]", f.path, i+1), repetition, "^")
		}
	}
	return list
}

func below(list []leaf, typ *schema.TypeDef, path, raw, delimiter string) []leaf {
	alone := !strings.Contains(strings.Trim(raw, delimiter), delimiter)
	for i, text := range strings.Split(raw, delimiter) {
		c := typ.Component(i + 1)
		if c == nil || text == "" {
			continue
		}
		at := leaf{fmt.Sprintf("%s.%d", path, i+1), text, c.Usage, c.Type, c.Table, delimiter == "^" && c.Type != nil && len(c.Type.Components) > 1, alone}
		list = append(list, at)
		if at.composite {
			list = below(list, c.Type, at.path, text, "&")
		}
	}
	return list
}

// findLeaves returns the places that have a value of their own.
func (s *subject) findLeaves() []leaf {
	var list []leaf
	for _, f := range slices.Concat(s.fields, s.components) {
		if f.typ != nil && !f.typ.Primitive() && len(f.typ.Components) > 1 || strings.ContainsAny(f.value, "~^&\"") {
			continue
		}
		if f.typ != nil && len(f.typ.Components) > 0 { // TS has its value in TS.1, CE its code in CE.1
			c := f.typ.Components[0]
			if f.typ = c.Type; f.table == nil {
				f.table = c.Table
			}
		}
		list = append(list, f)
	}
	return list
}

// binding says what binds the value of a leaf, and whether a value that nobody
// means breaks it.
func (s *subject) binding(l leaf) (name string, bound bool) {
	switch {
	case l.table == nil || !l.table.Closed():
	case l.table.Number == codingSystems:
		return "coding system", false // partners may agree on others
	case l.table.Kind == schema.HL7Table:
		return "closed table", true
	default:
		return "open table", false
	}
	if l.typ != nil {
		switch l.typ.Format {
		case schema.FormatDate, schema.FormatDateTime, schema.FormatTime, schema.FormatPairedTime:
			return "date", true
		case schema.FormatNumber, schema.FormatSequence:
			return "number", true
		case schema.FormatCode:
			return "code without a list", false
		}
	}
	return "text", false
}

func pick[T any](random *rand.Rand, list []T) (T, bool) {
	var none T
	if len(list) == 0 {
		return none, false
	}
	return list[random.IntN(len(list))], true
}

func (s *subject) set(path, value string) bool {
	p, err := hl7.CompilePath(path)
	return err == nil && s.Set(p, value) == nil
}
