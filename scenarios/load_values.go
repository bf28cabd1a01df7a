package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// decoder turns nodes into the model. Each method reports what is wrong and
// returns what can be used, so that one reading finds every fault.
type decoder struct {
	out    *faults
	used   map[string]bool // columns of the table that were read
	nodes  int             // copied for cases
	copied int             // bytes of cells in their places

	role      Role                    // that the scenario is for
	speaks    string                  // the dialect of the candidate; "": not known
	rehearsed int                     // messages that were built
	refused   map[Source]bool         // places where a message could not be
	judges    map[string]*rules.Judge // of those messages, by dialect
}

var (
	scenarioID   = expression(`^[a-z0-9]+([.-][a-z0-9]+)*(/[a-z0-9]+([.-][a-z0-9]+)*)*$`)
	identityName = expression(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
	caseID       = expression(`^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$`)
	requirement  = expression(`^\S+$`)
)

// mapping checks that n is a mapping, each of whose keys is known and given
// once. It reports false when there are no keys to read at all.
func (d *decoder) mapping(n *node, known string) bool {
	if n == nil || !d.isMapping(n) {
		return false
	}
	first, words := map[string]*node{}, strings.Fields(known)
	for _, p := range n.pairs {
		key := p.key.text
		switch before := first[key]; {
		case before != nil:
			d.out.add(p.key.pos, Textf("la clé « %s » est déjà écrite ligne %d",
				"the key %q was already given on line %d", key, before.pos.Line))
		case !slices.Contains(words, key):
			d.out.unknown(p.key.pos, Textf("clé inconnue « %s »", "unknown key %q", key), key, words)
		}
		first[key] = p.key
	}
	return true
}

func (d *decoder) isMapping(n *node) bool {
	switch {
	case n.kind == mapping:
		return true
	case n.faulty:
	case n.missing():
		d.missing(n)
	default:
		d.out.add(n.pos, Text{FR: "des clés sont attendues ici, pas une valeur", EN: "keys are expected here, not a value"}).
			expected("attendu : clé: valeur", "expected: key: value")
	}
	return false
}

func (d *decoder) missing(n *node) {
	d.out.add(n.pos, Text{FR: "la valeur manque", EN: "the value is missing"})
}

// list returns the items of a list; nothing for a nil n.
func (d *decoder) list(n *node) []*node {
	switch {
	case n == nil:
		return nil
	case n.kind == sequence:
		return n.items
	case n.faulty:
	case n.missing():
		d.missing(n)
	default:
		d.out.add(n.pos, Text{FR: "une liste est attendue ici", EN: "a list is expected here"}).
			expected("attendu : [a, b] ou une ligne « - » par élément", `expected: [a, b] or a line "-" per item`)
	}
	return nil
}

// text returns the text of a scalar.
func (d *decoder) text(n *node) (string, bool) {
	switch {
	case n == nil || n.faulty:
		return "", false
	case n.kind != scalar:
		d.out.add(n.pos, Text{FR: "une seule valeur est attendue ici", EN: "a single value is expected here"})
		return "", false
	case n.missing():
		d.missing(n)
		return "", false
	}
	return n.text, true
}

// optional returns the text of a scalar that may not be there.
func (d *decoder) optional(n *node) string {
	text, _ := d.text(n)
	return text
}

// word returns one of the words known.
func (d *decoder) word(n *node, known ...string) string {
	text, ok := d.text(n)
	if !ok || slices.Contains(known, text) {
		return text
	}
	d.out.unknown(n.pos, Textf("valeur inconnue « %s »", "unknown value %q", text), text, known)
	return ""
}

// matching returns a text of a certain form.
func (d *decoder) matching(n *node, form *regexp.Regexp, expected Text) string {
	text, ok := d.text(n)
	if ok && !form.MatchString(text) {
		d.out.add(n.pos, Textf("« %s » n'a pas la forme attendue", "%q does not have the expected form", text)).Expected = expected
	}
	return text
}

// bilingual returns a text for people: one for both languages, or {fr, en}.
func (d *decoder) bilingual(n *node) Text {
	if n == nil {
		return Text{}
	}
	if n.kind == mapping {
		d.mapping(n, "fr en")
		return Text{FR: d.optional(n.get("fr")), EN: d.optional(n.get("en"))}
	}
	text := d.optional(n)
	return Text{FR: text, EN: text}
}

// wait returns a time to wait, which is above zero.
func (d *decoder) wait(n *node) time.Duration {
	text, ok := d.text(n)
	if !ok {
		return 0
	}
	v, err := parseDuration(text)
	switch {
	case err != nil:
		d.out.add(n.pos, durationText(text)).Expected = durationExample()
	case v <= 0:
		d.out.add(n.pos, Textf("« %s » n'est pas une attente", "%q is no time to wait", text)).
			expected("attendu : une durée positive", "expected: a duration above zero")
	}
	return v
}

// boolean returns true or false. The YAML of other programs has more words for
// them; here `yes` would be a text that looks like an answer.
func (d *decoder) boolean(n *node) bool {
	return d.word(n, "true", "false") == "true"
}

// trigger returns a trigger event.
func (d *decoder) trigger(n *node) pam.Trigger {
	text, ok := d.text(n)
	if !ok {
		return ""
	}
	t, err := pam.ParseTrigger(text)
	if err != nil {
		var known []string
		for _, k := range pam.Triggers() {
			known = append(known, string(k))
		}
		p := d.out.add(n.pos, Text{FR: inLang(err, "fr"), EN: inLang(err, "en")})
		p.DidYouMean = Nearest(text, known)
	}
	return t
}

// dialect returns a dialect by its name.
func (d *decoder) dialect(n *node) pam.Dialect {
	var known []string
	for _, k := range pam.Dialects() {
		known = append(known, k.Name)
	}
	dialect, err := pam.DialectByName(d.word(n, known...))
	if err != nil {
		return pam.Dialect{} // word has told
	}
	return dialect
}

// charset returns a character set.
func (d *decoder) charset(n *node) hl7.Charset {
	text, ok := d.text(n)
	if !ok {
		return ""
	}
	cs, err := hl7.ParseCharset(text)
	if err != nil {
		d.out.unknown(n.pos, Text{FR: inLang(err, "fr"), EN: inLang(err, "en")},
			text, []string{"UTF-8", "ISO-8859-1", "ISO-8859-15", "ASCII"})
	}
	return cs
}

// template compiles a scalar.
func (d *decoder) template(n *node) Template {
	text, ok := d.text(n)
	if !ok {
		return Template{Pos: n.pos, faulty: true}
	}
	return d.templateOf(n, text)
}

// templateOf compiles a text that came from n.
func (d *decoder) templateOf(n *node, text string) Template {
	t, fault := compileTemplate(text, n.pos, n.placer())
	if fault != nil {
		d.fault(n.at(fault.offset, fault.width), fault)
	}
	return t
}

// fault reports what is wrong with a text.
func (d *decoder) fault(pos Source, fault *textFault) {
	p := d.out.add(pos, fault.message)
	p.Expected = fault.expected
	if len(fault.known) > 0 {
		p.suggest(fault.word, fault.known)
	}
}

// size returns a size of a message, such as 1MiB.
func (d *decoder) size(n *node) int { return d.sizeUpTo(n, maxMessageSize) }

// sizeUpTo returns a number of bytes such as 1MiB; most is a number of MiB.
func (d *decoder) sizeUpTo(n *node, most int) int {
	text, ok := d.text(n)
	if !ok {
		return 0
	}
	var number int
	var unit string
	factor := map[string]int{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}
	if m := sizeForm().FindStringSubmatch(text); m != nil {
		_, _ = fmt.Sscan(m[1], &number) // the form leaves at most six digits
		unit = m[2]
	}
	size := number * factor[unit]
	if size < 1 || size > most {
		d.out.add(n.pos, Textf("« %s » n'est pas une taille de message", "%q is no size of a message", text)).
			expected("attendu : de 1B à %[1]dMiB, comme 512KiB", "expected: 1B to %[1]dMiB, such as 512KiB", most>>20)
	}
	return size
}

var sizeForm = expression(`^([0-9]{1,6})(B|KiB|MiB)$`)

// maxMessageSize is the largest limit on a message that a candidate file can set.
const maxMessageSize = 64 << 20
