package report

import (
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pamlab/pamlab/scenarios"
)

// Options say how a console speaks. The caller decides them, from its flags and
// from what its output is; this package never looks at the environment.
type Options struct {
	Lang  string // "fr" or "en"
	Color bool   // use SGR sequences
	Live  bool   // keep a line per running scenario below the results: terminals only
	Width int    // columns of the terminal; 0 when the output is none: nothing is folded or cut

	// Verbose lists the steps of every scenario with their connections and
	// messages, contents left out, and each that is not applicable where it comes;
	// otherwise these are told together at the end. Quiet shows problems and the verdict of the
	// run only.
	Verbose bool
	Quiet   bool
}

// Console tells a run to people while it goes on. Scenarios run side by side;
// each is told in one block when it ends, so that nothing is interleaved.
//
// Observe is made to be an observer of a scenarios.Journal. A Console is safe
// for concurrent use. It writes each change of what is seen in one Write.
type Console struct {
	mu   sync.Mutex
	out  io.Writer
	opt  Options
	page page
	err  error

	*collector
	sum  summary
	skip skipped
	live live
	gap  bool // an empty line was the last thing printed, or nothing was
	done bool // the summary was printed
}

// NewConsole returns a console that writes to w.
func NewConsole(w io.Writer, o Options) *Console {
	if o.Lang != "fr" {
		o.Lang = "en"
	}
	c := &Console{out: w, opt: o, page: page{lang: o.Lang, color: o.Color, width: o.Width}}
	c.reset()
	return c
}

func (c *Console) reset() {
	c.collector = &collector{}
	c.sum, c.skip = newSummary(), skipped{}
	c.gap, c.done = true, false
}

// Observe takes the next event of the journal in and shows what it changes.
func (c *Console) Observe(e scenarios.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done && e.Kind == scenarios.RunStarted {
		c.reset()
	}
	ended := c.add(e)
	var text strings.Builder
	switch {
	case e.Kind == scenarios.RunStarted:
		c.header(&text)
	case ended != nil:
		c.print(&text, ended)
	case e.Kind == scenarios.RunFinished:
		c.finish(&text)
	}
	c.live.now = e.Time
	c.show(text.String(), showsLive(e.Kind))
}

// Refresh redraws the live lines with the time that each scenario has taken.
// A caller that wants to see waiting go on calls it about once a second, with
// the clock of the journal.
func (c *Console) Refresh(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.After(c.live.now) {
		c.live.now = now
	}
	c.show("", true)
}

// Close takes the live lines away and, when the run never finished, tells what
// there is of it. It returns the first error of writing.
func (c *Console) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done && (c.run != nil || len(c.running) > 0) {
		var text strings.Builder
		c.finish(&text)
		c.show(text.String(), false)
	}
	return c.err
}

// header says what is about to run against what.
func (c *Console) header(b *strings.Builder) {
	if c.run == nil {
		return
	}
	c.page.seed, c.page.options = &c.run.Seed, c.run.Options
	if c.opt.Quiet {
		return
	}
	b.WriteString(c.page.header(*c.run) + "\n\n")
}

// print tells a scenario that has ended. Blocks of several lines stand apart.
func (c *Console) print(b *strings.Builder, o *outcome) {
	c.sum.add(o, c.opt.Lang)
	if c.opt.Quiet && !problem(o.result.Verdict) || !c.opt.Verbose && c.skip.keep(o, c.page.why(o.result.Reason)) {
		return
	}
	text := c.page.block(o, c.opt.Verbose)
	apart := problem(o.result.Verdict) && !o.brief()
	if apart && !c.gap {
		b.WriteString("\n")
	}
	b.WriteString(text)
	if apart {
		b.WriteString("\n")
	}
	c.gap = apart
}

// finish tells the scenarios that were cut off, and sums up.
func (c *Console) finish(b *strings.Builder) {
	missing := c.missing()
	for _, o := range c.abandon() {
		c.print(b, o)
	}
	if text := c.page.skips(c.skip); text != "" {
		b.WriteString(text)
		c.gap = false
	}
	if !c.gap {
		b.WriteString("\n")
	}
	b.WriteString(c.page.summary(c.collector, c.sum, missing, c.opt.Quiet))
	c.gap, c.done = false, true
}

// show writes text above the live lines, in one piece with erasing and drawing
// them again, so that a terminal never shows half of it.
func (c *Console) show(text string, redraw bool) {
	if c.opt.Live {
		lines := c.live.drawn
		if c.done {
			lines = nil
		} else if redraw || text != "" {
			lines = c.live.lines(c.page, c.collector, c.sum)
		}
		text = c.live.frame(text, lines)
	}
	if text == "" {
		return
	}
	if _, err := io.WriteString(c.out, text); err != nil && c.err == nil {
		c.err = err
	}
}

// Text writes the whole run as the console tells it without colours, from a
// journal read back.
func Text(w io.Writer, events Events, lang string) error {
	var text strings.Builder
	c := NewConsole(&text, Options{Lang: lang})
	for e, err := range events {
		if err != nil {
			return err
		}
		if e.Kind == scenarios.RunStarted && c.run != nil {
			return &JournalError{Seq: e.Seq}
		}
		c.Observe(e)
	}
	if err := c.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w, text.String())
	return err
}
