package rules_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/internal/flatindex"
)

// judge returns the findings of a level or worse on the last message of an
// example, as "must fr.zbe-9.code ZBE-9".
func judge(t *testing.T, e rules.Example, least rules.Level) []string {
	t.Helper()
	messages, err := e.Build()
	require.NoError(t, err)
	j := judgeFor(t, e.Settings)
	var r rules.Report
	last := messages[len(messages)-1]
	if len(messages) > 1 {
		j.Ack(&r, last, messages[0])
	} else {
		j.Message(&r, last)
	}
	return list(&r, least)
}

// judges are made once, by the settings that they have.
var judges sync.Map

func judgeFor(t *testing.T, settings []string) *rules.Judge {
	t.Helper()
	key := strings.Join(settings, " ")
	if j, ok := judges.Load(key); ok {
		return j.(*rules.Judge)
	}
	var s rules.Settings
	for _, text := range settings {
		name, value, _ := strings.Cut(text, "=")
		var err error
		s, err = s.With(name, value)
		require.NoError(t, err)
	}
	j, err := rules.New(rules.Options{Settings: s})
	require.NoError(t, err)
	judges.Store(key, j)
	return j
}

func list(r *rules.Report, least rules.Level) []string {
	var found []string
	for _, f := range r.Findings {
		if f.Level >= least {
			found = append(found, fmt.Sprintf("%v %s %v", f.Level, f.Rule.ID, f.Location))
		}
	}
	return found
}

// TestExamples: the bad example of each rule raises that rule and nothing else,
// the good one raises nothing.
func TestExamples(t *testing.T) {
	for _, r := range rules.Catalogue() {
		if r.Family() == "seq" || r.ID == "ack.unique-id" {
			continue // see package sequence
		}
		t.Run(r.ID, func(t *testing.T) {
			if r.Good.IsZero() || r.Bad.IsZero() {
				t.Fatal("the rule has no example")
			}
			least := rules.Should
			if r.Level == rules.Info {
				least = rules.Info
			}
			for _, found := range judge(t, r.Good, least) {
				require.NotContains(t, found, " "+r.ID+" ")
				require.True(t, strings.HasPrefix(found, "info "), "good example: %s", found)
			}
			found := judge(t, r.Bad, least)
			own := slices.DeleteFunc(slices.Clone(found), func(s string) bool { return !strings.Contains(s, " "+r.ID+" ") })
			require.NotEmpty(t, own, "the bad example raises %v", found)
			others := slices.DeleteFunc(found, func(s string) bool { return strings.Contains(s, " "+r.ID+" ") || strings.HasPrefix(s, "info ") })
			require.Empty(t, others, "the bad example raises others, too")
		})
	}
}

// TestSamples: the messages that examples begin with have no fault.
func TestSamples(t *testing.T) {
	for _, name := range rules.Samples() {
		m, err := rules.Sample(name)
		require.NoError(t, err)
		if m.Header().Type == "ACK" {
			continue
		}
		require.Empty(t, judge(t, rules.Example{Messages: []string{name}}, rules.Should), name)
	}
}

// TestCatalogueIsComplete: every rule has its texts in both languages, its
// source and its hint.
func TestCatalogueIsComplete(t *testing.T) {
	all := rules.Catalogue()
	require.NotEmpty(t, all)
	for _, r := range all {
		require.Contains(t, []string{"hl7", "iti", "fr", "ins", "seq", "ack"}, r.Family(), r.ID)
		for _, text := range []string{r.Text.FR, r.Text.EN, r.Hint.FR, r.Hint.EN, r.Source} {
			require.NotEmpty(t, text, r.ID)
			require.False(t, strings.HasSuffix(text, "."), "%s: %s", r.ID, text)
		}
	}
}

// TestSettings: those that conditions may ask for are those that are documented.
func TestSettings(t *testing.T) {
	for _, s := range rules.KnownSettings() {
		require.NotEmpty(t, s.Text.FR, s.Name)
		require.NotEmpty(t, s.Text.EN, s.Name)
		require.Contains(t, s.Values, s.Default, s.Name)
		_, err := rules.Settings{}.With(s.Name, s.Default)
		require.NoError(t, err)
	}
	_, err := rules.Settings{}.With("ins_kee", "off")
	require.Error(t, err)
}

func BenchmarkMessage(b *testing.B) {
	m, err := rules.Sample("A01")
	require.NoError(b, err)
	data := m.Bytes()
	j, err := rules.New(rules.Options{})
	require.NoError(b, err)
	var r rules.Report
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		m, err := hl7.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		j.Message(&r, m)
	}
}

// BenchmarkSamples judges a message of each event in turn. Of its profile the
// static build is made: make profile.
func BenchmarkSamples(b *testing.B) {
	var texts [][]byte
	for _, name := range rules.Samples() {
		m, err := rules.Sample(name)
		require.NoError(b, err)
		texts = append(texts, m.Bytes())
	}
	j, err := rules.New(rules.Options{})
	require.NoError(b, err)
	var r rules.Report
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range texts {
			m, err := hl7.Parse(data)
			if err != nil {
				b.Fatal(err)
			}
			j.Message(&r, m)
		}
	}
}

// BenchmarkMessageRatio says how often a flat index of the delimiters, which is
// the least that any reader does (see the benchmarks of package hl7), could be
// made while a message is parsed and judged. Both run in turns, in short blocks of
// which the fastest count: what else the machine does disturbs both, or neither.
//
// Of two builds compare flat-ns first: the loop of the index is so short that it
// takes a fifth more or less by where the linker puts it, and by a profile.
func BenchmarkMessageRatio(b *testing.B) {
	m, err := rules.Sample("A01")
	require.NoError(b, err)
	data := m.Bytes()
	j, err := rules.New(rules.Options{})
	require.NoError(b, err)
	var r rules.Report
	const block = 30
	fastest := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for b.Loop() {
		for i, f := range [...]func(){
			func() { flatIndexed = flatindex.Of(data) },
			func() {
				m, _ := hl7.Parse(data)
				j.Message(&r, m)
			},
		} {
			begin := time.Now()
			for range block {
				f()
			}
			fastest[i] = min(fastest[i], time.Since(begin))
		}
	}
	b.ReportMetric(float64(fastest[0])/block, "flat-ns")
	b.ReportMetric(float64(fastest[1])/float64(fastest[0]), "x-flat-index")
}

// flatIndexed keeps the compiler from removing what is measured.
var flatIndexed []flatindex.Token

// BenchmarkMessageParallel is BenchmarkMessage on all processors: a Judge is
// shared, each goroutine has a Report of its own.
func BenchmarkMessageParallel(b *testing.B) {
	m, err := rules.Sample("A01")
	require.NoError(b, err)
	data := m.Bytes()
	j, err := rules.New(rules.Options{})
	require.NoError(b, err)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var r rules.Report
		for pb.Next() {
			m, err := hl7.Parse(data)
			if err != nil {
				b.Error(err)
				return
			}
			j.Message(&r, m)
		}
	})
}
