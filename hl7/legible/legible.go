// Package legible shows text from outside to people: what a peer sent may hold
// control characters, bytes that are no text and characters that reorder a line,
// and all of it has to be seen for what it is, on a terminal as in a report.
package legible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s with everything that a terminal, an XML parser or a reader's
// eye would not take as it is written out: control characters as their pictures
// (␋ ␜ ␍ ␛), bytes that are no UTF-8 as ‹E9›, other code points that cannot be
// seen, or must not stand in XML, as ‹U+202E›. Line ends and tabs are control
// characters too. The result is valid UTF-8 and one line.
func Line(s string) string { return visible(s, "") }

// Text is Line for texts of several lines: line ends stay.
func Text(s string) string {
	return visible(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
}

func visible(s, keep string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "‹%02X›", s[0])
		case strings.ContainsRune(keep, r):
			b.WriteRune(r)
		default:
			b.WriteString(visibleRune(r))
		}
		s = s[n:]
	}
	return b.String()
}

// isPlain is the way out for nearly every text: printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func visibleRune(r rune) string {
	switch {
	case r < 0x20:
		return string('\u2400' + r)
	case r == 0x7f:
		return "␡"
	case invisible(r):
		return fmt.Sprintf("‹U+%04X›", r)
	}
	return string(r)
}

// invisible reports the code points that hide or reorder text (C1 controls,
// format characters such as the bidirectional overrides, line and paragraph
// separators), and the two that XML 1.0 §2.2 forbids beside the C0 controls.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == 0xfffe || r == 0xffff
}

// Columns is the room that a visible text takes on a terminal: combining marks
// take none, the wide characters of East Asia take two.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case isWide(r):
		return 2
	}
	return 1
}

// isWide covers the blocks that terminals draw two columns wide; a report in
// French or English meets them only in the answers of a candidate.
func isWide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || // Hangul
		r >= 0x2e80 && r <= 0xa4cf && r != 0x303f || // CJK, kana, Yi
		r >= 0xac00 && r <= 0xd7a3 || // Hangul syllables
		r >= 0xf900 && r <= 0xfaff || // CJK compatibility
		r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 ||
		r >= 0x1f300 && r <= 0x1faff || // pictographs
		r >= 0x20000 && r <= 0x3fffd
}

// Clip cuts s to at most width columns; what was cut shows as an ellipsis.
func Clip(s string, width int) string {
	if Columns(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	n := 0
	for i, r := range s {
		n += runeColumns(r)
		if n > width-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// Fold breaks s into lines of at most width columns, at spaces when words is
// set, else wherever the width ends. Width 0 leaves it whole.
func Fold(s string, width int, words bool) []string {
	if width <= 0 || Columns(s) <= width {
		return []string{s}
	}
	var lines []string
	for s != "" {
		end := reach(s, width)
		if words && end < len(s) {
			if at := strings.LastIndexByte(s[:end+1], ' '); at > 0 {
				end = at
			}
		}
		lines = append(lines, s[:end])
		s = s[end:]
		if words {
			s = strings.TrimLeft(s, " ")
		}
	}
	return lines
}

// reach is the length in bytes of the longest beginning of s, one rune at least,
// that fits into width columns.
func reach(s string, width int) int {
	n := 0
	for i, r := range s {
		n += runeColumns(r)
		if n > width && i > 0 {
			return i
		}
	}
	return len(s)
}

// Window shortens a line of which a part is marked to width columns, in a way
// that keeps its beginning (the name of a segment), the marked part and
// something of what follows.
func Window(before, marked, after string, width int) (string, string, string) {
	const head, context = 4, 12
	follows := min(Columns(after), context)
	marked = Clip(marked, width-min(Columns(before), head+2)-follows)
	room := width - Columns(marked) - follows
	if Columns(before) > room {
		start := before[:reach(before, head)]
		before = start + "…" + lastColumns(before[len(start):], room-head-1)
	}
	return before, marked, Clip(after, width-Columns(before)-Columns(marked))
}

// lastColumns is the longest end of s that fits into width columns.
func lastColumns(s string, width int) string {
	skip := Columns(s) - width
	for i, r := range s {
		if skip <= 0 {
			return s[i:]
		}
		skip -= runeColumns(r)
	}
	return ""
}
