package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/pamlab/pamlab/scenarios"
)

// Target is one report to write: a format, and a file or "-" for the standard
// output.
type Target struct {
	Format string
	Path   string
}

// Stdout is the path of a target that goes to the standard output.
const Stdout = "-"

// writer makes one report. It writes nothing when events hold an error.
type writer func(w io.Writer, events Events, lang string) error

// formats is the registry: a report is known under its name here and nowhere else.
func formats() []struct {
	name  string
	write writer
} {
	return []struct {
		name  string
		write writer
	}{
		{"json", JSON},
		{"junit", JUnit},
		{"text", Text},
	}
}

// Formats lists the names of the formats.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// ParseSpec reads the value of --report: format=path, several with commas
// between them. A format that is not known, a missing path, or two reports in
// one place is a *SpecError; so is an empty value, for whoever wrote it expected
// a report.
func ParseSpec(spec string) ([]Target, error) {
	var targets []Target
	for part := range strings.SplitSeq(spec, ",") {
		t, err := parseTarget(part)
		if err != nil {
			return nil, err
		}
		for _, other := range targets {
			if samePlace(t.Path, other.Path) {
				return nil, sameTarget(part, t)
			}
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func samePlace(a, b string) bool {
	return a == b || a != Stdout && b != Stdout && filepath.Clean(a) == filepath.Clean(b)
}

func parseTarget(part string) (Target, error) {
	name, path, found := strings.Cut(strings.TrimSpace(part), "=")
	known := knownFormat(name)
	switch {
	case !found && known:
		return Target{}, incomplete(part, name)
	case !found:
		return Target{}, malformed(part)
	case !known:
		return Target{}, unknownFormat(part, name)
	case path == "":
		return Target{}, incomplete(part, name)
	}
	return Target{Format: name, Path: path}, nil
}

func knownFormat(name string) bool {
	for _, f := range formats() {
		if f.name == name {
			return true
		}
	}
	return false
}

func malformed(part string) *SpecError {
	return &SpecError{Part: part,
		text: bothQuoting("%s n’est pas de la forme format=chemin", "%s is not of the form format=path", part),
		hint: formatHint(""),
	}
}

func incomplete(part, name string) *SpecError {
	return &SpecError{Part: part,
		text: bothQuoting("il manque le chemin du rapport %s", "the path of the report %s is missing", name),
		hint: scenarios.Textf("écrivez par exemple %s=rapport, ou %s=- pour la sortie standard",
			"write for example %s=report, or %s=- for the standard output", name, name),
	}
}

func unknownFormat(part, name string) *SpecError {
	return &SpecError{Part: part,
		text: bothQuoting("format de rapport inconnu %s", "unknown report format %s", name),
		hint: formatHint(nearest(name, Formats())),
	}
}

func sameTarget(part string, t Target) *SpecError {
	return &SpecError{Part: part,
		text: bothQuoting("deux rapports iraient dans %s", "two reports would go to %s", t.Path),
		hint: scenarios.Text{FR: "donnez un chemin à chaque rapport", EN: "give each report a path of its own"},
	}
}

func bothQuoting(fr, en, what string) scenarios.Text {
	return scenarios.Text{
		FR: fmt.Sprintf(fr, quoted(Visible(what), "fr")),
		EN: fmt.Sprintf(en, quoted(Visible(what), "en")),
	}
}

// formatHint names the formats, after the one that was probably meant.
func formatHint(meant string) scenarios.Text {
	list := strings.Join(Formats(), ", ")
	t := scenarios.Textf("les formats sont"+nbsp+": %s (par exemple junit=rapport.xml)", "the formats are %s (for example junit=report.xml)", list)
	if meant == "" {
		return t
	}
	return scenarios.Text{
		FR: "vouliez-vous dire " + quoted(meant, "fr") + nbsp + "? " + t.FR,
		EN: "did you mean " + quoted(meant, "en") + "? " + t.EN,
	}
}

// nearest returns the name that is at most two typing errors away from what was
// written, or begins like it; "" when none does.
func nearest(written string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		d := distance(strings.ToLower(written), n)
		if len(written) > 1 && strings.HasPrefix(n, strings.ToLower(written)) {
			d = 1
		}
		if d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is the number of bytes to insert, delete, replace or swap with their
// neighbour that turns a into b.
func distance(a, b string) int {
	if len(a) > 32 {
		return len(a)
	}
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
