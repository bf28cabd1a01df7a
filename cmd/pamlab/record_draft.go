package main

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/relay/draft"
	"github.com/pamlab/pamlab/scenarios/report"
)

// newDraft begins a draft that is called as its file.
func newDraft(file string) *draft.Draft {
	base := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, base), "-")
	return draft.New(draft.Options{ID: "recorded/" + cmp.Or(name, "traffic"), Seed: rand.Uint64()})
}

// writeDraft writes the scenario, if one is wanted and can be.
func (w *recordScreen) writeDraft() error {
	if w.draft == nil {
		return nil
	}
	text, err := w.draft.Scenario()
	if empty, ok := errors.AsType[*draft.EmptyError](err); ok {
		w.a.printf("%s\n", empty.In(w.a.lang))
		return nil
	}
	if err != nil {
		return withCode(scenarios.ExitUnusable, err)
	}
	file := w.o.draft
	if err := writeNew(file, text); err != nil {
		return withCode(scenarios.ExitUnusable, w.a.unwritable(file, err))
	}
	if _, err := scenarios.Load(file); err != nil { // what we write has to be right
		return withCode(scenarios.ExitFault, err)
	}
	taken, left := w.draft.Len()
	w.a.printf(w.a.text("%s : un scénario de %d messages, personne de réel ; %d laissés de côté. Relisez-le avant de le donner.\n",
		"%s: a scenario of %d messages, nobody real; %d left out. Read it before you give it away.\n"), report.Visible(file), taken, left)
	return nil
}

// writable fails when a draft could not be written, before anything passes: at the end
// it would be too late.
func (a *app) writable(file string) error {
	err := writeNew(file, nil)
	if err == nil {
		err = os.Remove(file)
	}
	if err != nil {
		return withCode(scenarios.ExitUnusable, a.unwritable(file, err))
	}
	return nil
}

// writeNew writes a file that was not there.
func writeNew(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
