package profile

import (
	"fmt"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

const layerHL7 = "hl7"

// builder makes a profile out of the lines of data files, those of the file
// that is extended first.
type builder struct {
	lib  *library
	p    *Profile
	base *schema.Version
	d    *schema.Draft

	row   row
	layer string
	item  func() error // reads a line of the block that is open
	note  *pam.Text    // where notes go

	segment *schema.SegmentDef
	typ     *schema.TypeDef
	table   *Table
	codes   []Code        // of the table that is open, and room for those of the next
	plain   []schema.Code // room for the codes of a table, as package schema wants them
	event   *eventText
	source  string // the paragraph of the block, for lines without their own

	naming  bool // a file of names is being read
	whole   bool // also what only findings and people ask for: where things come from, and their names
	origins map[place]*origin
	slab    []origin // origins are made by the hundred
	unread  origin   // stands for all of them where they are not wanted
	parts   map[string]string
	events  map[string]*eventText
	allHL7  bool // the events of the version belong to the profile
	pending map[string]pendingTable
	soften  []softening
	lenders []*Profile
	depth   int               // how many profiles borrow from this one in a row
	lent    map[string]*Table // tables of borrowed segments, which hold there alone
	types   map[string]bool   // those that the files add
}

// eventText is an event whose grammar has not been put together.
type eventText struct {
	Event
	notation string
	at       row
}

func newBuilder(l *library, name string, depth int, whole bool) *builder {
	b := &builder{
		lib: l, p: &Profile{Name: name, variant: map[string]string{}, tables: make(map[string]*Table, 80)},
		parts: map[string]string{}, events: map[string]*eventText{}, pending: map[string]pendingTable{},
		depth: depth, whole: whole, lent: map[string]*Table{}, types: map[string]bool{},
		plain: make([]schema.Code, 0, 300), // more than nearly all tables have
	}
	if whole {
		b.origins = make(map[place]*origin, 700)
	}
	return b
}

// row is a line of a data file.
type row struct {
	file   string
	number int
	depth  int // how many tabs it begins with
	cells  [maxCells]string
	n      int // how many cells there are
}

const maxCells = 12

// cell returns cell i, "." where the line has ended.
func (r *row) cell(i int) string {
	if i >= r.n || r.cells[i] == "" {
		return same
	}
	return r.cells[i]
}

// What a cell may hold beside a value.
const (
	same = "."
	none = "-"
)

// text is a cell that holds a value or nothing.
func (r *row) text(i int) string {
	if c := r.cell(i); c != same && c != none {
		return c
	}
	return ""
}

func (r *row) split(line string) bool {
	r.depth, r.n = 0, 0
	for r.depth < len(line) && line[r.depth] == '\t' {
		r.depth++
	}
	line = line[r.depth:]
	for r.n < maxCells {
		end := strings.IndexByte(line, '\t')
		if end < 0 {
			r.cells[r.n] = line
			r.n++
			return true
		}
		r.cells[r.n] = line[:end]
		r.n++
		line = line[end+1:]
	}
	return false
}

// column is where cell i begins.
func (r *row) column(i int) int {
	column := r.depth + 1
	for k := range min(i, r.n) {
		column += len(r.cells[k]) + 1
	}
	return column
}

// fail reports what is wrong in cell i of the line.
func (b *builder) fail(i int, en, fr string, args ...any) error {
	return failAt(&b.row, i, en, fr, args...)
}

func failAt(r *row, i int, en, fr string, args ...any) error {
	return &DataError{
		File: r.file, Line: r.number, Column: r.column(i),
		what: pam.Text{FR: fmt.Sprintf(fr, args...), EN: fmt.Sprintf(en, args...)},
	}
}

func (b *builder) fileError(name, en, fr string) error {
	return &DataError{File: name + ".txt", what: pam.Text{FR: fr, EN: en}}
}

// file reads a data file.
func (b *builder) file(s source) error {
	b.row.file, b.item, b.note = s.name+".txt", nil, nil
	number := 0
	for line := range strings.SplitSeq(s.text, "\n") {
		number++
		if n := len(line); n > 0 && line[n-1] <= ' ' {
			line = strings.TrimRight(line, " \r")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		b.row.number = number
		if !b.row.split(line) {
			return b.fail(maxCells, "too many cells", "trop de cellules")
		}
		if err := b.line(); err != nil {
			return err
		}
	}
	b.closeTable()
	return nil
}

func (b *builder) record() error {
	kind := b.row.cells[0]
	if read := headingRecord(kind); read != nil {
		return read(b)
	}
	read := record(kind)
	switch {
	case read == nil:
		return b.fail(0, "%q is no kind of line", "« %s » n'est pas une sorte de ligne", kind)
	case b.d == nil:
		return b.fail(0, "base or extends has to come first", "base ou extends doit venir d'abord")
	}
	return read(b)
}

func (b *builder) line() error {
	switch b.row.depth {
	case 0:
		b.closeTable()
		b.item, b.note, b.source = nil, nil, ""
		return b.record()
	case 1:
		if b.item == nil {
			return b.fail(0, "this line belongs to none", "cette ligne n'appartient à aucune autre")
		}
		return b.item()
	}
	if b.note == nil {
		return b.fail(0, "there is nothing to annotate here", "il n'y a rien à annoter ici")
	}
	switch b.row.cells[0] {
	case "fr":
		b.note.FR = b.row.text(1)
	case "en":
		b.note.EN = b.row.text(1)
	default:
		return b.fail(0, "a note begins with fr or en", "une note commence par fr ou en")
	}
	return nil
}

// record returns what reads a kind of line. These kinds are all that there is
// to the format.
func record(kind string) func(*builder) error {
	switch kind {
	case "part":
		return (*builder).part
	case "event":
		return (*builder).eventLine
	case "events":
		return (*builder).eventsLine
	case "without":
		return (*builder).without
	case "segment":
		return (*builder).segmentLine
	case "borrow":
		return (*builder).borrow
	case "type":
		return (*builder).typeLine
	case "variant":
		return (*builder).variant
	case "name":
		return (*builder).nameLine
	case "names":
		return (*builder).names
	case "table":
		return (*builder).tableLine
	case "codes":
		return (*builder).codesLine
	case "soften":
		return (*builder).softenLine
	}
	return nil
}

// heading returns what reads a line that may stand before there is a version
// to change.
func headingRecord(kind string) func(*builder) error {
	switch kind {
	case "title":
		return (*builder).title
	case "dialect":
		return (*builder).dialect
	case "layers":
		return (*builder).layers
	case "layer":
		return (*builder).layerOf
	case "pam":
		return (*builder).pamVersion
	case "base":
		return (*builder).baseVersion
	case "extends":
		return (*builder).extends
	}
	return nil
}

func (b *builder) title() error {
	b.p.Title = pam.Text{FR: b.row.text(1), EN: b.row.text(2)}
	return nil
}

func (b *builder) dialect() error    { b.p.Dialect = b.row.text(1); return nil }
func (b *builder) layers() error     { b.p.Layers = strings.Fields(b.row.text(1)); return nil }
func (b *builder) layerOf() error    { b.layer = b.row.text(1); return nil }
func (b *builder) pamVersion() error { b.p.PAM = b.row.text(1); return nil }

// extends has been followed before the lines are read.
func (b *builder) extends() error {
	if b.d == nil {
		return b.fail(1, "extends has to stand among the first lines", "extends doit être parmi les premières lignes")
	}
	return nil
}

func (b *builder) baseVersion() error {
	if b.d != nil {
		return b.fail(0, "a profile has one base", "un profil n'a qu'une base")
	}
	for _, v := range schema.Versions() {
		if v.Name == b.row.text(1) {
			b.base, b.d = v, v.Draft(b.p.Name)
			return nil
		}
	}
	return b.fail(1, "there is no version %q", "il n'y a pas de version « %s »", b.row.text(1))
}
