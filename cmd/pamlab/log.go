package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

// logWords is where packages log to that have nobody else to tell: package mllp,
// when a revocation list has grown old. It says so as a command says everything
// else, in the user's language, and once, however many connections find it.
type logWords struct {
	out  io.Writer
	lang string

	mu   sync.Mutex
	told map[string]bool
}

func newLogWords(out io.Writer, lang string) *logWords {
	return &logWords{out: out, lang: lang, told: map[string]bool{}}
}

func (*logWords) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (l *logWords) Handle(_ context.Context, r slog.Record) error {
	text, hint := r.Message, ""
	r.Attrs(func(a slog.Attr) bool {
		err, ok := a.Value.Any().(error)
		if ok {
			text, hint = errorIn(err, l.lang), hintIn(err, l.lang)
		}
		return !ok
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told[text] {
		return nil
	}
	l.told[text] = true
	words := "pamlab: " + scenarios.Text{FR: "attention : ", EN: "warning: "}.In(l.lang) + report.Visible(text) + "\n"
	if hint != "" {
		words += scenarios.Text{FR: "conseil : ", EN: "hint: "}.In(l.lang) + hint + "\n"
	}
	_, err := fmt.Fprint(l.out, words)
	return err
}

func (l *logWords) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l *logWords) WithGroup(string) slog.Handler { return l }
