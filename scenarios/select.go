package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Selector finds the scenarios that a command line names: in a library, by id or
// folder, or on the disk.
type Selector struct {
	// Library is a file system whose files are named by the ids of their
	// scenarios, with ".yaml" at the end.
	Library fs.FS

	// Dialect is the name of the dialect of the candidate: what steps say of the
	// conformance of their messages is then looked at in that dialect alone. "":
	// in all that a scenario allows.
	Dialect string

	// Role keeps only the scenarios for a candidate of this role; "": all.
	Role Role
}

// SelectError is a selection that found nothing, or not what was meant.
type SelectError struct {
	Text     Text
	HintText Text
}

// Error returns the sentence in English.
func (e *SelectError) Error() string { return e.Text.EN }

// In returns the sentence in lang.
func (e *SelectError) In(lang string) string { return e.Text.In(lang) }

// Hint says what to do.
func (e *SelectError) Hint(lang string) string { return e.HintText.In(lang) }

// Select returns the plays that args name, in that order and each once; without
// args, the whole library. An arg is the id of a scenario, of one of its cases
// (id#case), a folder of the library, a file, or a folder with *.yaml or *.yml
// files in it or below, but for candidate.yaml. With tags, only scenarios that have one of them remain.
//
// Files that are faulty are reported together, as Problems. An arg or a tag that
// selects nothing is a *SelectError: nothing selected is never a success.
func (sel Selector) Select(args, tags []string) ([]Play, error) {
	var plays []Play
	var problems Problems
	if len(args) == 0 {
		args = []string{""}
	}
	for _, arg := range args {
		found, err := sel.one(arg)
		if list, ok := errors.AsType[Problems](err); ok {
			problems = append(problems, list...)
			continue
		}
		if err != nil {
			return nil, err
		}
		plays = append(plays, found...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	plays = onlyOnce(plays)
	if err := sameIDs(plays); err != nil {
		return nil, err
	}
	if plays = ofRole(plays, sel.Role); len(plays) == 0 && sel.Role != "" {
		return nil, &SelectError{
			Text:     Textf("aucun de ces scénarios ne s'adresse à un candidat de rôle %s", "none of these scenarios is for a candidate of role %s", string(sel.Role)),
			HintText: Text{FR: "« pamlab list » montre les scénarios", EN: "`pamlab list` shows the scenarios"},
		}
	}
	return withTags(plays, tags)
}

// one resolves one argument. What looks like a path is one; otherwise the
// library comes first.
func (sel Selector) one(arg string) ([]Play, error) {
	id, row, hasRow := cutCase(arg)
	if looksLikePath(id) {
		plays, err := sel.fromDisk(id)
		if err != nil || !hasRow {
			return plays, err
		}
		return onlyCase(plays, id, row)
	}
	var matching []string
	for _, known := range sel.ids() {
		if id == "" || known == id || strings.HasPrefix(known, strings.TrimSuffix(id, "/")+"/") {
			matching = append(matching, known)
		}
	}
	if len(matching) == 0 {
		if _, err := os.Stat(arg); err == nil {
			return sel.fromDisk(arg)
		}
		return nil, sel.unknown(id)
	}
	list, err := loadAll(matching, func(id string) (*Scenario, error) { return loadFS(sel.Library, id+".yaml", sel.Dialect) })
	if err != nil || !hasRow {
		return Plays(list), err
	}
	return onlyCase(Plays(list), id, row)
}

// cutCase parts an id, or the name of a file, from the case behind the last #.
func cutCase(arg string) (name, row string, found bool) {
	if _, err := os.Stat(arg); err == nil {
		return arg, "", false // a file that has a # in its name
	}
	i := strings.LastIndexByte(arg, '#')
	if i < 0 {
		return arg, "", false
	}
	return arg[:i], arg[i+1:], true
}

func hasYAMLName(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

func looksLikePath(arg string) bool {
	return hasYAMLName(arg) || filepath.IsAbs(arg) || strings.HasPrefix(arg, ".")
}

func (sel Selector) ids() []string {
	var ids []string
	_ = fs.WalkDir(sel.Library, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(name, ".yaml") {
			ids = append(ids, strings.TrimSuffix(name, ".yaml"))
		}
		return nil
	})
	slices.Sort(ids)
	return ids
}

func (sel Selector) unknown(id string) error {
	e := &SelectError{
		Text:     Textf("aucun scénario, fichier ni dossier ne s'appelle « %s »", "no scenario, file or folder is called %q", id),
		HintText: Text{FR: "« pamlab list » montre les scénarios", EN: "`pamlab list` shows the scenarios"},
	}
	if near := Nearest(id, sel.ids()); near != "" {
		e.HintText = Textf("vouliez-vous dire « %s » ?", "did you mean %q?", near)
	}
	return e
}

// fromDisk loads a file, or every scenario file below a folder.
func (sel Selector) fromDisk(name string) ([]Play, error) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		s, err := loadIn(name, sel.Dialect)
		if err != nil {
			return nil, err
		}
		return Plays([]*Scenario{s}), nil
	}
	var files []string
	err = filepath.WalkDir(name, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !hasYAMLName(file) || d.Name() == "candidate.yaml" {
			return err
		}
		if info, err := os.Stat(file); err != nil || info.Mode().IsRegular() { // a link counts as what it leads to
			files = append(files, file)
		}
		return nil
	})
	if err != nil {
		return nil, Problems{unreadable(name, err)}
	}
	if len(files) == 0 {
		return nil, &SelectError{
			Text:     Textf("le dossier %s n'a aucun fichier .yaml", "the folder %s has no .yaml file", name),
			HintText: Text{FR: "« pamlab list » montre les scénarios livrés", EN: "`pamlab list` shows the shipped scenarios"},
		}
	}
	list, err := loadAll(files, func(name string) (*Scenario, error) { return loadIn(name, sel.Dialect) })
	return Plays(list), err
}

