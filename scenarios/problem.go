package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pamlab/pamlab/hl7/alike"
)

// maxProblems bounds how many faults of one file are told: after fifty, the
// author has a file to rewrite, not a list to read.
const maxProblems = 50

// Problem is one fault of a scenario or candidate file: where it stands, what is
// wrong, what was expected, and which known word was probably meant.
//
// The fault of a file as a whole (missing, empty, a directory) has no line: its
// Pos.Line is 0.
type Problem struct {
	Pos        Source
	Message    Text   // "unknown key "sned""
	Expected   Text   // beside the caret: "expected one of: id, title, send"; may be empty
	DidYouMean string // the nearest known word, "" when none is near
	Err        error  // what the system said, for a file that cannot be read

	more   int  // how many others this one stands for, as the last of Problems
	beyond bool // and others that were not even counted
}

// Error returns the place and the fault on one line, in English.
func (p *Problem) Error() string { return p.In("en") }

// In returns the place and the fault on one line, in lang.
func (p *Problem) In(lang string) string {
	return p.place() + ": " + p.Message.In(lang)
}

// Hint returns what to write instead, or what was expected, in lang.
func (p *Problem) Hint(lang string) string {
	if p.DidYouMean != "" {
		return didYouMean(p.DidYouMean).In(lang)
	}
	return p.Expected.In(lang)
}

// Unwrap returns the error of the file system, if that is what went wrong.
func (p *Problem) Unwrap() error { return p.Err }

func didYouMean(word string) Text {
	return Textf("vouliez-vous dire « %s » ?", "did you mean %q?", word)
}

func (p *Problem) place() string {
	if p.Pos.Line == 0 {
		return p.Pos.File
	}
	return fmt.Sprintf("%s:%d:%d", p.Pos.File, p.Pos.Line, p.Pos.Column)
}

// Show returns the problem as a person wants to see it: the fault, the line of
// the file with a caret under the faulty words, and the hint.
//
//	scenario.yaml:12:7: unknown key "sned"
//	   |
//	12 |       sned: A01
//	   |       ^^^^ expected one of: id, title, send
//	   = did you mean "send"?
func (p *Problem) Show(lang string) string {
	var b strings.Builder
	b.WriteString(p.In(lang))
	b.WriteByte('\n')
	gutter := ""
	if p.Pos.Line > 0 {
		gutter = strings.Repeat(" ", len(fmt.Sprint(p.Pos.Line)))
		line, caret := excerpt(p.Pos)
		fmt.Fprintf(&b, "%s |\n%d |%s\n", gutter, p.Pos.Line, prefixed(line))
		fmt.Fprintf(&b, "%s | %s\n", gutter, strings.TrimRight(caret+" "+p.Expected.In(lang), " "))
	} else if !p.Expected.IsZero() {
		fmt.Fprintf(&b, "%s = %s\n", gutter, p.Expected.In(lang))
	}
	if p.DidYouMean != "" {
		fmt.Fprintf(&b, "%s = %s\n", gutter, didYouMean(p.DidYouMean).In(lang))
	}
	return b.String()
}

func prefixed(line string) string {
	if line == "" {
		return ""
	}
	return " " + line
}

// excerptWidth is the longest part of a line that an excerpt shows, in runes. A
// message written on one line can have thousands of them.
const excerptWidth = 120

// excerpt returns the line at pos, cut around the column when it is long, and a
// row of carets to print under it.
func excerpt(pos Source) (line, caret string) {
	runes := []rune(pos.Text)
	start := min(max(pos.Column-1, 0), len(runes))
	from, to := 0, len(runes)
	cutBefore, cutAfter := "", ""
	if to > excerptWidth {
		from = max(0, start-excerptWidth/3)
		to = min(len(runes), from+excerptWidth)
		if from > 0 {
			cutBefore = "…"
		}
		if to < len(runes) {
			cutAfter = "…"
		}
	}
	pad := len([]rune(cutBefore)) + columns(runes[from:start])
	width := max(1, columns(runes[start:min(start+max(pos.Width, 1), to)]))
	line = cutBefore + visible(runes[from:to]) + cutAfter
	return strings.TrimRight(line, " "), strings.Repeat(" ", pad) + strings.Repeat("^", width)
}

// columns counts the places that runes take on a terminal: a combining accent
// takes none.
func columns(runes []rune) int {
	n := 0
	for _, r := range runes {
		if !unicode.Is(unicode.Mn, r) {
			n++
		}
	}
	return n
}

