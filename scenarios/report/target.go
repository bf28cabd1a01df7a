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
		hint: formatHint(scenarios.Nearest(name, Formats())),
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
