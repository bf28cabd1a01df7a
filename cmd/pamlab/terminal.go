package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// The rules of the terminal, all of them:
//
//   - What a command was asked for goes to the standard output, complaints go to
//     the standard error. A report on `-` has the standard output for itself,
//     and what is said to people moves to the standard error.
//   - Colour: --color always or never decides; auto means that the stream is a
//     terminal, NO_COLOR is empty and TERM is not "dumb".
//   - Lines that redraw themselves appear on a terminal only, never in CI or a
//     pipe, and never with TERM=dumb.
//   - Nothing is ever asked where nobody can answer.
//   - A report that somebody keeps never depends on the terminal's width.

// terminal says what a stream can show.
type terminal struct {
	color bool
	live  bool
	width int // columns; 0: no terminal, nothing is folded or cut
}

func (a *app) terminal(w io.Writer) terminal {
	t := terminal{}
	f, isFile := w.(*os.File)
	tty := isFile && term.IsTerminal(int(f.Fd()))
	if tty {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			t.width = width
		}
	}
	dumb, _ := a.getenv("TERM")
	noColor, _ := a.getenv("NO_COLOR")
	_, ci := a.getenv("CI")
	t.live = tty && dumb != "dumb" && !ci
	switch a.color {
	case "always":
		t.color = true
	case "never":
		t.color = false
	default:
		t.color = tty && dumb != "dumb" && noColor == ""
	}
	return t
}