// visible replaces what would move a terminal's cursor by something that shows.
func visible(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		switch {
		case r == '\t':
			b.WriteRune('→')
		case r < 0x20:
			b.WriteRune('␀' + r)
		case r == 0x7f:
			b.WriteRune('␡')
		case !unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r):
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Problems are the faults of a file, in the order of their lines, each told
// once. It is the error of Load and LoadCandidate; errors.As finds the first
// *Problem in it too. When there are too many to be told, the last one says how
// many the others are.
type Problems []*Problem

// Error returns the first problem on one line and how many others there are.
func (ps Problems) Error() string {
	switch len(ps) {
	case 0:
		return "no problem"
	case 1:
		return ps[0].Error()
	}
	others, last := len(ps)-1, ps[len(ps)-1]
	if last.more > 0 {
		others += last.more - 1
	}
	if last.beyond {
		return fmt.Sprintf("%s (and more than %d more)", ps[0].Error(), others)
	}
	return fmt.Sprintf("%s (and %d more)", ps[0].Error(), others)
}

// In returns every problem with its excerpt, in lang.
func (ps Problems) In(lang string) string {
	shown := make([]string, len(ps))
	for i, p := range ps {
		shown[i] = p.Show(lang)
	}
	return strings.TrimRight(strings.Join(shown, "\n"), "\n")
}

// Hint returns "": each problem shows its own.
func (ps Problems) Hint(string) string { return "" }

// Unwrap returns the problems one by one.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// faults collects the problems of one file while it is read. A table of cases
// decodes the same step once per row; the same fault at the same place counts
// once.
type faults struct {
	list []*Problem
	seen map[faultKey]bool
	told int // calls of add, repetitions included
}

type faultKey struct {
	line, column int
	file, text   string
}

// add records a problem and returns it, so that the caller can say more.
func (f *faults) add(pos Source, message Text) *Problem {
	f.told++
	p := &Problem{Pos: pos, Message: message}
	key := faultKey{pos.Line, pos.Column, pos.File, message.EN}
	if f.seen[key] || f.full() {
		return p
	}
	if f.seen == nil {
		f.seen = map[faultKey]bool{}
	}
	f.seen[key] = true
	f.list = append(f.list, p)
	return p
}

// full reports whether enough was told: more than is shown, because what is shown
// is sorted first.
func (f *faults) full() bool { return len(f.list) >= 4*maxProblems }

// unknown records a word that is none of known, with the nearest of them.
func (f *faults) unknown(pos Source, message Text, word string, known []string) *Problem {
	p := f.add(pos, message)
	if !f.full() {
		p.suggest(word, known)
	}
	return p
}

// suggest says which known word was probably meant, and which words there are
// unless that would bury the suggestion.
func (p *Problem) suggest(word string, known []string) {
	p.DidYouMean = Nearest(word, known)
	if p.DidYouMean == "" || len(known) <= mostListed {
		p.Expected = oneOf(known)
	}
}

// err returns what was collected as an error, or nil.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b *Problem) int {
		if a.Pos.File != b.Pos.File {
			return strings.Compare(a.Pos.File, b.Pos.File)
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	if len(f.list) <= maxProblems {
		return Problems(f.list)
	}
	return Problems(append(f.list[:maxProblems:maxProblems], f.rest(len(f.list)-maxProblems)))
}

// rest stands for the problems that are not shown.
func (f *faults) rest(n int) *Problem {
	p := &Problem{Pos: Source{File: f.list[0].Pos.File}, more: n, beyond: f.full()}
	switch {
	case p.beyond:
		p.Message = Textf("et plus de %d autres fautes", "and more than %d other faults", n)
	case n == 1:
		p.Message = Text{FR: "et une autre faute", EN: "and another fault"}
	default:
		p.Message = Textf("et %d autres fautes", "and %d other faults", n)
	}
	return p
}

// expected sets what should have stood there.
func (p *Problem) expected(fr, en string, args ...any) *Problem {
	p.Expected = Textf(fr, en, args...)
	return p
}

// mostListed is how many words a problem lists.
const mostListed = 17

// oneOf lists the words that were expected, or the first of many.
func oneOf(known []string) Text {
	var list []string
	for _, word := range known {
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
		if len(list) > mostListed {
			break
		}
	}
	single, more := len(list) == 1, ""
	if len(list) > mostListed {
		list, more = list[:mostListed], ", …"
	}
	words := strings.Join(list, ", ") + more
	if single {
		return Textf("attendu : %s", "expected: %s", words)
	}
	return Textf("attendu, au choix : %s", "expected one of: %s", words)
}

// Nearest returns the known word that word was probably meant to be: at most a
// third of its letters away, one in a short word, capitals ignored. It returns
// "" when none is near.
func Nearest(word string, known []string) string {
	letters := len([]rune(word))
	if letters == 0 || letters > alike.Longest {
		return ""
	}
	limit := max(1, letters/3)
	if letters == 1 {
		limit = 0 // every letter is one letter away from every other
	}
	best, bestDistance := "", 1+limit
	for _, k := range known {
		if d := alike.Distance(strings.ToLower(word), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}
