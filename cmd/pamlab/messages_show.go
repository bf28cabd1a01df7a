package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
	"github.com/pamlab/pamlab/scenarios/store"
)

func (a *app) messagesShowCommand() *cobra.Command {
	var f *storeFlags
	cmd := &cobra.Command{
		Use:   a.text("show NUMÉRO…", "show NUMBER…"),
		Short: a.text("Un message, sa réponse, et ce qu'on en sait", "A message, its answer, and what is known of it"),
		Args:  a.someArgs("au moins un numéro de « messages list »", "at least one number of `messages list`"),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.messagesShow(cmd.Context(), f, args) },
	}
	f = a.addStoreFlag(cmd)
	return cmd
}

func (a *app) messagesShow(ctx context.Context, f *storeFlags, args []string) error {
	var ids []int64
	for _, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id < 1 {
			return usageError(
				fmt.Sprintf("%q n'est pas un numéro de message", arg), fmt.Sprintf("%q is not the number of a message", arg),
				"« pamlab messages list » les montre", "`pamlab messages list` shows them")
		}
		ids = append(ids, id)
	}
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, id := range ids {
		r, err := s.Get(ctx, id)
		if err != nil {
			return withCode(readCode(ctx), err)
		}
		a.showRecord(r)
	}
	return nil
}

// showRecord writes everything that a record says.
func (a *app) showRecord(r *store.Record) {
	a.printf("%s\n", a.messageRow(r))
	facts := []string{
		a.text("écouteur", "listener"), r.Listener, a.text("connexion", "connection"), fmt.Sprint(r.Connection),
		a.text("durée", "took"), r.Took.Round(10 * time.Microsecond).String(), a.text("essais", "attempts"), fmt.Sprint(r.Attempts),
	}
	for i := 0; i < len(facts); i += 2 {
		if facts[i+1] != "" && facts[i+1] != "0" && facts[i+1] != "0s" {
			a.printf("  %-12s %s\n", facts[i], report.Visible(facts[i+1]))
		}
	}
	for _, rule := range r.Findings {
		a.printf("  ! %s\n", report.Visible(rule))
	}
	for _, part := range []struct {
		name string
		data []byte
	}{{a.text("message", "message"), r.Message}, {a.text("réponse", "answer"), r.Answer}} {
		if part.data == nil {
			continue
		}
		a.printf("  %s :\n", part.name)
		for _, line := range a.linesOf(part.data) {
			a.printf("    %s\n", line)
		}
	}
	if r.Message == nil {
		a.printf("  %s\n", a.text("(le contenu n'a pas été gardé)", "(the content was not kept)"))
	}
}

// linesOf shows a message segment by segment; what is none, quoted.
func (a *app) linesOf(data []byte) []string {
	m, err := hl7.Parse(data)
	if err != nil {
		const most = 4 << 10
		return []string{fmt.Sprintf("%q", data[:min(len(data), most)])}
	}
	return readable(m)
}

func (a *app) messagesExportCommand() *cobra.Command {
	var f *storeFlags
	var frames, answers bool
	cmd := &cobra.Command{
		Use:   "export",
		Short: a.text("Les messages tels quels, l'un après l'autre", "The messages as they are, one after the other"),
		Long: a.text(
			"Écrit sur la sortie standard les octets des messages choisis, que « pamlab validate - » et\n« pamlab send - » relisent. Le contenu est celui de personnes : à garder comme tel.",
			"Writes the bytes of the chosen messages to the standard output, for `pamlab validate -` and\n`pamlab send -` to read. What they hold is about people: keep it as such."),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.messagesExport(cmd.Context(), f, frames, answers) },
	}
	f = a.addFilterFlags(cmd)
	cmd.Flags().BoolVar(&frames, "mllp", false, a.text("chaque message dans son bloc MLLP", "each message in its MLLP block"))
	cmd.Flags().BoolVar(&answers, "answers", false, a.text("la réponse après chaque message", "the answer after each message"))
	return cmd
}

func (a *app) messagesExport(ctx context.Context, f *storeFlags, frames, answers bool) error {
	written, empty := 0, 0
	err := f.each(ctx, func(r *store.Record) error {
		parts := [][]byte{r.Message}
		if answers {
			parts = append(parts, r.Answer)
		}
		if r.Message == nil {
			empty++
			return nil
		}
		for _, part := range parts {
			if part == nil {
				continue
			}
			if frames {
				part = mllp.AppendFrame(nil, part)
			} else if !bytes.HasSuffix(part, []byte("\r")) {
				part = append(part, '\r')
			}
			if _, err := a.stdout.Write(part); err != nil {
				return err
			}
		}
		written++
		return nil
	})
	if err == nil && written == 0 && empty > 0 {
		return &exitError{code: scenarios.ExitUnusable,
			text: scenarios.Text{FR: "le contenu de ces messages n'a pas été gardé", EN: "the content of these messages was not kept"},
			hint: scenarios.Text{FR: "« pamlab listen » sans --no-content le garde", EN: "`pamlab listen` without --no-content keeps it"}}
	}
	return err
}

func (a *app) messagesPurgeCommand() *cobra.Command {
	var f *storeFlags
	var older string
	cmd := &cobra.Command{
		Use:   "purge",
		Short: a.text("Efface pour de bon ce qui est plus vieux", "Deletes for good what is older"),
		Long: a.text(
			"Efface les messages plus vieux que --older, leur contenu et leur trace ; leurs octets sont écrasés.\nCe qui attend d'être envoyé reste. « pamlab listen --keep » le fait de lui-même.",
			"Deletes the messages that are older than --older, content and trace; their bytes are overwritten. What\nwaits to be sent stays. `pamlab listen --keep` does so by itself."),
		Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.messagesPurge(cmd.Context(), f, older) },
	}
	f = a.addStoreFlag(cmd)
	cmd.Flags().StringVar(&older, "older", "", a.text("âge, 180d ou 12h, ou date", "age, 180d or 12h, or date"))
	return cmd
}

func (a *app) messagesPurge(ctx context.Context, f *storeFlags, older string) error {
	if older == "" {
		return usageError("il manque l'âge de ce qu'il faut effacer", "the age of what is to be deleted is missing", "--older 180d", "--older 180d")
	}
	before, err := instant("older", older, time.Now())
	if err != nil {
		return err
	}
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	n, err := s.Purge(ctx, before)
	if err = errors.Join(err, s.Close()); err != nil {
		return withCode(readCode(ctx), err)
	}
	a.printf("%s\n", a.text(fmt.Sprintf("messages effacés : %d", n), fmt.Sprintf("messages deleted: %d", n)))
	return nil
}