// loadAll loads each name and gathers the problems of all.
func loadAll(names []string, load func(string) (*Scenario, error)) ([]*Scenario, error) {
	var list []*Scenario
	var problems Problems
	for _, name := range names {
		s, err := load(name)
		if more, ok := errors.AsType[Problems](err); ok {
			problems = append(problems, more...)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, s)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return list, nil
}

func onlyCase(plays []Play, id, row string) ([]Play, error) {
	var rows []string
	for _, p := range plays {
		if p.Case.ID == row {
			return []Play{p}, nil
		}
		rows = append(rows, p.Case.ID)
	}
	return nil, &SelectError{
		Text:     Textf("le scénario « %s » n'a pas de cas « %s »", "the scenario %q has no case %q", id, row),
		HintText: Textf("ses cas : %s", "its cases: %s", strings.Join(rows, ", ")),
	}
}

// onlyOnce drops plays that were named twice.
func onlyOnce(plays []Play) []Play {
	seen := map[string]bool{}
	return slices.DeleteFunc(plays, func(p Play) bool {
		key := p.Scenario.Pos.File + "\x00" + p.Scenario.ID + "\x00" + p.Case.ID
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

// sameIDs refuses two files with one id: a report could not tell them apart.
func sameIDs(plays []Play) error {
	files := map[string]string{}
	for _, p := range plays {
		file := p.Scenario.Pos.File
		if other, ok := files[p.Scenario.ID]; ok && other != file {
			return &SelectError{
				Text:     Textf("deux scénarios ont l'id « %s » : %s et %s", "two scenarios have the id %q: %s and %s", p.Scenario.ID, other, file),
				HintText: Text{FR: "donnez à chacun le sien", EN: "give each its own"},
			}
		}
		files[p.Scenario.ID] = file
	}
	return nil
}

// ofRole keeps the plays for a candidate of a role.
func ofRole(plays []Play, role Role) []Play {
	return slices.DeleteFunc(plays, func(p Play) bool { return role != "" && p.Scenario.Role != role })
}

func withTags(plays []Play, tags []string) ([]Play, error) {
	if len(tags) == 0 {
		return plays, nil
	}
	var known []string
	for _, p := range plays {
		known = append(known, p.Scenario.Tags...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, tag := range tags {
		if slices.Contains(known, tag) {
			continue
		}
		e := &SelectError{
			Text:     Textf("aucun de ces scénarios n'a l'étiquette « %s »", "none of these scenarios has the tag %q", tag),
			HintText: Textf("leurs étiquettes : %s", "their tags: %s", strings.Join(known, ", ")),
		}
		if near := Nearest(tag, known); near != "" {
			e.HintText = Textf("vouliez-vous dire « %s » ?", "did you mean %q?", near)
		}
		return nil, e
	}
	return slices.DeleteFunc(plays, func(p Play) bool {
		return !slices.ContainsFunc(p.Scenario.Tags, func(tag string) bool { return slices.Contains(tags, tag) })
	}), nil
}
