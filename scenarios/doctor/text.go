package doctor

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/scenarios"
)

// Title names a check for people.
func (id ID) Title() scenarios.Text {
	return map[ID]scenarios.Text{
		CheckFiles:      textf("nos fichiers", "our files"),
		CheckName:       textf("nom", "name"),
		CheckPort:       textf("port", "port"),
		CheckProtocol:   textf("protocole", "protocol"),
		CheckVersions:   textf("versions de TLS", "TLS versions"),
		CheckChain:      textf("certificat", "certificate"),
		CheckClock:      textf("horloges", "clocks"),
		CheckIdentity:   textf("notre identité", "our identity"),
		CheckEcho:       textf("premier message", "first message"),
		CheckCharset:    textf("accents", "accents"),
		CheckConnection: textf("connexion", "connection"),
	}[id]
}

// titleWidth is that of the longest title, in either language.
const titleWidth = 15

// A Printer writes checks for people, one after the other.
type Printer struct {
	Out   io.Writer
	Lang  string // "fr" or "en"
	Color bool
}

// marks show a status at a glance, and without colour.
var marks = map[Status]struct{ mark, sgr string }{
	OK: {"✓", "32"}, Note: {"·", "36"}, Warning: {"!", "33"}, Fault: {"✗", "31"}, Skipped: {"–", "2"},
}

func (p Printer) mark(s Status) string {
	m := marks[s]
	if !p.Color {
		return m.mark
	}
	return "\x1b[" + m.sgr + "m" + m.mark + "\x1b[0m"
}

// Head says whom the checks are about.
func (p Printer) Head(t Target, tool string) {
	over := textf("en clair", "plain TCP")
	if t.TLS {
		over = both("TLS")
	}
	line := cmp.Or(tool, "pamlab") + " doctor · " + t.Address + " · " + over.In(p.Lang)
	if t.ServerName != "" {
		line += " · " + t.ServerName
	}
	fmt.Fprintf(p.Out, "%s\n\n", legible.Line(line))
}

// Check writes one check: a line, and one for each of its findings with its
// remedy.
func (p Printer) Check(c Check) {
	title := c.ID.Title().In(p.Lang)
	found := c.Found.In(p.Lang)
	if c.Status == Skipped {
		found = textf("pas regardé : ", "not looked at: ").In(p.Lang) + found
	}
	pad := strings.Repeat(" ", max(titleWidth-legible.Columns(title), 0))
	fmt.Fprintf(p.Out, "%s %s%s  %s\n", p.mark(c.Status), title, pad, legible.Line(found))
	indent := strings.Repeat(" ", titleWidth+4)
	for _, f := range c.Findings {
		if f.Text != c.Found {
			fmt.Fprintf(p.Out, "%s%s %s\n", indent, p.mark(f.Status), legible.Line(f.Text.In(p.Lang)))
		}
		if f.Remedy != nil {
			fmt.Fprintf(p.Out, "%s  %s%s\n", indent, textf("remède : ", "remedy: ").In(p.Lang), legible.Line(f.Remedy.In(p.Lang)))
		}
	}
}

// Foot sums up.
func (p Printer) Foot(r *Report) {
	var skipped int
	for _, c := range r.Checks {
		if c.Status == Skipped {
			skipped++
		}
	}
	if r.Interrupted {
		fmt.Fprintf(p.Out, "\n%s\n", textf("interrompu", "interrupted").In(p.Lang))
	}
	parts := []string{p.count(r.Count(Fault), "défaut", "fault"), p.count(r.Count(Warning), "avertissement", "warning")}
	if skipped > 0 {
		left := textf("%d non regardés", "%d not looked at", skipped)
		if skipped == 1 {
			left = textf("1 non regardé", "1 not looked at")
		}
		parts = append(parts, left.In(p.Lang))
	}
	if r.Count(Fault)+r.Count(Warning) == 0 && !r.OutOfTime && !r.Interrupted {
		parts = append([]string{textf("rien à redire : la connexion fonctionne", "nothing wrong: the connection works").In(p.Lang)}, parts[2:]...)
	}
	line := strings.Join(parts, ", ")
	fmt.Fprintf(p.Out, "\n%s\n", line)
}

func (p Printer) count(n int, fr, en string) string {
	word := scenarios.Text{FR: fr, EN: en}.In(p.Lang)
	if n > 1 || n == 0 && p.Lang != "fr" {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// Print writes a whole report.
func (p Printer) Print(r *Report) {
	p.Head(r.Target, r.Tool)
	for _, c := range r.Checks {
		p.Check(c)
	}
	p.Foot(r)
}
