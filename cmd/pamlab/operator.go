package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/pamlab/pamlab/scenarios"
)

// operator speaks to the person at the candidate: what to do there, how long
// somebody waits for it, and whether it is done.
type operator struct {
	a     *app
	out   io.Writer
	live  bool          // the time that is left is counted down
	turn  chan struct{} // one instruction at a time
	lines func() <-chan string
}

// operator is the person at the terminal; nil where nobody can answer.
func (a *app) operator() *operator {
	in, isFile := a.stdin.(*os.File)
	if !isFile || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	tty := a.terminal(a.stderr)
	if _, ci := a.getenv("CI"); ci || tty.width == 0 {
		return nil
	}
	return a.newOperator(in, a.stderr, tty.live)
}

func (a *app) newOperator(in io.Reader, out io.Writer, live bool) *operator {
	return &operator{
		a: a, out: out, live: live, turn: make(chan struct{}, 1),
		lines: sync.OnceValue(func() <-chan string { return linesOf(in) }),
	}
}

// linesOf reads what is typed. A terminal cannot be told to stop reading, so this
// ends with the program, or with what there is to read.
func linesOf(in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// Prompt implements scenarios.Prompter.
func (o *operator) Prompt(ctx context.Context, i scenarios.Instruction) bool {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return false
	}
	name := i.Scenario
	if i.Case != "" {
		name += "#" + i.Case
	}
	fmt.Fprintf(o.out, "\n%s · %s\n", name, i.Step)
	for line := range strings.Lines(i.Text.In(o.a.lang)) {
		fmt.Fprintf(o.out, "  → %s\n", legibleLine(line))
	}
	if i.Confirm {
		fmt.Fprintf(o.out, "  %s\n", o.a.text("Entrée quand c'est fait, « n » si c'est impossible.", "Enter when it is done, \"n\" if it cannot be done."))
	}
	if !o.live {
		fmt.Fprintf(o.out, "  %s %s\n", o.a.text("attendu pendant", "awaited for"), left(time.Until(i.Until)))
	}
	done := o.wait(ctx, i)
	if o.live {
		fmt.Fprint(o.out, "\r\x1b[K")
	}
	return done
}

// legibleLine is a line without what would move the cursor.
func legibleLine(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, line)
}

// wait counts down until there is an answer, or nobody waits for one any more.
func (o *operator) wait(ctx context.Context, i scenarios.Instruction) bool {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var lines <-chan string
	if i.Confirm {
		lines = o.lines()
	}
	for {
		if o.live {
			fmt.Fprintf(o.out, "\r\x1b[K  %s ", left(time.Until(i.Until)))
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		case line, open := <-lines:
			if !open {
				return false // nobody is there any more
			}
			switch strings.ToLower(strings.TrimSpace(line)) {
			case "", "o", "oui", "y", "yes", "ok":
				return true
			case "n", "non", "no":
				return false
			}
		}
	}
}

// left writes a time that is left: 2:05.
func left(d time.Duration) string {
	seconds := int(max(d, 0).Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}
