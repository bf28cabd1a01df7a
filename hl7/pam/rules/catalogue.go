package rules

import (
	"embed"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// The rules in the folder catalogue are compiled into the program as static
// data, zcatalogue.go: what the linker has laid out costs nothing at start. A
// test holds the file against the folder.
//
//go:generate go test -run TestGenerated -generate .

//go:embed catalogue/messages.txt catalogue/dmt.txt
var files embed.FS

// line is a line of a rule that is compiled when the rule is first needed: a key
// and what stands behind it.
type line struct{ key, value string }

// catalogue is all rules. Conditions are compiled when they are first needed:
// of four hundred rules a message needs half, and what only a finding wants to
// know, a message without one never asks for.
type catalogue struct {
	rules  []*Rule                              // in the order of the files
	codes  []atomic.Pointer[code]               // by the index of the rule; nil as long as it is not compiled
	levels []atomic.Pointer[[]conditionalLevel] // likewise

	mu       sync.Mutex // of what follows
	compiler compiler

	byID   func() map[string]*Rule
	named  func() map[string]bool // the events that rules are limited to
	claims func() claimIndex
}

// load returns the catalogue of the program.
var load = sync.OnceValue(func() *catalogue {
	c := &catalogue{
		codes: make([]atomic.Pointer[code], len(generatedRules)), levels: make([]atomic.Pointer[[]conditionalLevel], len(generatedRules)),
		compiler: compiler{names: generatedSegments[:]},
	}
	for i := range generatedRules {
		c.rules = append(c.rules, &generatedRules[i])
	}
	c.byID = sync.OnceValue(c.index)
	c.named = sync.OnceValue(c.events)
	c.claims = sync.OnceValue(c.indexClaims)
	return c
})

func (c *catalogue) index() map[string]*Rule {
	m := make(map[string]*Rule, len(c.rules))
	for _, r := range c.rules {
		m[r.ID] = r
	}
	return m
}

func (c *catalogue) events() map[string]bool {
	m := map[string]bool{}
	for _, r := range c.rules {
		for _, e := range r.body.events {
			m[e] = true
		}
	}
	return m
}

// compiled returns the code of a rule.
func (c *catalogue) compiled(r *Rule) *code {
	if known := c.codes[r.index].Load(); known != nil {
		return known
	}
	return c.compile(r)
}

func (c *catalogue) compile(r *Rule) *code {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.codes[r.index].Load()
	if known == nil {
		known, _ = c.compiler.compile(r) // the test of the generated file has seen it compile
		c.codes[r.index].Store(known)
	}
	return known
}

// levelsOf returns the levels of a rule, of which the first holds whose condition
// does.
func (c *catalogue) levelsOf(r *Rule) []conditionalLevel {
	if known := c.levels[r.index].Load(); known != nil {
		return *known
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list, _ := c.compiler.levels(r) // as above
	c.levels[r.index].Store(&list)
	return list
}

// Catalogue returns all rules, in the order of their ids.
func Catalogue() []*Rule {
	list := slices.Clone(load().rules)
	slices.SortFunc(list, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// ByID returns the rule of an id, nil when there is none.
func ByID(id string) *Rule {
	return load().byID()[id]
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
