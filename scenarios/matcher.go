package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// Matcher says what a value must be. It was compiled when the file was loaded;
// the values of variables come in when it is asked. It is safe for concurrent
// use.
type Matcher struct {
	Pos   Source
	tests []test // all of which must hold
}

// test is one condition on what was found.
type test interface {
	// holds answers for what was found. The error is that of a reference that
	// has no value: nothing can be said then.
	holds(Actual, Env) (bool, error)
	// expected says what would hold.
	expected(Env) (Text, error)
}

// Match reports whether what was found is what was expected, and says what that
// is, for a report. The error, a *RefError, means that it cannot be known: a
// message that the expectation refers to was never received.
func (m *Matcher) Match(actual Actual, env Env) (ok bool, expected Text, err error) {
	if expected, err = m.expected(env); err != nil {
		return false, Text{}, err
	}
	ok, err = m.holds(actual, env)
	return ok, expected, err
}

func (m *Matcher) holds(actual Actual, env Env) (bool, error) {
	for _, t := range m.tests {
		if ok, err := t.holds(actual, env); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (m *Matcher) expected(env Env) (Text, error) {
	var all Text
	for i, t := range m.tests {
		phrase, err := t.expected(env)
		if err != nil {
			return Text{}, err
		}
		if i > 0 {
			phrase = Text{FR: all.FR + ", et " + phrase.FR, EN: all.EN + ", and " + phrase.EN}
		}
		all = phrase
	}
	return all, nil
}

// Actual is what was found where an expectation looked: one value, or those of
// a path with [*].
type Actual struct{ values []found }

// found is a value with what the matchers ask of it.
type found struct {
	state    hl7.State
	text     string
	broken   bool // bytes that the character set does not have: equal to nothing
	at       time.Time
	duration time.Duration
}

// ActualValues is what a message has at a path.
func ActualValues(values ...hl7.Value) Actual {
	var a Actual
	for _, v := range values {
		text, err := v.Text()
		if err != nil {
			text = v.String()
		}
		a.values = append(a.values, found{state: v.State(), text: text, broken: err != nil})
	}
	return a
}

// ActualText is a fact in words: the state of a connection, a TLS version. An
// empty text is absent.
func ActualText(text string) Actual {
	f := found{text: text}
	if text != "" {
		f.state = hl7.Present
	}
	return Actual{[]found{f}}
}

// ActualTime is an instant, such as the end of a certificate's validity.
func ActualTime(t time.Time) Actual {
	return Actual{[]found{{state: hl7.Present, text: t.UTC().Format(time.RFC3339), at: t}}}
}

// ActualDuration is a measured time.
func ActualDuration(d time.Duration) Actual {
	return Actual{[]found{{state: hl7.Present, text: d.String(), duration: d}}}
}

// Actual returns what m has where the expectation looks. It is for TargetAck and
// TargetSent.
func (e *Expectation) Actual(m *hl7.Message) Actual {
	if !e.Path.Several() && !e.Matcher.counts() {
		return ActualValues(m.Lookup(e.Path))
	}
	return ActualValues(slices.Collect(m.All(e.Path))...)
}

// String shows what was found: the text, absent, or "" for the HL7 null.
func (a Actual) String() string {
	if len(a.values) == 0 {
		return hl7.Absent.String()
	}
	shown := make([]string, len(a.values))
	for i, v := range a.values {
		shown[i] = v.String()
	}
	return strings.Join(shown, ", ")
}

func (f found) String() string {
	if f.state == hl7.Absent {
		return hl7.Absent.String()
	}
	return quoteOdd(f.text)
}

// quoteOdd quotes a text that would be misread without: one with blanks at its
// ends or characters that do not show.
func quoteOdd(s string) string {
	if s == "" || s != strings.TrimSpace(s) || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// first is the value of a path without [*].
func (a Actual) first() found {
	if len(a.values) == 0 {
		return found{}
	}
	return a.values[0]
}

// counts reports whether the matcher counts what the path names.
func (m *Matcher) counts() bool {
	return slices.ContainsFunc(m.tests, func(t test) bool {
		if not, ok := t.(notTest); ok {
			return not.of.counts()
		}
		_, ok := t.(countTest)
		return ok
	})
}

// plural reports whether the matcher can answer for several values.
func (m *Matcher) plural() bool {
	for _, t := range m.tests {
		switch t := t.(type) {
		case countTest, someTest:
		case notTest:
			if !t.of.plural() {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// equalTest wants a text.
type equalTest struct{ want Template }

func (t equalTest) holds(a Actual, env Env) (bool, error) {
	want, err := t.want.Render(env)
	got := a.first()
	return got.state != hl7.Absent && !got.broken && got.text == want, err
}

func (t equalTest) expected(env Env) (Text, error) {
	want, err := t.want.Render(env)
	return sameText(quoteOdd(want)), err
}

func sameText(s string) Text { return Text{FR: s, EN: s} }

// stateTest wants one of HL7's three states. Null is not present: it carries no
// value, it says "delete the one you have".
type stateTest struct{ want hl7.State }

func (t stateTest) holds(a Actual, _ Env) (bool, error) {
	return a.first().state == t.want, nil
}

func (t stateTest) expected(Env) (Text, error) {
	switch t.want {
	case hl7.Null:
		return Text{FR: `"" (effacer)`, EN: `"" (delete)`}, nil
	case hl7.Present:
		return Text{FR: "une valeur", EN: "a value"}, nil
	default:
		return sameText("absent"), nil
	}
}

// notTest wants what another matcher refuses.
type notTest struct{ of *Matcher }

func (t notTest) holds(a Actual, env Env) (bool, error) {
	ok, err := t.of.holds(a, env)
	return !ok, err
}

func (t notTest) expected(env Env) (Text, error) {
	inner, err := t.of.expected(env)
	return Text{FR: "autre chose que " + inner.FR, EN: "anything but " + inner.EN}, err
}

// inTest wants one of several.
type inTest struct{ list []test }

func (t inTest) holds(a Actual, env Env) (bool, error) {
	for _, one := range t.list {
		if ok, err := one.holds(a, env); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (t inTest) expected(env Env) (Text, error) {
	var fr, en []string
	for _, one := range t.list {
		phrase, err := one.expected(env)
		if err != nil {
			return Text{}, err
		}
		fr, en = append(fr, phrase.FR), append(en, phrase.EN)
	}
	return Text{FR: enumerate(fr, "ou"), EN: enumerate(en, "or")}, nil
}

// enumerate writes a, b or c.
func enumerate(words []string, or string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + or + " " + words[last]
}

// someTest asks another matcher about each of several values.
type someTest struct {
	all bool // else any
	of  *Matcher
}

func (t someTest) holds(a Actual, env Env) (bool, error) {
	for _, v := range a.values {
		ok, err := t.of.holds(Actual{[]found{v}}, env)
		if err != nil || ok != t.all {
			return ok, err
		}
	}
	return t.all && len(a.values) > 0, nil // "all" of nothing is no proof
}

func (t someTest) expected(env Env) (Text, error) {
	inner, err := t.of.expected(env)
	if t.all {
		return Text{FR: "partout " + inner.FR, EN: "everywhere " + inner.EN}, err
	}
	return Text{FR: "au moins une fois " + inner.FR, EN: "at least once " + inner.EN}, err
}

// countTest wants a number of segments or repetitions that are there.
type countTest struct{ least, most int } // most < 0: no bound

func (t countTest) holds(a Actual, _ Env) (bool, error) {
	n := 0
	for _, v := range a.values {
		if v.state != hl7.Absent {
			n++
		}
	}
	return n >= t.least && (t.most < 0 || n <= t.most), nil
}

func (t countTest) expected(Env) (Text, error) {
	switch {
	case t.most < 0:
		return Textf("%d au moins", "at least %d", t.least), nil
	case t.least == t.most:
		return Textf("%d exactement", "exactly %d", t.least), nil
	}
	return Textf("de %d à %d", "%d to %d", t.least, t.most), nil
}

// sameTest wants the text of another value.
type sameTest struct{ as Template }

func (t sameTest) holds(a Actual, env Env) (bool, error) {
	return equalTest{t.as}.holds(a, env)
}

func (t sameTest) expected(env Env) (Text, error) {
	want, err := t.as.Render(env)
	name := t.as.Text
	if refs := t.as.Refs(); len(refs) > 0 {
		name = refs[0].Text
	}
	return Textf("%s, comme %s", "%s, the same as %s", quoteOdd(want), name), err
}

// templates returns the templates of a matcher, for the check of their
// references.
func (m *Matcher) templates() []Template {
	var list []Template
	for _, t := range m.tests {
		list = append(list, templatesOf(t)...)
	}
	return list
}

func templatesOf(t test) []Template {
	var list []Template
	switch t := t.(type) {
	case equalTest:
		list = append(list, t.want)
	case startsTest:
		list = append(list, t.with)
	case sameTest:
		list = append(list, t.as)
	case notTest:
		list = t.of.templates()
	case someTest:
		list = t.of.templates()
	case inTest:
		for _, one := range t.list {
			list = append(list, templatesOf(one)...)
		}
	case instantTest:
		for _, at := range []*Template{t.of, t.after, t.before} {
			if at != nil {
				list = append(list, *at)
			}
		}
	}
	return list
}
