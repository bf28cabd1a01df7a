package pam_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// TestWandering takes steps at random, in the past too. What is refused is
// refused with a reason; what is built is as conformant as any message, and the
// stay never loses its order.
func TestWandering(t *testing.T) {
	t.Parallel()
	grammars, fields := readGrammars(t), readFields(t)
	for _, d := range pam.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			paths, built, fields := map[string]hl7.Path{}, 0, fields.of(d)
			for seed := range seeds() / 10 {
				heard := ledger{}
				for _, s := range wander(t, seed, d, 40) {
					want := demands{sent: s, paths: paths}
					want.grammar(grammars[key{family(d), s.trigger}])
					want.fields(fields[s.trigger])
					want.movement()
					want.told(heard)
					require.Empty(t, want.broken, "%s\n%s", s.name, show(s.message))
					built++
				}
			}
			require.Greater(t, uint64(built), seeds()/5)
		})
	}
}

// wander builds what a stay allows of so many random steps.
func wander(t *testing.T, seed uint64, d pam.Dialect, steps int) []sent {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	g := pam.NewGenerator(seed, noon)
	p, err := g.Patient(pam.PatientSpec{Letters: "latin1"})
	require.NoError(t, err)
	class := []string{"I", "I", "O", "E", "R"}[r.IntN(5)]
	st, err := g.Stay(pam.StaySpec{Class: class})
	require.NoError(t, err)
	j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
	events := []pam.Trigger{
		"A01", "A04", "A11", "A03", "A13", "A05", "A38", "A06", "A07", "A02", "A12", "A54", "A55", "A21", "A52", "A22", "A53",
		"Z99", "A14", "A27", "A15", "A26", "A16", "A25", "A09", "A33", "A10", "A32",
	}
	classes := pam.KnownValues("stay.class")
	var all []sent
	for i := range steps {
		s := stop{step: fmt.Sprint(i), trigger: events[r.IntN(len(events))]}
		if len(all) == 0 && r.IntN(2) == 0 {
			s.trigger = []pam.Trigger{"A01", "A04"}[r.IntN(2)]
		}
		if r.IntN(3) == 0 {
			s.change.At = time.Duration(r.IntN(40)) * 37 * time.Minute
		}
		if r.IntN(4) == 0 {
			s.change.Start = span(time.Duration(r.IntN(40)) * 41 * time.Minute)
		}
		if r.IntN(3) == 0 {
			s.change.Of = fmt.Sprint(r.IntN(i + 1))
		}
		switch r.IntN(12) {
		case 0:
			s.change.Unit = unit(fmt.Sprint(1000 + r.IntN(3)))
		case 1:
			s.change.Room = fmt.Sprint(r.IntN(3))
		case 2:
			s.change.Housing, s.change.NoBed = unit(fmt.Sprint(1000+r.IntN(3))), true
		case 3:
			s.change.Tariff = fmt.Sprint(r.IntN(3))
		case 4:
			s.change.Class = classes[r.IntN(len(classes))]
		case 5:
			s.change.Planned = time.Duration(100+r.IntN(40)) * time.Hour
		}
		before := j.Movements()
		m, err := j.Message(s.step, s.trigger, s.change)
		var spec *pam.SpecError
		var state *pam.StateError
		if errors.As(err, &spec) || errors.As(err, &state) || errors.Is(err, pam.ErrNotApplicable) {
			require.Equal(t, before, j.Movements())
			continue
		}
		require.NoError(t, err)
		require.NoError(t, m.CheckText())
		all = append(all, sent{
			name: fmt.Sprintf("%s, seed %d, step %s %+v", d.Name, seed, s.step, s.change), trigger: s.trigger,
			of: pam.Trigger(m.Get("ZBE-6")), message: m, patient: j.Patient(),
		})
	}
	return all
}

// ledger is what a receiver has heard of the movements of a stay, by ZBE-1.
type ledger map[string]entry

type entry struct{ trigger, start string }

// told demands that ZBE fits what was told before (PAM.fr 5.3.1, 6.13): numbers
// are new or known, a cancellation repeats the date, and ZBE-5 tells whether a
// later movement stands.
func (d *demands) told(heard ledger) {
	id, start, action := d.get("ZBE-1"), d.get("ZBE-2"), d.get("ZBE-4")
	if id == "" {
		return
	}
	known, again := heard[id]
	d.that(again == (action != "INSERT"), "ZBE-1 %s of an %s", id, action)
	d.that(!again || known.trigger == d.get("ZBE-6"), "ZBE-6 of a %s", known.trigger)
	d.that(action != "CANCEL" || known.start == start, "ZBE-2 %s of what began %s", start, known.start)
	occurred, waits := d.get("EVN-6"), d.get("EVN-3")
	d.that((occurred == "") != (waits == ""), "EVN-6 %s and EVN-3 %s", occurred, waits)
	past := "N"
	for other, e := range heard {
		if other != id && e.start > start {
			past = "Y"
		}
	}
	overtaken := d.get("ZBE-9") == "" && action == "CANCEL" // IHE: what is pending is current
	d.that(overtaken || d.get("ZBE-5") == past, "ZBE-5 is not %s", past)
	switch action {
	case "INSERT":
		heard[id] = entry{string(d.trigger), start}
	case "UPDATE":
		heard[id] = entry{known.trigger, start}
	case "CANCEL":
		delete(heard, id)
	}
}
