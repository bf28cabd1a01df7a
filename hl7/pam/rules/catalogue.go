package rules

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

//go:embed catalogue/*.rules catalogue/messages.txt
var files embed.FS

// position is a line of a file of the catalogue.
type position struct {
	file string
	line int
}

// line is a line of a rule: a key and what stands behind it.
type line struct {
	position
	key, value string
}

// CatalogueError says what is wrong in the data of the catalogue, and where.
type CatalogueError struct {
	At     position
	Rule   string
	Reason string
}

// Error returns file:line, the rule and the reason.
func (e *CatalogueError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s", e.At.file, e.At.line, e.Rule, e.Reason)
}

// catalogue is all rules, ready for use.
type catalogue struct {
	rules    []*Rule // in the order of the files
	byID     map[string]*Rule
	settings []*Setting
	segments []string // by segmentID
	claims   claimIndex
}

// load reads the catalogue once. Its files are part of the program and tested,
// so that an error is a fault of the program.
var load = sync.OnceValues(readCatalogue)

func readCatalogue() (*catalogue, error) {
	entries, err := files.ReadDir("catalogue")
	if err != nil {
		return nil, err
	}
	c := &catalogue{byID: map[string]*Rule{}}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".rules") {
			continue
		}
		data, err := files.ReadFile("catalogue/" + e.Name())
		if err != nil {
			return nil, err
		}
		if err := c.read(e.Name(), string(data)); err != nil {
			return nil, err
		}
	}
	return c, c.finish()
}

// finish compiles what was read.
func (c *catalogue) finish() error {
	comp := &compiler{}
	for _, r := range c.rules {
		if err := comp.compile(r); err != nil {
			return err
		}
	}
	for _, def := range schema.V25().Segments() { // those that only rules on types speak of
		if _, err := comp.segment(def.Name); err != nil {
			return err
		}
	}
	c.segments = comp.names
	return c.indexClaims()
}

// Catalogue returns all rules, in the order of their ids.
func Catalogue() []*Rule {
	c, err := load()
	if err != nil {
		return nil
	}
	list := slices.Clone(c.rules)
	slices.SortFunc(list, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// ByID returns the rule of an id, nil when there is none.
func ByID(id string) *Rule {
	c, err := load()
	if err != nil {
		return nil
	}
	return c.byID[id]
}

// read reads a file: blocks of lines, each block a rule or a setting. A line
// that begins with blanks continues the one before; # begins a comment line.
func (c *catalogue) read(file, text string) error {
	var block []line
	number := 0
	flush := func() error {
		if len(block) == 0 {
			return nil
		}
		b := block
		block = block[:0:0]
		return c.block(b)
	}
	for s := range strings.SplitSeq(text, "\n") {
		number++
		at := position{file, number}
		switch trimmed := strings.TrimSpace(s); {
		case strings.HasPrefix(s, "#"):
		case trimmed == "":
			if err := flush(); err != nil {
				return err
			}
		case s[0] == ' ' || s[0] == '\t':
			if len(block) == 0 {
				return &CatalogueError{at, "", "this line continues nothing"}
			}
			last := &block[len(block)-1]
			if last.key == "good" || last.key == "bad" {
				last.value += "\n" + trimmed
			} else {
				last.value += " " + trimmed
			}
		default:
			key, value, _ := strings.Cut(trimmed, " ")
			block = append(block, line{at, key, strings.TrimSpace(value)})
		}
	}
	return flush()
}

func (c *catalogue) block(lines []line) error {
	switch head := lines[0]; head.key {
	case "rule":
		return c.rule(lines)
	case "setting":
		return c.setting(lines)
	default:
		return &CatalogueError{head.position, head.value, "a block begins with rule or setting, not " + head.key}
	}
}

func (c *catalogue) rule(lines []line) error {
	r := &Rule{ID: lines[0].value, source: lines[0].position, Level: Must}
	if c.byID[r.ID] != nil {
		return &CatalogueError{r.source, r.ID, "there are two rules of that id"}
	}
	for _, l := range lines[1:] {
		if err := r.line(l); err != nil {
			return &CatalogueError{l.position, r.ID, err.Error()}
		}
	}
	c.rules = append(c.rules, r)
	c.byID[r.ID] = r
	return nil
}

// line reads a line of a rule, or keeps it for the compiler.
func (r *Rule) line(l line) (err error) {
	switch l.key {
	case "source":
		r.Source = l.value
	case "covers":
		r.Covers = strings.Fields(l.value)
	case "in":
		r.layers = strings.Fields(l.value)
	case "not-in":
		r.notIn = strings.Fields(l.value)
	case "base":
		r.base = l.value
	case "condition":
		r.condition, err = strconv.Atoi(l.value)
	case "since":
		r.Since = l.value
	case "until":
		r.Until = l.value
	case "fields":
		r.Fields = append(r.Fields, strings.Fields(l.value)...)
	case "tables":
		r.Tables = strings.Fields(l.value)
	case "of":
		r.body.of, err = parseSubject(l.value)
	case "tolerant":
		r.tolerant, _ = parseLevel(l.value)
	case "good":
		r.Good = parseExample(l.value)
	case "bad":
		r.Bad = parseExample(l.value)
	default:
		return r.textOrBody(l)
	}
	return err
}

func (r *Rule) textOrBody(l line) error {
	name, lang, _ := strings.Cut(l.key, ".")
	if name == "fr" || name == "en" {
		name, lang = "text", name
	}
	target := map[string]*pam.Text{"text": &r.Text, "say": &r.say, "hint": &r.Hint, "expected": &r.expected}[name]
	switch {
	case target == nil:
		if l.key == "level" && !strings.Contains(l.value, " ") {
			r.Level, _ = parseLevel(l.value)
		}
		r.body.text = append(r.body.text, l)
	case lang == "fr":
		target.FR = l.value
	case lang == "en":
		target.EN = l.value
	default:
		return fmt.Errorf("there is no line %q", l.key)
	}
	return nil
}

func parseSubject(s string) (subject, error) {
	switch s {
	case "ack":
		return ofAck, nil
	case "sequence":
		return ofSequence, nil
	case "any":
		return ofAny, nil
	}
	return ofMessage, fmt.Errorf("a rule is of ack, of any or of sequence, not of %q", s)
}

// appliesTo says whether a rule is one of those that a profile is judged by.
func (r *Rule) appliesTo(layers []string, base, version string) bool {
	switch {
	case r.base != "" && r.base != base && !(r.base == "2.5" && base == "2.5.1"):
		return false
	case version != "" && r.Since != "" && compareVersions(version, r.Since) < 0:
		return false
	case version != "" && r.Until != "" && compareVersions(version, r.Until) > 0:
		return false
	case slices.ContainsFunc(r.notIn, func(l string) bool { return slices.Contains(layers, l) }):
		return false
	case r.layers != nil:
		return slices.ContainsFunc(r.layers, func(l string) bool { return slices.Contains(layers, l) })
	}
	switch r.Family() {
	case "iti", "fr", "ins":
		return slices.Contains(layers, r.Family())
	}
	return true
}
