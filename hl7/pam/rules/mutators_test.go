package rules_test

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7/schema"
)

// usageClass names what a usage demands.
func usageClass(u schema.Usage) string {
	switch u {
	case schema.Required:
		return "required"
	case schema.Conditional, schema.ConditionalOrEmpty:
		return "conditional"
	case schema.NotUsed, schema.Withdrawn:
		return "not used"
	}
	return "optional"
}

func deleteField(s *subject, random *rand.Rand) (mutation, bool) {
	f, ok := pick(random, s.fields)
	return mutation{"delete field: " + usageClass(f.usage), f.usage == schema.Required, f.path}, ok && s.set(f.path, "")
}

func deleteComponent(s *subject, random *rand.Rand) (mutation, bool) {
	c, ok := pick(random, s.components)
	class, bound := usageClass(c.usage), c.usage == schema.Required
	if c.alone { // without it there is nothing that could lack it
		class, bound = "the only one", false
	}
	return mutation{"delete component: " + class, bound, c.path}, ok && s.set(c.path, "")
}

// bend gives a leaf another value.
func (s *subject) bend(name string, l leaf, value string) (mutation, bool) {
	by, bound := s.binding(l)
	return mutation{name + ": " + by, bound, l.path + " = " + value}, s.set(l.path, value)
}

func garbage(s *subject, random *rand.Rand) (mutation, bool) {
	l, ok := pick(random, s.leaves)
	if !ok {
		return mutation{}, false
	}
	return s.bend("garbage", l, "?x?")
}

// lowerCase writes a code small, unless the table has that, too.
func lowerCase(s *subject, random *rand.Rand) (mutation, bool) {
	l, ok := pick(random, s.leaves)
	small := strings.ToLower(l.value)
	if !ok || l.table == nil || small == l.value || l.table.Contains([]byte(small)) {
		return mutation{}, false
	}
	return s.bend("lower case", l, small)
}

func noSuchDay(s *subject, random *rand.Rand) (mutation, bool) {
	l, ok := pick(random, s.leaves)
	if by, _ := s.binding(l); !ok || by != "date" {
		return mutation{}, false
	}
	return s.bend("31 February", l, "20260231")
}

// fillField gives a field a value that has none.
func fillField(s *subject, random *rand.Rand) (mutation, bool) {
	seg := s.Segment(random.IntN(s.NumSegments()))
	def := s.profile.Version.Segment(seg.Name())
	if def == nil {
		return mutation{}, false
	}
	n := 1 + random.IntN(len(def.Fields)+2) // or beyond the last
	path := seg.Name() + "[" + strconv.Itoa(seg.Occurrence()) + "]-" + strconv.Itoa(n)
	if seg.Name() == "MSH" && n <= 2 || len(seg.Field(n).Raw()) > 0 {
		return mutation{}, false
	}
	class, bound := "beyond the last", true
	if f := def.Field(n); f != nil {
		class, bound = usageClass(f.Usage), f.Usage == schema.NotUsed
	}
	return mutation{"fill: " + class, bound, path}, s.set(path, "1")
}

// repeatField sends a field twice.
func repeatField(s *subject, random *rand.Rand) (mutation, bool) {
	f, ok := pick(random, s.fields)
	if !ok {
		return mutation{}, false
	}
	name, n, _ := strings.Cut(f.path, "-")
	number, _ := strconv.Atoi(n)
	most := s.profile.Version.Segment(name[:3]).Field(number).Max
	class, bound := "repeat: field that may repeat", false
	if most == 1 {
		class, bound = "repeat: field that may not", true
	}
	return mutation{class, bound, f.path}, s.set(f.path, f.value+"~"+f.value)
}

// swapFields exchanges two fields that stand side by side.
func swapFields(s *subject, random *rand.Rand) (mutation, bool) {
	f, ok := pick(random, s.fields)
	if !ok {
		return mutation{}, false
	}
	name, n, _ := strings.Cut(f.path, "-")
	number, _ := strconv.Atoi(n)
	next := name + "-" + strconv.Itoa(number+1)
	if name == "MSH[1]" && number == 17 || s.profile.Version.Segment(name[:3]).Field(number+1) == nil {
		return mutation{}, false
	}
	other := s.Get(next)
	class := "swap: with an empty field"
	if other != "" {
		class = "swap: two values"
	}
	return mutation{class, false, f.path}, s.set(next, f.value) && s.set(f.path, other)
}

// slotOf returns the place of segment i in the grammar of its event.
func (s *subject) slotOf(i int) (schema.Slot, bool) {
	e := s.profile.Event(s.Header().Trigger)
	if e == nil || e.Grammar == nil {
		return schema.Slot{}, false
	}
	var match schema.Match
	e.Grammar.Match(s.Message, &match)
	if n := match.Places[i].Slot; n >= 0 {
		return e.Grammar.Slots()[n], true
	}
	return schema.Slot{}, false
}

func (s *subject) anySegment(random *rand.Rand) (i int, slot schema.Slot, ok bool) {
	i = 1 + random.IntN(s.NumSegments()-1) // not MSH
	slot, ok = s.slotOf(i)
	return i, slot, ok
}

func dropSegment(s *subject, random *rand.Rand) (mutation, bool) {
	i, slot, ok := s.anySegment(random)
	class, bound := "drop segment: optional", false
	if slot.Min > 0 && slot.Group == "" {
		class, bound = "drop segment: required", true
	}
	name := s.Segment(i).Name()
	return mutation{class, bound, name}, ok && s.RemoveSegment(i) == nil
}

func repeatSegment(s *subject, random *rand.Rand) (mutation, bool) {
	i, slot, ok := s.anySegment(random)
	class, bound := "repeat segment: that may repeat", false
	if slot.Max == 1 && slot.Group == "" {
		class, bound = "repeat segment: that may not", true
	}
	seg := s.Segment(i)
	return mutation{class, bound, seg.Name()}, ok && s.AddSegment(i, string(seg.Raw())) == nil
}

// moveSegment puts a segment behind the next one.
func moveSegment(s *subject, random *rand.Rand) (mutation, bool) {
	i, _, ok := s.anySegment(random)
	if !ok || i+1 >= s.NumSegments() || s.Segment(i).Name() == s.Segment(i+1).Name() {
		return mutation{}, false
	}
	name, raw := s.Segment(i).Name(), string(s.Segment(i).Raw())
	what := name + " behind " + s.Segment(i+1).Name()
	return mutation{"move segment: behind the next", true, what}, s.AddSegment(i+1, raw) == nil && s.RemoveSegment(i) == nil
}
