package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// summary is what a console remembers of the scenarios that it has told.
type summary struct {
	counts   map[scenarios.Verdict]int
	problems []string // names
	slow     []timed  // the slowest, slowest first
	remarks  map[string]int
}

type timed struct {
	name string
	ms   float64
}

const (
	maxSlow     = 5
	maxRemarks  = 8
	maxReplayed = 12
	// worthNaming is the duration in milliseconds from which a slow scenario
	// is named: among fast ones the slowest is no news.
	worthNaming = 500
)

func newSummary() summary {
	return summary{counts: map[scenarios.Verdict]int{}, remarks: map[string]int{}}
}

func (s *summary) add(o *outcome, lang string) {
	s.counts[o.result.Verdict]++
	if problem(o.result.Verdict) {
		s.problems = append(s.problems, o.selection())
	}
	if o.result.DurationMS >= worthNaming {
		s.slow = append(s.slow, timed{o.name(), o.result.DurationMS})
		slices.SortStableFunc(s.slow, func(a, b timed) int { return cmp.Compare(b.ms, a.ms) })
		s.slow = s.slow[:min(len(s.slow), maxSlow)]
	}
	for _, text := range o.remarks(lang) {
		s.remarks[text]++
	}
}

// remarks are the oddities of form that were tolerated, once each, sorted. What a
// check has told already is no remark.
func (o *outcome) remarks(lang string) []string {
	var list []string
	for _, s := range o.steps {
		told := s.told(lang)
		for _, m := range s.messages {
			for _, t := range m.Oddities {
				if text := t.In(lang); !told[text] {
					list = append(list, text)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// header says what runs against what.
func (p page) header(run scenarios.RunInfo) string {
	text := p.folded(dotted(
		strings.TrimSpace(run.Tool+" "+run.Version),
		countScenarios(run.Selected, p.lang),
		p.tr("graine ", "seed ")+strconv.FormatUint(run.Seed, 10),
	)) + "\n" + p.folded(p.candidate(run.Candidate))
	if !run.RefuseRealIdentities {
		text += "\n" + p.paint(verdictStyle(scenarios.Warn), p.tr(
			"Attention"+nbsp+": le garde-fou contre les identités réelles est désactivé par le fichier du candidat.",
			"Beware: the candidate file switches off the guard against real identities."))
	}
	return text
}

func (p page) folded(text string) string {
	return strings.Join(legible.Fold(Visible(text), p.width, true), "\n")
}

func (p page) candidate(c scenarios.CandidateInfo) string {
	security := p.tr("sans TLS", "no TLS")
	if c.TLS {
		security = p.tr("TLS mutuel", "mutual TLS")
	}
	name := strings.TrimSpace(c.Name + " " + c.Release)
	if c.Role != "" {
		name += " (" + strings.ToUpper(c.Role) + ")"
	}
	awaited := ""
	if c.Listen != "" {
		awaited = p.tr("attendu à ", "awaited at ") + c.Listen
	}
	return dotted(name, c.Address, awaited, c.Dialect, c.Charset, security)
}

// dotted joins the parts that say something.
func dotted(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// summary closes a run: how many of each verdict, against what, with which
// seed, what was slow, what was tolerated, and what the exit code means.
func (p page) summary(c *collector, s summary, missing int, quiet bool) string {
	b := &block{page: p}
	b.WriteString(p.verdicts(c, s) + "\n")
	if c.result == nil || c.result.Interrupted || missing > 0 {
		b.fact(p.tr("interrompu", "cut short"), p.shortfall(missing))
	}
	if c.result != nil {
		b.fact(p.tr("motif", "reason"), p.why(c.result.Reason))
	}
	if !quiet && c.run != nil {
		b.fact(p.tr("candidat", "candidate"), p.candidate(c.run.Candidate))
		b.fact(p.tr("graine", "seed"), strconv.FormatUint(c.run.Seed, 10))
	}
	if !quiet {
		s.tell(b)
	}
	if n := len(s.problems); n > 1 && n <= maxReplayed {
		b.command(p.replay(s.problems...))
	}
	code := c.exitCode()
	b.fact("code "+strconv.Itoa(code), ExitMeaning(code, p.lang))
	if !quiet {
		b.WriteString("\n" + p.paint(faint, disclaimer(p.lang)) + "\n")
	}
	return b.String()
}

// verdicts is the line that counts: "12 scénarios en 3,42 s : 1 échec · 11 réussis".
func (p page) verdicts(c *collector, s summary) string {
	total, parts := 0, []string(nil)
	for _, v := range gravestFirst() {
		n := s.counts[v]
		total += n
		if n > 0 {
			parts = append(parts, p.paint(verdictStyle(v), fmt.Sprintf("%d %s", n, word(v, p.lang, n))))
		}
	}
	if total == 0 {
		return p.tr("aucun scénario joué", "no scenario was played")
	}
	return countScenarios(total, p.lang) + p.tr(" en ", " in ") + lasted(c.took(), p.lang) +
		p.tr(nbsp+": ", ": ") + strings.Join(parts, " · ")
}

// gravestFirst is the order in which counts are read: what needs attention
// stands at the beginning.
func gravestFirst() []scenarios.Verdict {
	return []scenarios.Verdict{
		scenarios.Fail, scenarios.UnexpectedPass, scenarios.Error, scenarios.Inconclusive,
		scenarios.Warn, scenarios.Known, scenarios.Pass, scenarios.NotApplicable,
	}
}

// shortfall says how much of a run is missing.
func (p page) shortfall(missing int) string {
	if missing == 0 {
		return p.tr("l’exécution n’est pas allée à son terme", "the run did not come to its end")
	}
	return count(missing, p.lang, noun{"scénario n’a pas été joué", "scénarios n’ont pas été joués"},
		noun{"scenario was not played", "scenarios were not played"})
}

func (s summary) tell(b *block) {
	label := b.tr("plus lents", "slowest")
	for _, t := range s.slow {
		b.fact(label, lasted(t.ms, b.lang)+"  "+t.name)
		label = ""
	}
	texts := make([]string, 0, len(s.remarks))
	for t := range s.remarks {
		texts = append(texts, t)
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.remarks[b], s.remarks[a]), cmp.Compare(a, b))
	})
	label = b.tr("remarques", "remarks")
	for i, t := range texts {
		if i == maxRemarks {
			b.fact("", fmt.Sprintf(b.tr("… et %d autres, dans le journal", "… and %d others, in the journal"), len(texts)-i))
			break
		}
		b.fact(label, t+" ("+countScenarios(s.remarks[t], b.lang)+")")
		label = ""
	}
}
