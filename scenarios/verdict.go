package scenarios

// Verdict is what came of a check, a step, a scenario or a run.
type Verdict string

// The verdicts, from docs/design.md §4. Known and UnexpectedPass belong to listed
// deviations: an excuse that still applies, and one that no longer does.
const (
	Pass           Verdict = "pass"
	Warn           Verdict = "warn" // a SHOULD that is unmet
	Fail           Verdict = "fail" // the candidate broke a MUST
	Inconclusive   Verdict = "inconclusive"
	NotApplicable  Verdict = "not-applicable"
	Known          Verdict = "known"
	UnexpectedPass Verdict = "unexpected-pass"
	Error          Verdict = "error" // our own fault
)

// Verdicts lists every verdict, mildest first.
func Verdicts() []Verdict {
	return []Verdict{NotApplicable, Pass, Known, Warn, Inconclusive, UnexpectedPass, Fail, Error}
}

// Worse returns the graver of two verdicts. The zero Verdict is milder than any.
func (v Verdict) Worse(w Verdict) Verdict {
	if w.rank() > v.rank() {
		return w
	}
	return v
}

func (v Verdict) rank() int {
	for i, w := range Verdicts() {
		if v == w {
			return i + 1
		}
	}
	return 0
}

// Level says how binding an expectation is.
type Level string

// The levels: a MUST that is broken fails the candidate, a SHOULD warns, an
// info is only recorded.
const (
	Must   Level = "must"
	Should Level = "should"
	Info   Level = "info"
)

// Broken returns the verdict of an expectation of this level that does not hold.
func (l Level) Broken() Verdict {
	switch l {
	case Should:
		return Warn
	case Info:
		return Pass
	default:
		return Fail
	}
}

// Exit codes of a run, docs/design.md §4. When several apply the order is
// ExitFault, ExitUnusable, ExitUnjudged, ExitFailed.
const (
	ExitOK          = 0   // every selected MUST passed
	ExitFailed      = 1   // the candidate failed
	ExitUsage       = 2   // command line
	ExitUnusable    = 3   // a file is unusable, or nothing was selected
	ExitUnjudged    = 4   // could not judge
	ExitFault       = 5   // our own fault
	ExitInterrupted = 130 // interrupted, reports still written
)

// ExitCode returns the exit code of a run whose scenarios ended with the given
// verdicts. A run in which nothing was judged is ExitUnusable: a green light
// that looked at nothing is the classic bug of test harnesses.
func ExitCode(counts map[Verdict]int) int {
	switch {
	case counts[Error] > 0:
		return ExitFault
	case counts[Inconclusive] > 0:
		return ExitUnjudged
	case counts[Fail]+counts[UnexpectedPass] > 0:
		return ExitFailed
	case counts[Pass]+counts[Warn]+counts[Known] == 0:
		return ExitUnusable
	}
	return ExitOK
}
