package schema

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A NotationError says what is wrong with the text of a grammar, and where.
type NotationError struct {
	Notation string
	Column   int // of the fault, in bytes from 1

	say  [2]string // English, French
	args []any
}

// Error returns the English sentence.
func (e *NotationError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *NotationError) In(lang string) string {
	if lang == "fr" {
		return fmt.Sprintf("grammaire, colonne %d : %s", e.Column, fmt.Sprintf(e.say[1], e.args...))
	}
	return fmt.Sprintf("grammar, column %d: %s", e.Column, fmt.Sprintf(e.say[0], e.args...))
}

// Hint says what to do about it.
func (e *NotationError) Hint(lang string) string {
	if lang == "fr" {
		return "une grammaire s'écrit comme MSH EVN PID PD1? NK1*(RE) PV1 ~PV2 PROCEDURE{ PR1 ROL* }*"
	}
	return "a grammar is written like MSH EVN PID PD1? NK1*(RE) PV1 ~PV2 PROCEDURE{ PR1 ROL* }*"
}

var errAmbiguous = errors.New("ambiguous")

// reader reads the notation of Compile.
type reader struct {
	text string
	at   int
	g    *grammar
	path []string // the groups that are open
}

// compile reads a grammar and makes it ready for matching.
func compile(notation string) (*grammar, error) {
	r := &reader{text: notation, g: &grammar{groups: 1}}
	r.g.nodes = append(r.g.nodes, node{min: 1, max: 1, parent: -1, slot: -1})
	if err := r.items(0); err != nil {
		return nil, err
	}
	if r.at < len(r.text) {
		return nil, r.fail("a brace is closed that was not opened", "une accolade est fermée sans avoir été ouverte")
	}
	if err := r.g.finish(); err != nil {
		_, name, _ := strings.Cut(err.Error(), ": ")
		return nil, r.fail("ambiguous: after one of the segments, %s could take two places", "ambiguë : après l'un des segments, %s pourrait prendre deux places", name)
	}
	return r.g, nil
}

func (r *reader) fail(en, fr string, args ...any) *NotationError {
	return &NotationError{r.text, r.at + 1, [2]string{en, fr}, args}
}

func (r *reader) blanks() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// accept skips c if it is next.
func (r *reader) accept(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// items reads what is in the group at node up, to its end.
func (r *reader) items(up int16) error {
	for r.blanks(); r.at < len(r.text) && r.text[r.at] != '}'; r.blanks() {
		if err := r.item(up); err != nil {
			return err
		}
	}
	r.g.nodes[up].end = int16(len(r.g.nodes))
	if int(up)+1 == len(r.g.nodes) {
		return r.fail("a group without segments", "un groupe sans segment")
	}
	return nil
}

func (r *reader) item(up int16) error {
	forbidden := r.accept('~')
	name := r.word()
	at := int16(len(r.g.nodes))
	parent := &r.g.nodes[up]
	n := node{min: 1, max: 1, parent: up, depth: parent.depth + 1, end: at + 1, slot: -1, group: parent.group, name: name}
	group := r.accept('{')
	switch {
	case group && forbidden:
		return r.fail("a group cannot be marked ~: mark its segments", "un groupe ne peut pas être marqué ~ : marquez ses segments")
	case !group && packName(name) == 0:
		return r.fail("a segment name was expected, not %q", "on attendait un nom de segment, et non %q", name)
	case len(r.g.slots) >= maxSlots || r.g.groups >= maxGroups || int(n.depth) >= maxDepth:
		return r.fail("too many segments, groups or levels", "trop de segments, de groupes ou de niveaux")
	}
	if group {
		return r.group(at, n)
	}
	r.g.nodes = append(r.g.nodes, n)
	usage, err := r.suffix(at)
	if err != nil {
		return err
	}
	if forbidden {
		usage, r.g.nodes[at].min, r.g.nodes[at].max = NotUsed, 0, 0
	}
	r.slot(at, usage)
	return nil
}

// group reads the rest of a group, whose brace has been opened.
func (r *reader) group(at int16, n node) error {
	n.group = int16(r.g.groups)
	r.g.groups++
	r.g.nodes = append(r.g.nodes, n)
	if n.name == "" {
		rest := strings.TrimLeft(r.text[r.at:], " \t\r\n")
		n.name = rest[:min(3, len(rest))]
	}
	r.path = append(r.path, n.name)
	if err := r.items(at); err != nil {
		return err
	}
	if !r.accept('}') {
		return r.fail("a brace is not closed", "une accolade n'est pas fermée")
	}
	r.path = r.path[:len(r.path)-1]
	if _, err := r.suffix(at); err != nil {
		return err
	}
	if m := r.g.nodes[at].max; m != 1 && m != Unbounded {
		return r.fail("a group repeats without bound or not at all", "un groupe se répète sans limite ou pas du tout")
	}
	return nil
}

// slot makes the slot of the segment at a node.
func (r *reader) slot(at int16, usage Usage) {
	n, g := &r.g.nodes[at], r.g
	n.slot = int16(len(g.slots))
	g.slots = append(g.slots, Slot{len(g.slots), n.name, strings.Join(r.path, "/"), usage, n.min, n.max})
	g.keys = append(g.keys, packName(n.name))
	g.leaf = append(g.leaf, at)
}

// suffix reads how often a node may be there, and its usage.
func (r *reader) suffix(at int16) (Usage, error) {
	n := &r.g.nodes[at]
	switch {
	case r.accept('?'):
		n.min = 0
	case r.accept('*'):
		n.min, n.max = 0, Unbounded
	case r.accept('+'):
		n.max = Unbounded
	case r.accept('['):
		if err := r.bounds(n); err != nil {
			return 0, err
		}
	}
	usage := Optional
	if n.min > 0 {
		usage = Required
	}
	if !r.accept('(') {
		return usage, nil
	}
	word := r.word()
	usage, ok := ParseUsage(word)
	if !ok || !r.accept(')') {
		return 0, r.fail("a usage was expected, such as (RE) or (C), not %q", "on attendait un usage, comme (RE) ou (C), et non %q", word)
	}
	return usage, nil
}

// bounds reads the rest of [0..5]; more than once cannot be required.
func (r *reader) bounds(n *node) error {
	inner, _, ok := strings.Cut(r.text[r.at:], "]")
	least, most, dots := strings.Cut(inner, "..")
	low, err := strconv.Atoi(least)
	high := Unbounded
	if err == nil && most != "*" {
		high, err = strconv.Atoi(most)
	}
	if !ok || !dots || err != nil || low < 0 || low > 1 || high != Unbounded && (high < 1 || high < low || high > 10_000) {
		return r.fail("bounds were expected, such as [0..5] or [1..*]", "on attendait des bornes, comme [0..5] ou [1..*]")
	}
	r.at += len(inner) + 1
	n.min, n.max = low, high
	return nil
}

// word reads letters, digits and underscores.
func (r *reader) word() string {
	start := r.at
	for r.at < len(r.text) && (isNameByte(r.text[r.at]) || r.text[r.at] == '_' || 'a' <= r.text[r.at] && r.text[r.at] <= 'z') {
		r.at++
	}
	return r.text[start:r.at]
}
