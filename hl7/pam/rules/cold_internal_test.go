package rules

import (
	"testing"

	"github.com/pamlab/pamlab/hl7/pam/profile"
)

// BenchmarkCold is what the first message of a process pays for the catalogue:
// the rules of its event are looked for, compiled and run. Definitions are already
// there (see the benchmark of package profile).
func BenchmarkCold(b *testing.B) {
	prof, err := profile.Load("")
	if err != nil {
		b.Fatal(err)
	}
	m, err := Sample("A01")
	if err != nil {
		b.Fatal(err)
	}
	c := load()
	b.ReportAllocs()
	for b.Loop() {
		c.compiler = compiler{names: generatedSegments[:]}
		clear(c.codes)
		clear(c.levels)
		j, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		var r Report
		j.plans[prof.Name] = j.newPlan(prof)
		j.Message(&r, m)
	}
}
