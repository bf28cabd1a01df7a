package schema_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// journeys returns messages of a dialect: stays of several people, from their
// expectation to their discharge.
func journeys(t testing.TB, dialect string, people int) []*hl7.Message {
	t.Helper()
	d, err := pam.DialectByName(dialect)
	require.NoError(t, err)
	g := pam.NewGenerator(11, time.Date(2026, time.March, 9, 12, 0, 0, 0, time.UTC))
	var all []*hl7.Message
	for range people {
		p, err := g.Patient(pam.PatientSpec{})
		require.NoError(t, err)
		st, err := g.Stay(pam.StaySpec{})
		require.NoError(t, err)
		j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, p, st)
		for _, trigger := range []pam.Trigger{"A05", "A01", "A02", "A12", "A03"} {
			m, err := j.Message("step", trigger, pam.Change{})
			require.NoError(t, err)
			all = append(all, m)
		}
	}
	return all
}

// twenty are the messages that the benchmarks run on.
func twenty(b *testing.B) (messages []*hl7.Message, structures []*schema.Structure) {
	messages = journeys(b, "pam-2.5", 4)
	bytes := 0
	for _, m := range messages {
		h := m.Header()
		s := schema.V25().StructureOf(h.Type, h.Trigger)
		require.NotNil(b, s)
		structures = append(structures, s)
		bytes += len(m.Bytes())
	}
	b.SetBytes(int64(bytes / len(messages)))
	b.ReportAllocs()
	return messages, structures
}

// BenchmarkStructure matches messages that conform to the grammar of a profile.
func BenchmarkStructure(b *testing.B) {
	messages, _ := twenty(b)
	grammar, err := schema.Compile("A01", french["A01"])
	require.NoError(b, err)
	a01 := messages[:0]
	for _, m := range messages {
		if m.Header().Trigger == "A01" {
			a01 = append(a01, m)
		}
	}
	var match schema.Match
	for i := 0; b.Loop(); i++ {
		grammar.Match(a01[i%len(a01)], &match)
		if len(match.Findings) > 0 {
			b.Fatal(match.Findings)
		}
	}
}

// BenchmarkStructureLocal matches messages that conform to HL7's own grammar but
// for a Z segment.
func BenchmarkStructureLocal(b *testing.B) {
	messages, structures := twenty(b)
	var match schema.Match
	for i := 0; b.Loop(); i++ {
		structures[i%20].Match(messages[i%20], &match)
	}
}

// BenchmarkStructureFaulty matches messages that have lost their EVN.
func BenchmarkStructureFaulty(b *testing.B) {
	messages, structures := twenty(b)
	for i, m := range messages {
		messages[i] = m.Clone()
		messages[i].RemoveSegment(1)
	}
	var match schema.Match
	for i := 0; b.Loop(); i++ {
		structures[i%20].Match(messages[i%20], &match)
	}
}

// BenchmarkFields checks every field of every segment, with all kinds of
// findings wanted, and then with those alone that are faults in any reading.
func BenchmarkFields(b *testing.B) {
	for name, skip := range map[string]schema.Kinds{
		"all":    0,
		"strict": schema.KindsOf(schema.TooLong, schema.NotSuggested, schema.FieldDeprecated, schema.LeadingBlank),
	} {
		b.Run(name, func(b *testing.B) {
			messages, _ := twenty(b)
			c := schema.Checker{Version: schema.V25(), Skip: skip}
			var found []schema.Finding
			for i := 0; b.Loop(); i++ {
				found = c.Message(found[:0], messages[i%20])
			}
		})
	}
}

// BenchmarkCompile reads the longest grammar.
func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schema.Compile("A01", french["A01"]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDraft makes a profile.
func BenchmarkDraft(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d := schema.V25().Draft("profile")
		d.Field("PID", 3).Usage = schema.Required
		if _, err := d.Version(); err != nil {
			b.Fatal(err)
		}
	}
}
