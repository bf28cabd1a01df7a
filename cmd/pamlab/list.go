package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/library"
	"github.com/pamlab/pamlab/scenarios/report"
)

// listed is a scenario as `list --json` tells it.
type listed struct {
	ID      string          `json:"id"`
	Case    string          `json:"case,omitempty"`
	Title   scenarios.Text  `json:"title"`
	Role    string          `json:"role"`
	Tags    []string        `json:"tags"`
	Covers  []string        `json:"covers"`
	Applies *bool           `json:"applies,omitempty"` // absent: there is no candidate file
	Reason  *scenarios.Text `json:"reason,omitempty"`
}

func (a *app) listCommand() *cobra.Command {
	var tags []string
	var role string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   a.text("list [ID|FICHIER|DOSSIER…]", "list [ID|FILE|DIR…]"),
		Short: a.text("Montre les scénarios, et s'ils s'appliquent au candidat", "Shows the scenarios, and whether they apply to the candidate"),
		Example: examples(
			"pamlab list", a.text("tous", "all"),
			"pamlab list --role gam", a.text("ceux pour une RI/GAM", "those for an RI/GAM"),
			"pamlab list --tags core", a.text("ceux qui ont cette étiquette", "those with this tag"),
			"pamlab list --json | jq -r '.[] | select(.applies).id'", a.text("pour un programme", "for a program"),
		),
	}
	candidate := a.addCandidateFlags(cmd)
	cmd.Flags().StringSliceVar(&tags, "tags", nil, a.text("seulement ceux qui ont l'une de ces étiquettes", "only those that have one of these tags"))
	cmd.Flags().StringVar(&role, "role", "", a.text("seulement ceux pour un candidat de ce rôle : dmn ou gam", "only those for a candidate of this role: dmn or gam"))
	cmd.Flags().BoolVar(&asJSON, "json", false, a.text("en JSON", "as JSON"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := knownRole(role); err != nil {
			return err
		}
		plays, err := scenarios.Selector{Library: library.FS(), Role: scenarios.Role(role)}.Select(args, tags)
		if err != nil {
			return withCode(scenarios.ExitUnusable, err)
		}
		c, err := a.candidateIfAny(cmd, candidate, role)
		if err != nil {
			return err
		}
		list := listedOf(plays, c)
		if asJSON {
			out := json.NewEncoder(a.stdout)
			out.SetEscapeHTML(false)
			out.SetIndent("", "  ")
			return out.Encode(list)
		}
		return a.printList(list, c)
	}
	return cmd
}

// candidateIfAny loads the candidate when there is one: the list is as useful
// before anybody has written that file. It has the role that is asked for, as of `run`.
func (a *app) candidateIfAny(cmd *cobra.Command, flags *candidateFlags, role string) (*scenarios.Candidate, error) {
	_, err := os.Stat(flags.file)
	if errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("candidate") && len(flags.set) == 0 {
		return nil, nil
	}
	if role != "" {
		flags.set = append(flags.set, "candidate.role="+role)
	}
	return flags.load(cmd)
}

func listedOf(plays []scenarios.Play, c *scenarios.Candidate) []listed {
	list := make([]listed, 0, len(plays))
	for _, p := range plays {
		l := listed{ID: p.Scenario.ID, Case: p.Case.ID, Title: p.Scenario.Title, Role: string(p.Scenario.Role), Tags: p.Scenario.Tags, Covers: p.Scenario.Covers}
		if c != nil {
			ok, reason := scenarios.Applies(p.Scenario, p.Case, c)
			l.Applies = &ok
			if !ok {
				l.Reason = &reason
			}
		}
		list = append(list, l)
	}
	return list
}

func (a *app) printList(list []listed, c *scenarios.Candidate) error {
	if c != nil {
		a.printf("%s\n\n", a.describe(c))
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, l := range list {
		id := l.ID
		if l.Case != "" {
			id += "#" + l.Case
		}
		row := []string{l.Role, id, report.Visible(l.Title.In(a.lang)), strings.Join(l.Tags, ",")}
		switch {
		case l.Reason != nil:
			row = append(row, a.text("non : ", "no: ")+l.Reason.In(a.lang))
		case l.Applies != nil:
			row = append(row, a.text("oui", "yes"))
		}
		if _, err := w.Write([]byte(strings.Join(row, "\t") + "\n")); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil && !errors.Is(err, syscall.EPIPE) { // nobody reads any more: no fault of ours
		return err
	}
	return nil
}
