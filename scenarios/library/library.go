// Package library holds the scenarios that pamlab ships, embedded in the
// program. Each folder is a theme; a scenario's id is its path without ".yaml".
package library

import (
	"embed"
	"io/fs"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/scenarios"
)

//go:embed */*.yaml
var files embed.FS

// FS returns the files, to be read or copied.
func FS() fs.FS { return files }

// IDs lists the ids of all scenarios in alphabetical order.
func IDs() []string {
	names, _ := fs.Glob(files, "*/*.yaml") // the pattern is right
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, ".yaml")
	}
	slices.Sort(names)
	return names
}

// Load returns the scenario of an id.
func Load(id string) (*scenarios.Scenario, error) {
	return scenarios.LoadFS(files, id+".yaml")
}

// All loads every scenario, in the order of IDs.
func All() ([]*scenarios.Scenario, error) {
	var all []*scenarios.Scenario
	for _, id := range IDs() {
		s, err := Load(id)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
