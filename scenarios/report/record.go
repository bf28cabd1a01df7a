package report

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/scenarios"
)

// Events is a journal being read, as scenarios.ReadJournal yields it.
type Events = iter.Seq2[scenarios.Event, error]

// record is a whole run, read to its end.
type record struct {
	*collector
	outcomes []*outcome
}

// collect reads a journal to its end. It calls settle for each scenario when it
// ends and then forgets the content of its messages; outcomes come back sorted
// by folder, id and row, so that the order in which scenarios happened to run
// side by side does not show.
func collect(events Events, settle func(*outcome)) (record, error) {
	r := record{collector: &collector{}}
	keep := func(o *outcome) {
		settle(o)
		o.forget()
		r.outcomes = append(r.outcomes, o)
	}
	for e, err := range events {
		if err != nil {
			return r, err
		}
		if e.Kind == scenarios.RunStarted && r.run != nil {
			return r, &JournalError{Seq: e.Seq}
		}
		if o := r.add(e); o != nil {
			keep(o)
		}
	}
	for _, o := range r.abandon() {
		keep(o)
	}
	slices.SortFunc(r.outcomes, func(a, b *outcome) int {
		return cmp.Or(
			strings.Compare(folder(a.id), folder(b.id)),
			strings.Compare(a.id, b.id),
			strings.Compare(a.row, b.row),
			cmp.Compare(a.seq, b.seq),
		)
	})
	return r, nil
}

func (o *outcome) forget() {
	for _, s := range o.steps {
		s.sent, s.answer, s.letters = nil, nil, nil
		for i := range s.checks {
			s.checks[i].sent, s.checks[i].answer, s.checks[i].came = nil, nil, nil
		}
	}
}

// folder is the part of an id before its last slash, "" at the root.
func folder(id string) string {
	return id[:max(strings.LastIndexByte(id, '/'), 0)]
}

// totals counts the verdicts.
func (r record) totals() map[scenarios.Verdict]int {
	counts := map[scenarios.Verdict]int{}
	for _, o := range r.outcomes {
		counts[o.result.Verdict]++
	}
	return counts
}
