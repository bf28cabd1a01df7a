package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// The files of the catalogue are read here, by the test that writes
// zcatalogue.go.

// position is a line of a file of the catalogue.
type position struct {
	file string
	line int
}

// placed is a line with its place.
type placed struct {
	position
	key, value string
}

// folder is what the files of the catalogue say.
type folder struct {
	rules    []*Rule
	settings []*Setting
	segments []string
	byID     map[string]*Rule
	eachIDs  map[string]int // the numbers of what rules go over, by their lines
	places   map[*Rule][]placed
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

// readFolder reads and compiles the catalogue.
func readFolder(dir string) (*folder, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.rules"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	c := &folder{byID: map[string]*Rule{}, eachIDs: map[string]int{}, places: map[*Rule][]placed{}}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := c.read(filepath.Base(name), string(data)); err != nil {
			return nil, err
		}
	}
	return c, c.compile()
}

// compile compiles all rules, to see that they compile, and notes what they
// speak of.
func (c *folder) compile() error {
	comp := &compiler{}
	for _, s := range c.settings {
		comp.settings = append(comp.settings, s.Name)
	}
	for i, r := range c.rules {
		r.index = i
		notes := &notes{}
		comp.notes = notes
		for _, l := range c.places[r] {
			if err := c.static(r, notes, l); err != nil {
				return &CatalogueError{l.position, r.ID, err.Error()}
			}
		}
		levels, err := comp.levels(r)
		if err != nil {
			return &CatalogueError{c.places[r][0].position, r.ID, err.Error()}
		}
		code, err := comp.compile(r)
		if err != nil {
			return &CatalogueError{c.places[r][0].position, r.ID, err.Error()}
		}
		r.Fields, r.Events, r.values = append(r.Fields, notes.fields...), notes.events, notes.values
		if len(levels) > 0 {
			r.Setting = levels[0].setting
		}
		r.body.acts = len(code.demands) > 0
		if err := r.body.looksAtValuesOnly(); err != nil {
			return &CatalogueError{c.places[r][0].position, r.ID, err.Error()}
		}
		if p := code.each; p != nil && p.field == 0 {
			r.body.whole, r.body.over = true, p.segment
		}
		if err := comp.guards(&r.body); err != nil {
			return &CatalogueError{c.places[r][0].position, r.ID, err.Error()}
		}
	}
	for _, def := range schema.V25().Segments() { // those that only rules on types speak of
		if _, err := comp.segment(def.Name); err != nil {
			return err
		}
	}
	c.segments = comp.names
	return nil
}

// static settles what of a line need not be compiled in the program.
func (c *folder) static(r *Rule, notes *notes, l placed) error {
	b := &r.body
	switch l.key {
	case "claim":
		return b.claim(l.value, notes)
	case "each":
		plain, _, _ := strings.Cut(l.value, "[")
		b.eachID, b.baseID = c.eachID(l.value), c.eachID(plain)
		b.eachOf, _ = strings.CutPrefix(l.value, "type ")
		if b.eachOf == l.value {
			b.eachOf = ""
		}
	case "check":
		if strings.HasPrefix(l.value, "form-") {
			b.needs |= 1 << odd
		}
	case "when":
		b.events, b.kinds, b.transactions = only(l.value, "event"), only(l.value, "kind"), only(l.value, "transaction")
	}
	return nil
}

// looksAtValuesOnly says whether a rule on a type looks at nothing else than
// values of that type, so that of two with the same bytes one is judged.
func (b *body) looksAtValuesOnly() error {
	for _, l := range b.lines {
		for _, word := range strings.FieldsFunc(l.value, func(r rune) bool { return strings.ContainsRune(" ()", r) }) {
			if b.eachOf != "" && (word == "check" || l.key == "check" || isPath(word) && word[0] == '-') {
				return fmt.Errorf("a rule on a type looks at the value alone, not at %s %s", l.key, l.value)
			}
		}
	}
	return nil
}

// eachID numbers what each goes over.
func (c *folder) eachID(text string) int32 {
	if c.eachIDs[text] == 0 {
		c.eachIDs[text] = len(c.eachIDs) + 1
	}
	return int32(c.eachIDs[text])
}

