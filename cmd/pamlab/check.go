package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/library"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   a.text("check [FICHIER|DOSSIER…]", "check [FILE|DIR…]"),
		Short: a.text("Vérifie des scénarios et des fichiers de candidat, sans réseau", "Checks scenarios and candidate files, without a network"),
		Example: examples(
			"pamlab check my-scenario.yaml", a.text("un scénario", "a scenario"),
			"pamlab check candidate.yaml scenarios/", a.text("un candidat, un dossier", "a candidate, a folder"),
			"pamlab check", a.text("./candidate.yaml et les scénarios livrés", "./candidate.yaml and the shipped scenarios"),
		),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.checkDefault()
			}
			var problems scenarios.Problems
			for _, arg := range args {
				err := a.checkOne(arg)
				if list, ok := errors.AsType[scenarios.Problems](err); ok {
					problems = append(problems, list...)
					continue
				}
				if err != nil {
					return withCode(scenarios.ExitUnusable, err)
				}
			}
			if len(problems) > 0 {
				return withCode(scenarios.ExitUnusable, problems)
			}
			return nil
		},
	}
}

func (a *app) checkDefault() error {
	if _, err := os.Stat(defaultCandidate); !errors.Is(err, fs.ErrNotExist) {
		if err := a.checkOne(defaultCandidate); err != nil {
			return withCode(scenarios.ExitUnusable, err)
		}
	}
	all, err := library.All()
	if err != nil {
		return err
	}
	a.printf("%s\n", a.text("bibliothèque", "library")+": "+a.plays(all))
	return nil
}

// checkOne checks a file or all scenario files of a folder.
func (a *app) checkOne(name string) error {
	if isCandidate(name) {
		c, err := scenarios.LoadCandidate(name, nil)
		if err != nil {
			return err
		}
		if err := ready(c); err != nil {
			return err
		}
		a.printf("%s: ok, %s\n", name, a.describe(c))
		return nil
	}
	if !strings.HasPrefix(name, ".") && !filepath.IsAbs(name) {
		name = "." + string(filepath.Separator) + name // a file here, never an id of the library
	}
	plays, err := scenarios.Selector{Library: library.FS()}.Select([]string{name}, nil)
	if err != nil {
		return err
	}
	seen := map[*scenarios.Scenario]bool{}
	for _, p := range plays {
		if !seen[p.Scenario] {
			seen[p.Scenario] = true
			a.printf("%s: ok, %s\n", p.Scenario.Pos.File, a.plays([]*scenarios.Scenario{p.Scenario}))
		}
	}
	return nil
}

// plays counts scenarios, cases and steps.
func (a *app) plays(list []*scenarios.Scenario) string {
	cases, steps := 0, 0
	for _, s := range list {
		cases += len(s.Cases)
		for _, c := range s.Cases {
			steps += len(c.Steps) + len(c.Always)
		}
	}
	what := a.count(steps, "étape", "étapes", "step", "steps")
	if cases > 1 {
		what = a.count(cases, "cas", "cas", "case", "cases") + ", " + what
	}
	if len(list) == 1 {
		return list[0].ID + ", " + what
	}
	return a.count(len(list), "scénario", "scénarios", "scenario", "scenarios") + ", " + what
}

// count writes a number and its noun.
func (a *app) count(n int, fr, frMany, en, enMany string) string {
	noun := a.text(fr, en)
	if n > 1 {
		noun = a.text(frMany, enMany)
	}
	return strconv.Itoa(n) + " " + noun
}

// isCandidate tells a candidate file from a scenario by its first key.
func isCandidate(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return filepath.Base(name) == defaultCandidate
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, _ := f.Read(head)
	for line := range bytes.Lines(head[:n]) {
		if bytes.HasPrefix(line, []byte("candidate:")) {
			return true
		}
		if bytes.HasPrefix(line, []byte("id:")) || bytes.HasPrefix(line, []byte("steps:")) {
			return false
		}
	}
	return filepath.Base(name) == defaultCandidate
}
