package scenarios

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// startsTest wants a beginning.
type startsTest struct{ with Template }

func (t startsTest) holds(a Actual, env Env) (bool, error) {
	with, err := t.with.Render(env)
	got := a.first()
	return got.state == hl7.Present && !got.broken && strings.HasPrefix(got.text, with), err
}

func (t startsTest) expected(env Env) (Text, error) {
	with, err := t.with.Render(env)
	return Textf("un texte qui commence par « %s »", "a text that starts with %q", with), err
}

// matchesTest wants a regular expression (RE2, in time linear in the text).
type matchesTest struct{ re *regexp.Regexp }

func (t matchesTest) holds(a Actual, _ Env) (bool, error) {
	got := a.first()
	return got.state == hl7.Present && !got.broken && t.re.MatchString(got.text), nil
}

func (t matchesTest) expected(Env) (Text, error) {
	return Textf("un texte conforme à /%s/", "a text that matches /%s/", t.re), nil
}

// tableTest wants a code of a table.
type tableTest struct {
	name  string
	codes []string
}

func (t tableTest) holds(a Actual, _ Env) (bool, error) {
	got := a.first()
	return got.state == hl7.Present && !got.broken && slices.Contains(t.codes, got.text), nil
}

func (t tableTest) expected(Env) (Text, error) {
	const most = 12
	codes := strings.Join(t.codes[:min(most, len(t.codes))], ", ")
	if len(t.codes) > most {
		codes += ", …"
	}
	return Textf("un code de la table %s (%s)", "a code of table %s (%s)", t.name, codes), nil
}

// tables is the data behind `table`, one table a line.
//
//go:embed matcher_tables.txt
var tables string

// tableNames lists the tables that `table` knows.
func tableNames() []string {
	var names []string
	for line := range strings.Lines(tables) {
		if name, _, found := strings.Cut(line, "\t"); found {
			names = append(names, name)
		}
	}
	return names
}

// tableCodes returns the codes of a table, nil for one that is not known.
func tableCodes(name string) []string {
	for line := range strings.Lines(tables) {
		if rest, found := strings.CutPrefix(line, name+"\t"); found && name != "" {
			return strings.Split(strings.TrimSuffix(rest, "\n"), "\t")
		}
	}
	return nil
}

// underTest wants a measured time below a bound.
type underTest struct{ bound time.Duration }

func (t underTest) holds(a Actual, _ Env) (bool, error) {
	got := a.first()
	return got.state == hl7.Present && got.duration < t.bound, nil
}

func (t underTest) expected(Env) (Text, error) {
	return Textf("moins de %s", "under %s", shortDuration(t.bound)), nil
}

// overTest wants a measured time above a bound, or at it.
type overTest struct{ bound time.Duration }

func (t overTest) holds(a Actual, _ Env) (bool, error) {
	got := a.first()
	return got.state == hl7.Present && got.duration >= t.bound, nil
}

func (t overTest) expected(Env) (Text, error) {
	return Textf("au moins %s", "%s at least", shortDuration(t.bound)), nil
}

// instantTest wants a date and time, near another, or on one side of it.
type instantTest struct {
	within        time.Duration // of of; 0: not asked
	of            *Template
	after, before *Template
}

func (t instantTest) holds(a Actual, env Env) (bool, error) {
	at, ok := a.first().instant(env)
	if !ok {
		return false, nil
	}
	if t.of != nil {
		of, err := instantOf(t.of, env)
		if d := at.Sub(of).Abs(); err != nil || d > t.within {
			return false, err
		}
	}
	if t.after != nil {
		if after, err := instantOf(t.after, env); err != nil || !at.After(after) {
			return false, err
		}
	}
	if t.before != nil {
		if before, err := instantOf(t.before, env); err != nil || !at.Before(before) {
			return false, err
		}
	}
	return true, nil
}

// instant reads a value as a date and time; one without a zone is local.
func (f found) instant(env Env) (time.Time, bool) {
	if !f.at.IsZero() {
		return f.at, true
	}
	if f.state != hl7.Present || f.broken {
		return time.Time{}, false
	}
	first, _, _ := strings.Cut(f.text, "^")
	t, err := hl7.ParseTime(first, env.Now().Location())
	return t.Time, err == nil
}

// instantOf is the instant that a matcher compares with. The clock is taken as
// it is, not as HL7 would write it, to the second.
func instantOf(t *Template, env Env) (time.Time, error) {
	refs := t.Refs()
	if len(refs) == 1 && refs[0].Kind == RefNow {
		return env.Now().Add(refs[0].Offset), nil
	}
	text, err := t.Render(env)
	if err != nil {
		return time.Time{}, err
	}
	first, _, _ := strings.Cut(text, "^")
	at, err := hl7.ParseTime(first, env.Now().Location())
	if err != nil && len(refs) > 0 {
		return time.Time{}, &RefError{Ref: refs[0], Err: err}
	}
	return at.Time, err
}

func (t instantTest) expected(env Env) (Text, error) {
	var fr, en []string
	say := func(frFormat, enFormat string, of *Template, args ...any) error {
		text, err := of.Render(env)
		if refs := of.Refs(); len(refs) == 1 && refs[0].Kind != RefNow && refs[0].Kind != RefStart {
			text += " (" + refs[0].Text + ")"
		} else if len(refs) == 1 {
			text = refs[0].Text
		}
		phrase := Textf(frFormat, enFormat, append(args, text)...)
		fr, en = append(fr, phrase.FR), append(en, phrase.EN)
		return err
	}
	if t.of != nil {
		if err := say("à moins de %s de %s", "within %s of %s", t.of, shortDuration(t.within)); err != nil {
			return Text{}, err
		}
	}
	if t.after != nil {
		if err := say("après %s", "after %s", t.after); err != nil {
			return Text{}, err
		}
	}
	if t.before != nil {
		if err := say("avant %s", "before %s", t.before); err != nil {
			return Text{}, err
		}
	}
	return Text{FR: "un instant " + strings.Join(fr, " et "), EN: "an instant " + strings.Join(en, " and ")}, nil
}

// shortDuration writes 10m where time.Duration writes 10m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