// only returns the words behind the first one of a condition, where that must
// hold and is the one asked for.
func only(condition, first string) []string {
	words := strings.Fields(condition)
	if len(words) < 2 || words[0] != first || slices.Contains(words, "or") {
		return nil
	}
	if end := slices.Index(words, "and"); end > 0 {
		words = words[:end]
	}
	return words[1:]
}

// read reads a file: blocks of lines, each block a rule or a setting. A line
// that begins with blanks continues the one before; # begins a comment line.
func (c *folder) read(file, text string) error {
	var block []placed
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
			block = append(block, placed{at, key, strings.TrimSpace(value)})
		}
	}
	return flush()
}

func (c *folder) block(lines []placed) error {
	switch head := lines[0]; head.key {
	case "rule":
		return c.rule(lines)
	case "setting":
		return c.setting(lines)
	default:
		return &CatalogueError{head.position, head.value, "a block begins with rule or setting, not " + head.key}
	}
}

func (c *folder) rule(lines []placed) error {
	r := &Rule{ID: lines[0].value, Level: Must}
	if c.byID[r.ID] != nil {
		return &CatalogueError{lines[0].position, r.ID, "there are two rules of that id"}
	}
	for _, l := range lines[1:] {
		if err := c.line(r, l); err != nil {
			return &CatalogueError{l.position, r.ID, err.Error()}
		}
	}
	c.rules = append(c.rules, r)
	c.byID[r.ID] = r
	return nil
}

// line reads a line of a rule, or keeps it for the compiler.
func (c *folder) line(r *Rule, l placed) (err error) {
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
		return c.textOrBody(r, l)
	}
	return err
}

func (c *folder) textOrBody(r *Rule, l placed) error {
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
		c.places[r] = append(c.places[r], l)
		if l.key != "claim" {
			r.body.lines = append(r.body.lines, line{l.key, l.value})
		}
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

// setting reads the block of a setting.
func (c *folder) setting(lines []placed) error {
	s := &Setting{Name: lines[0].value}
	for _, l := range lines[1:] {
		switch l.key {
		case "default":
			s.Default = l.value
		case "values":
			s.Values = strings.Fields(l.value)
		case "fr":
			s.Text.FR = l.value
		case "en":
			s.Text.EN = l.value
		case "source":
			s.Source = l.value
		default:
			return &CatalogueError{l.position, s.Name, fmt.Sprintf("a setting has no line %q", l.key)}
		}
	}
	c.settings = append(c.settings, s)
	return nil
}
func (b *body) claim(text string, notes *notes) error {
	words := strings.Fields(text)
	if len(words) == 0 {
		return fmt.Errorf("claim wants kinds of facts and perhaps places")
	}
	var kinds []schema.Kind
	for name := range strings.SplitSeq(words[0], ",") {
		kind, ok := kindNamed(name)
		if !ok {
			return fmt.Errorf("there is no kind of fact %q", name)
		}
		kinds = append(kinds, kind)
	}
	if len(words) == 1 {
		words = append(words, "")
	}
	for _, place := range words[1:] {
		at, err := parsePlace(place)
		if err != nil {
			return err
		}
		if name := at.place + "-" + strconv.Itoa(at.field); at.field > 0 && !slices.Contains(notes.fields, name) {
			notes.fields = append(notes.fields, name)
		}
		for _, kind := range kinds {
			at.kind = kind
			b.claims = append(b.claims, at)
		}
	}
	return nil
}

// parsePlace reads ZBE, ZBE-9, PID-3.4.2, CX.4, layer:fr, table:0445 and "".
func parsePlace(s string) (claim, error) {
	at := claim{place: s}
	if strings.Contains(s, ":") || s == "" {
		return at, nil
	}
	head, rest, dotted := strings.Cut(s, ".")
	name, field, isField := strings.Cut(head, "-")
	at.place = name
	numbers := []string{}
	if dotted {
		numbers = strings.Split(rest, ".")
	}
	if isField {
		n, err := strconv.Atoi(field)
		if err != nil {
			return at, fmt.Errorf("%q is no place", s)
		}
		at.field = n
	}
	for i, target := range []*int{&at.component, &at.sub} {
		if i < len(numbers) {
			n, err := strconv.Atoi(numbers[i])
			if err != nil {
				return at, fmt.Errorf("%q is no place", s)
			}
			*target = n
		}
	}
	return at, nil
}

func kindNamed(name string) (schema.Kind, bool) {
	for k := schema.Kind(0); k <= schema.NotSuggested; k++ {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}
