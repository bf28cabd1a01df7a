package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/scenarios"
)

// ruleObject is a rule as programs read it (docs/rules.schema.json).
type ruleObject struct {
	ID      string      `json:"id"`
	Level   string      `json:"level"`
	Text    words       `json:"text"`
	Hint    words       `json:"hint"`
	Source  string      `json:"source"`
	Fields  []string    `json:"fields"`
	Events  []string    `json:"events"`
	Tables  []string    `json:"tables"`
	Covers  []string    `json:"covers"`
	Since   string      `json:"since,omitempty"`
	Until   string      `json:"until,omitempty"`
	Setting string      `json:"setting,omitempty"`
	Good    ruleExample `json:"good"`
	Bad     ruleExample `json:"bad"`
}

type words struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// ruleExample has the whole messages of an example.
type ruleExample struct {
	Messages []string `json:"messages"`
	Edits    []string `json:"edits"`
}

// settingObject is a setting as programs read it.
type settingObject struct {
	Name    string   `json:"name"`
	Default string   `json:"default"`
	Values  []string `json:"values"`
	Text    words    `json:"text"`
	Source  string   `json:"source"`
}

func (a *app) rulesCommand() *cobra.Command {
	var asJSON, settings bool
	var family string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: a.text("Liste les règles selon lesquelles les messages sont jugés", "Lists the rules by which messages are judged"),
		Example: examples(
			"pamlab rules", a.text("tout le catalogue", "the whole catalogue"),
			"pamlab rules --family ins", a.text("une famille : hl7, iti, fr, ins, seq, ack", "a family: hl7, iti, fr, ins, seq, ack"),
			"pamlab rules --settings", a.text("les réglages : ce que les sources laissent ouvert", "the settings: what the sources leave open"),
			"pamlab rules --json", a.text("pour les programmes", "for programs"),
		),
		Args: a.noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if settings {
				return a.listSettings(asJSON)
			}
			list, err := catalogueOf(family)
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeJSON(ruleObjects(list))
			}
			width := 0
			for _, r := range list {
				width = max(width, len(r.ID))
			}
			for _, r := range list {
				a.printf("%-6s  %-*s  %s\n", r.Level, width, r.ID, r.Text.In(a.lang))
			}
			a.printf("\n%s\n", a.count(len(list), "règle", "règles", "rule", "rules"))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, a.text("en JSON", "as JSON"))
	cmd.Flags().BoolVar(&settings, "settings", false, a.text("les réglages au lieu des règles", "the settings instead of the rules"))
	cmd.Flags().StringVar(&family, "family", "", a.text("une seule famille", "one family only"))
	return cmd
}

// catalogueOf returns the rules of a family, all for "".
func catalogueOf(family string) ([]*rules.Rule, error) {
	all := rules.Catalogue()
	var families []string
	var list []*rules.Rule
	for _, r := range all {
		if !slices.Contains(families, r.Family()) {
			families = append(families, r.Family())
		}
		if family == "" || r.Family() == family {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		known := strings.Join(families, ", ")
		return nil, usageError(fmt.Sprintf("aucune famille %q", family), fmt.Sprintf("there is no family %q", family), known, known)
	}
	return list, nil
}

func ruleObjects(list []*rules.Rule) []ruleObject {
	objects := []ruleObject{}
	for _, r := range list {
		objects = append(objects, ruleObject{
			ID: r.ID, Level: r.Level.String(), Text: words{r.Text.FR, r.Text.EN}, Hint: words{r.Advice("fr"), r.Advice("en")}, Source: r.Source,
			Fields: some(r.Fields), Events: some(r.Events), Tables: some(r.Tables), Covers: some(r.Covers),
			Since: r.Since, Until: r.Until, Setting: r.Setting, Good: exampleObject(r.Good), Bad: exampleObject(r.Bad),
		})
	}
	return objects
}

func exampleObject(e rules.Example) ruleExample {
	o := ruleExample{Messages: []string{}, Edits: some(e.Edits)}
	messages, err := e.Build()
	if err != nil {
		return o
	}
	for _, m := range messages {
		o.Messages = append(o.Messages, string(m.Bytes()))
	}
	return o
}

// some makes of no list an empty one, which programs like better than null.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (a *app) listSettings(asJSON bool) error {
	list := rules.KnownSettings()
	if asJSON {
		objects := []settingObject{}
		for _, s := range list {
			objects = append(objects, settingObject{s.Name, s.Default, some(s.Values), words{s.Text.FR, s.Text.EN}, s.Source})
		}
		return a.writeJSON(objects)
	}
	for _, s := range list {
		a.printf("%-28s %-12s %s\n%-28s %-12s (%s)\n", s.Name, s.Default, s.Text.In(a.lang), "", "", strings.Join(s.Values, ", "))
	}
	return nil
}

func (a *app) writeJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return withCode(scenarios.ExitFault, e.Encode(v))
}
