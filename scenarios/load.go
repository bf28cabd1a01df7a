package scenarios

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

var errTooLarge = errors.New("the file is too large")

// Load reads and checks a scenario file. The error is a Problems with every
// fault that was found.
func Load(name string) (*Scenario, error) { return loadIn(name, "") }

// loadIn is Load for a candidate that speaks a dialect; "": whichever.
func loadIn(name, dialect string) (*Scenario, error) {
	dir, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, Problems{unreadable(name, err)}
	}
	defer dir.Close()
	s, err := loadFile(dir.FS(), filepath.Base(name), name, dialect)
	if err != nil {
		return nil, err
	}
	s.open = func(file string) (fs.File, error) { // dir is closed by then
		return os.OpenInRoot(filepath.Dir(name), filepath.FromSlash(file))
	}
	return s, nil
}

// LoadFS reads and checks a scenario file of a file system, such as the shipped
// library.
func LoadFS(fsys fs.FS, name string) (*Scenario, error) { return loadFS(fsys, name, "") }

func loadFS(fsys fs.FS, name, dialect string) (*Scenario, error) {
	dir, err := fs.Sub(fsys, path.Dir(name))
	if err != nil {
		return nil, Problems{unreadable(name, err)}
	}
	return loadFile(dir, path.Base(name), name, dialect)
}

// loadFile loads the file called base in dir; name is what the user calls it.
func loadFile(dir fs.FS, base, name, dialect string) (*Scenario, error) {
	data, problem := readFile(dir, base, name)
	if problem != nil {
		return nil, Problems{problem}
	}
	out := &faults{}
	s := &Scenario{Source: data, open: dir.Open}
	if root := parseYAML(name, data, out); root != nil {
		d := &decoder{out: out, speaks: dialect}
		d.scenario(s, root)
	}
	if err := out.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// readFile reads a file that should be a text of moderate size, and refuses what
// is not before reading it: a directory, a pipe that would never end, a gigabyte.
func readFile(dir fs.FS, base, name string) ([]byte, *Problem) {
	info, err := fs.Stat(dir, base)
	if err != nil {
		return nil, unreadable(name, err)
	}
	whole := func(message Text) *Problem {
		return &Problem{Pos: Source{File: name}, Message: message}
	}
	tooLarge := Textf("le fichier dépasse %d Mio", "the file is larger than %d MiB", maxFile>>20)
	switch {
	case info.IsDir():
		return nil, whole(Text{FR: "c'est un dossier, pas un fichier", EN: "this is a directory, not a file"})
	case !info.Mode().IsRegular():
		return nil, whole(Text{FR: "ce n'est pas un fichier ordinaire", EN: "this is not a regular file"})
	case info.Size() > maxFile:
		return nil, whole(tooLarge)
	}
	f, err := dir.Open(base)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if len(data) > maxFile {
		return nil, whole(tooLarge)
	}
	return data, nil
}

// unreadable is the problem of a file that the system does not give.
func unreadable(name string, err error) *Problem {
	p := &Problem{Pos: Source{File: name}, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Message = Text{FR: "fichier introuvable", EN: "no such file"}
	case errors.Is(err, fs.ErrPermission):
		p.Message = Text{FR: "pas le droit de lire ce fichier", EN: "no permission to read this file"}
	case errors.Is(err, errTooLarge):
		p.Message = Textf("plus de %d Mio", "more than %d MiB", maxSentFile>>20)
	default:
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err // the problem names the file
		}
		p.Message = Text{FR: "illisible : " + systemReason(err), EN: "unreadable: " + err.Error()}
	}
	return p
}

// systemReason says in French what package os and the system say in English.
// What they say rarely is left as it is.
func systemReason(err error) string {
	for _, known := range []struct {
		err error
		fr  string
	}{
		{syscall.ELOOP, "trop de liens symboliques"},
		{syscall.ENOTDIR, "un élément du chemin n'est pas un dossier"},
		{syscall.EISDIR, "c'est un dossier"},
		{syscall.ENAMETOOLONG, "nom de fichier trop long"},
		{syscall.EIO, "erreur d'entrée-sortie"},
		{syscall.EMFILE, "trop de fichiers ouverts"},
		{fs.ErrInvalid, "nom de fichier impossible"},
		{fs.ErrClosed, "fichier déjà fermé"},
	} {
		if errors.Is(err, known.err) {
			return known.fr
		}
	}
	switch text := err.Error(); text { // os.Root has no variables for these
	case "path escapes from parent":
		return "le chemin sort du dossier"
	case "not a directory":
		return "un élément du chemin n'est pas un dossier"
	default:
		return text
	}
}

const scenarioKeys = "version id title description spec role tags requires covers dialects timeout alone given vars cases steps always"

