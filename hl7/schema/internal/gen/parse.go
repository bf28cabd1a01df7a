package main

import (
	"bytes"
	"fmt"
	"strings"
)

// file is the content of a data file: entries of each kind in the order of the
// file, which is sorted.
type file struct {
	version                                     string
	events, structures, segments, types, tables []entry
}

// entry is a line with the indented lines below it, all cut at the tabs.
type entry struct {
	cells []string
	rows  [][]string
}

func (e entry) name() string { return e.cells[0] }

// columns are how many cells each kind of line and of indented line has.
var columns = map[string]struct{ least, most, row int }{
	"version":   {1, 1, 0},
	"event":     {3, 3, 0},
	"structure": {2, 2, 0},
	"segment":   {2, 2, 8},
	"type":      {2, 2, 6},
	"table":     {3, 4, 2},
}

func parse(data []byte) (*file, error) {
	f := &file{}
	var last *entry
	row := 0
	for n, line := range strings.Split(string(bytes.TrimSuffix(data, []byte("\n"))), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		kind := cells[0]
		cells = cells[1:]
		if kind == "" {
			if last == nil || len(cells) != row {
				return nil, fmt.Errorf("line %d: %d cells, not %d", n+1, len(cells), row)
			}
			last.rows = append(last.rows, cells)
			continue
		}
		want, ok := columns[kind]
		if !ok || len(cells) < want.least || len(cells) > want.most {
			return nil, fmt.Errorf("line %d: not a line of this format: %q", n+1, line)
		}
		row = want.row
		last = f.add(kind, cells)
	}
	return f, nil
}

func (f *file) add(kind string, cells []string) *entry {
	lists := map[string]*[]entry{"event": &f.events, "structure": &f.structures, "segment": &f.segments, "type": &f.types, "table": &f.tables}
	list := lists[kind]
	if list == nil {
		f.version = cells[0]
		return nil
	}
	*list = append(*list, entry{cells: cells})
	return &(*list)[len(*list)-1]
}
