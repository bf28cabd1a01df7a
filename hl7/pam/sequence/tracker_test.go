package sequence_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
	"github.com/pamlab/pamlab/internal/flatindex"
)

// stays builds the messages of some stays, whose order is right.
func stays(t testing.TB, dialect string, seed uint64) []*hl7.Message {
	t.Helper()
	d, err := pam.DialectByName(dialect)
	require.NoError(t, err)
	g := pam.NewGenerator(seed, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	p, err := g.Patient(pam.PatientSpec{Identity: pam.Qualified})
	require.NoError(t, err)
	st, err := g.Stay(pam.StaySpec{})
	require.NoError(t, err)
	j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{SendingApplication: fmt.Sprint("GAM", seed)}, p, st)
	var list []*hl7.Message
	for i, trigger := range []pam.Trigger{"A28", "A05", "A01", "A02", "A12", "A02", "Z99", "A21", "A22", "A16", "A25", "A03", "A13", "A03"} {
		if ok, _ := d.Supports(trigger); !ok {
			continue
		}
		m, err := j.Message(fmt.Sprint(i), trigger, pam.Change{})
		require.NoError(t, err, trigger)
		list = append(list, m)
	}
	return list
}

// judged returns the report of a message, for the tracker to go on with.
func judged(t testing.TB, j *rules.Judge, m *hl7.Message) *rules.Report {
	t.Helper()
	r := &rules.Report{}
	j.Message(r, m)
	return r
}

// TestBuiltJourneysAreInOrder: what the builder sends in any dialect raises
// nothing.
func TestBuiltJourneysAreInOrder(t *testing.T) {
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	for _, d := range pam.Dialects() {
		for seed := uint64(1); seed <= 50; seed++ {
			tracker := sequence.New(sequence.Options{})
			for _, m := range stays(t, d.Name, seed) {
				r := judged(t, j, m)
				n := len(r.Findings)
				tracker.Follow(r)
				for _, f := range r.Findings[n:] {
					t.Errorf("%s %s: %s %s", d.Name, m.Header().Trigger, f.Rule.ID, f.Message("en"))
				}
			}
		}
	}
}

// TestConcurrentStreams: streams about different patients may be fed from
// different goroutines.
func TestConcurrentStreams(t *testing.T) {
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	tracker := sequence.New(sequence.Options{})
	found := make([]int, 8)
	var streams [8][]*hl7.Message
	for i := range streams {
		streams[i] = stays(t, "pam-fr-2.11", uint64(i+1))
	}
	var wg sync.WaitGroup
	for i := range streams {
		wg.Go(func() {
			for _, m := range streams[i] {
				var r rules.Report
				j.Message(&r, m)
				n := len(r.Findings)
				tracker.Follow(&r)
				found[i] += len(r.Findings) - n
			}
		})
	}
	wg.Wait()
	require.Equal(t, make([]int, 8), found)
}

// TestMemoryIsBounded: a tracker that may remember few patients forgets the
// others, and takes what it has forgotten as unknown, not as wrong.
func TestMemoryIsBounded(t *testing.T) {
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	tracker := sequence.New(sequence.Options{Patients: 10})
	var early []*hl7.Message
	for seed := uint64(1); seed <= 100; seed++ {
		list := stays(t, "pam-fr-2.11", seed)
		if early == nil {
			early = list
		}
		for _, m := range list[:3] {
			tracker.Follow(judged(t, j, m))
		}
	}
	require.LessOrEqual(t, tracker.Remembered(), 10+3)
	r := judged(t, j, early[3])
	n := len(r.Findings)
	tracker.Follow(r)
	for _, f := range r.Findings[n:] {
		require.Equal(t, rules.Info, f.Level, f.Rule.ID)
	}
}

// BenchmarkFollowRatio says how often a flat index of the delimiters of a message
// could be made while the message is followed, as BenchmarkMessageRatio of package
// rules does for the judgement.
func BenchmarkFollowRatio(b *testing.B) {
	j, err := rules.New(rules.Options{})
	require.NoError(b, err)
	var reports []*rules.Report
	for seed := uint64(1); seed <= 20; seed++ {
		for _, m := range stays(b, "pam-fr-2.11", seed) {
			reports = append(reports, judged(b, j, m))
		}
	}
	fastest := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for b.Loop() {
		begin := time.Now()
		for _, r := range reports {
			indexed = flatindex.Of(r.Message().Bytes())
		}
		fastest[0] = min(fastest[0], time.Since(begin))
		tracker := sequence.New(sequence.Options{})
		begin = time.Now()
		for _, r := range reports {
			r.Findings = r.Findings[:0]
			tracker.Follow(r)
		}
		fastest[1] = min(fastest[1], time.Since(begin))
	}
	b.ReportMetric(float64(fastest[0])/float64(len(reports)), "flat-ns")
	b.ReportMetric(float64(fastest[1])/float64(fastest[0]), "x-flat-index")
}

// indexed keeps the compiler from removing what is measured.
var indexed []flatindex.Token

func BenchmarkFollow(b *testing.B) {
	j, err := rules.New(rules.Options{})
	require.NoError(b, err)
	var reports []*rules.Report
	for seed := uint64(1); seed <= 100; seed++ {
		for _, m := range stays(b, "pam-fr-2.11", seed) {
			reports = append(reports, judged(b, j, m))
		}
	}
	b.ReportAllocs()
	tracker := sequence.New(sequence.Options{})
	i := 0
	for b.Loop() {
		if i == len(reports) {
			i, tracker = 0, sequence.New(sequence.Options{})
		}
		r := reports[i]
		r.Findings = r.Findings[:0]
		tracker.Follow(r)
		i++
	}
}