// scenario decodes a whole file into s.
func (d *decoder) scenario(s *Scenario, root *node) {
	if !d.mapping(root, scenarioKeys) {
		return
	}
	d.required(root, "version", "id", "title", "steps")
	d.version(root.get("version"))
	d.header(s, root)
	rows := d.rows(root.get("cases"))
	if rows == nil {
		return
	}
	whole := true
	for _, row := range rows {
		told := d.out.told
		c, understood := d.playable(s, root, row)
		if d.overfull() {
			return
		}
		whole = whole && understood
		d.checkCase(s, c)
		if d.out.told == told {
			d.rehearse(s, c)
		}
		s.Cases = append(s.Cases, c)
	}
	if whole {
		d.unusedColumns(rows)
	}
}

// header decodes what all cases share.
func (d *decoder) header(s *Scenario, root *node) {
	if n := root.get("id"); n != nil {
		s.Pos = n.pos
		s.ID = d.matching(n, scenarioID(), Text{FR: "attendu : comme dossier/nom-du-scenario", EN: "expected: like folder/name-of-scenario"})
	}
	s.Title = d.bilingual(root.get("title"))
	s.Description = d.bilingual(root.get("description"))
	s.Spec = d.optional(root.get("spec"))
	s.Role = DMN
	if n := root.get("role"); n != nil {
		s.Role = Role(d.word(n, string(DMN), string(GAM)))
	}
	d.role = s.Role
	for _, n := range d.list(root.get("tags")) {
		s.Tags = append(s.Tags, d.matching(n, stepName(), Text{
			FR: "attendu : minuscules, chiffres et traits d'union", EN: "expected: lower-case letters, digits and hyphens",
		}))
	}
	for _, n := range d.list(root.get("covers")) {
		s.Covers = append(s.Covers, d.matching(n, requirement(), Text{FR: "attendu : comme ITI-31/A01", EN: "expected: like ITI-31/A01"}))
	}
	for _, n := range d.list(root.get("dialects")) {
		s.Dialects = append(s.Dialects, d.dialect(n).Name)
	}
	if n := root.get("alone"); n != nil {
		s.Alone = d.boolean(n)
	}
	if n := root.get("timeout"); n != nil {
		s.Timeout = d.wait(n)
	}
}

// playable decodes what a case plays: the scenario with the row's cells in
// their places, and whether the table has every cell that it asks for.
func (d *decoder) playable(s *Scenario, root *node, row *row) (c *Case, understood bool) {
	told := d.out.told
	part := map[string]*node{}
	for _, key := range []string{"requires", "given", "vars", "steps", "always"} {
		part[key] = d.substitute(root.get(key), row)
	}
	understood = d.out.told == told
	c = &Case{Pos: s.Pos, ID: row.id, Title: d.bilingual(row.title)}
	if row.id != "" {
		c.Pos = row.pos
	}
	for _, list := range []*node{part["requires"], row.requires} {
		for _, n := range d.list(list) {
			c.Requires = append(c.Requires, d.trigger(n))
		}
	}
	if len(s.Cases) == 0 {
		s.Requires = c.Requires
	}
	c.Given = d.given(part["given"])
	c.Vars = d.vars(part["vars"])
	c.Steps = d.steps(part["steps"], false)
	c.Always = d.steps(part["always"], true)
	return c, understood
}

func (d *decoder) version(n *node) {
	if n == nil {
		return
	}
	if text, ok := d.text(n); ok && text != "1" {
		d.out.add(n.pos, Textf("la version %s du langage n'existe pas", "there is no version %s of the language", text)).
			expected("attendu : 1", "expected: 1")
	}
}

// required reports the keys that a mapping lacks.
func (d *decoder) required(n *node, keys ...string) {
	for _, key := range keys {
		if n.get(key) == nil && !n.slip(key) {
			pos := n.pos
			if len(n.pairs) > 0 {
				pos = n.pairs[0].key.pos
			}
			d.out.add(pos, Textf("la clé « %s » manque", "the key %q is missing", key))
		}
	}
}

// slip reports whether a key of the mapping looks like this one misspelt: that
// is told as an unknown key, and the right one is not missing as well.
func (n *node) slip(key string) bool {
	for _, p := range n.pairs {
		if Nearest(p.key.text, []string{key}) != "" {
			return true
		}
	}
	return false
}

// unusedColumns reports the columns of the table that no step reads: a cell
// that is never used is a slip in its name.
func (d *decoder) unusedColumns(rows []*row) {
	for _, row := range rows {
		for _, cell := range row.cells {
			if name := cell.key.text; name != "id" && !d.used[name] {
				d.out.add(cell.key.pos, Textf("la colonne « %s » ne sert nulle part", "the column %q is used nowhere", name)).
					expected("écrivez {{case.%s}} là où elle doit servir", "write {{case.%s}} where it should be used", name)
			}
		}
	}
}
