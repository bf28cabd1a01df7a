package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// maxMessageFile bounds what is read of a file that should hold messages.
const maxMessageFile = 64 << 20

type sendOptions struct {
	to         string
	timeout    time.Duration
	allowReal  bool
	quiet      bool
	tls        *tlsFlags
	maxMessage int
}

func (a *app) sendCommand() *cobra.Command {
	o := &sendOptions{maxMessage: mllp.DefaultMaxMessage}
	cmd := &cobra.Command{
		Use:   a.text("send FICHIER… --to HÔTE:PORT", "send FILE… --to HOST:PORT"),
		Short: a.text("Envoie des messages et montre chaque acquittement", "Sends messages and shows each acknowledgement"),
		Long: a.text(
			"Envoie chaque message des fichiers (ou de l'entrée standard : -), l'un après l'autre sur une\nmême connexion, et montre chaque acquittement. Le code de sortie vaut 0 si tous disent AA ou CA,\n1 si l'un dit autre chose, 4 si le candidat n'a pas pu être joint.",
			"Sends each message of the files (or of the standard input: -), one after the other on one\nconnection, and shows each acknowledgement. The exit code is 0 when all say AA or CA, 1 when one\nsays something else, 4 when the candidate could not be reached."),
		Example: examples(
			"pamlab send message.hl7 --to 127.0.0.1:2575", a.text("en clair", "plain TCP"),
			"pamlab send *.hl7 --to dmn.test:2576 --tls-ca pki/ca.pem --tls-cert pki/gam.pem --tls-key pki/gam-key.pem", a.text("TLS mutuel", "mutual TLS"),
		),
		Args: a.someArgs("au moins un fichier", "at least one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.send(cmd.Context(), o, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.to, "to", "", a.text("adresse du candidat, HÔTE:PORT", "address of the candidate, HOST:PORT"))
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, a.text("attente de chaque acquittement", "wait for each acknowledgement"))
	flags.BoolVar(&o.allowReal, "allow-real-identities", false, a.text("envoie même une INS de production (jamais vers un système de test)", "send even a production INS (never to a test system)"))
	flags.BoolVarP(&o.quiet, "quiet", "q", false, a.text("seulement le code de sortie", "the exit code only"))
	o.tls = a.addTLSFlags(cmd)
	return cmd
}

// outgoing is a message of a file, ready to be sent.
type outgoing struct {
	file    string
	message []byte
	header  hl7.Header
}

func (a *app) send(ctx context.Context, o *sendOptions, files []string) error {
	if o.to == "" {
		return usageError("il manque l'adresse du candidat", "the address of the candidate is missing",
			"--to 127.0.0.1:2575", "--to 127.0.0.1:2575")
	}
	config, err := o.tls.config()
	if err != nil {
		return withCode(identityCode(err), err)
	}
	var queue []outgoing
	for _, file := range files {
		messages, err := a.messagesOf(file, o.allowReal)
		if err != nil {
			return withCode(scenarios.ExitUnusable, err)
		}
		queue = append(queue, messages...)
	}
	client := &mllp.Client{Addr: o.to, TLSConfig: config, MaxMessage: o.maxMessage, AnswerTimeout: o.timeout}
	defer client.Close()
	code := scenarios.ExitOK
	for _, m := range queue {
		accepted, err := a.exchange(ctx, client, m, o.quiet)
		if err != nil {
			return err
		}
		if !accepted {
			code = scenarios.ExitFailed
		}
	}
	return silently(code)
}

// exchange sends one message and shows its acknowledgement.
func (a *app) exchange(ctx context.Context, client *mllp.Client, m outgoing, quiet bool) (accepted bool, err error) {
	response, err := client.Do(ctx, m.message)
	if err != nil {
		return false, withCode(exchangeCode(ctx, err), err)
	}
	receipt, err := hl7.ReadAck(response.Payload)
	if err != nil {
		return false, &exitError{code: scenarios.ExitFailed, err: err}
	}
	accepted = receipt.Code == hl7.AA || receipt.Code == hl7.CA
	mine := receipt.MessageID == m.header.ControlID
	if !quiet {
		a.printf("%s  %s %s → %s  %s\n", m.file, messageType(m.header), m.header.ControlID, receipt.Code,
			response.Latency.Round(10*time.Microsecond))
		for _, line := range readable(receipt.Message) {
			a.printf("  %s\n", line)
		}
		for _, o := range response.Oddities {
			a.printf("  ! %s\n", o.In(a.lang))
		}
		for _, o := range receipt.Message.Oddities() {
			a.printf("  ! %s\n", o.In(a.lang))
		}
		if !mine {
			a.printf("  ! %s\n", a.text(
				fmt.Sprintf("MSA-2 vaut %q : cet acquittement n'est pas celui de notre message %q", receipt.MessageID, m.header.ControlID),
				fmt.Sprintf("MSA-2 is %q: this acknowledgement is not that of our message %q", receipt.MessageID, m.header.ControlID)))
		}
	}
	return accepted && mine, nil
}

// exchangeCode tells a candidate that could not be judged from one that failed:
// a peer that was reached and then did not answer properly has failed.
func exchangeCode(ctx context.Context, err error) int {
	var e *mllp.Error
	switch {
	case ctx.Err() != nil:
		return scenarios.ExitInterrupted
	case errors.As(err, &e) && (e.Kind == mllp.NoConnection || e.Kind == mllp.HandshakeRefused):
		return scenarios.ExitUnjudged
	}
	return scenarios.ExitFailed
}

// messagesOf reads the messages of a file, or of the standard input.
func (a *app) messagesOf(file string, allowReal bool) ([]outgoing, error) {
	data, err := a.readInput(file)
	if err != nil {
		return nil, err
	}
	parts, err := hl7.Split(data)
	if err != nil {
		return nil, inFile(file, err)
	}
	var queue []outgoing
	for _, part := range parts {
		m, err := hl7.Parse(part.Data)
		if err != nil {
			return nil, inFile(file, err)
		}
		if err := pam.CheckIdentities(m); err != nil && !allowReal {
			return nil, inFile(file, err)
		}
		queue = append(queue, outgoing{file: file, message: part.Data, header: m.Header()})
	}
	return queue, nil
}

func (a *app) readInput(file string) ([]byte, error) {
	in := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, unreadable(file, err)
		}
		defer f.Close()
		info, err := f.Stat()
		switch {
		case err != nil:
			return nil, unreadable(file, err)
		case info.IsDir():
			return nil, &exitError{code: scenarios.ExitUnusable,
				text: scenarios.Textf("%s est un dossier, pas un message", "%s is a directory, not a message", file)}
		case info.Size() > maxMessageFile:
			return nil, tooLarge(file)
		}
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxMessageFile+1))
	switch {
	case err != nil:
		return nil, unreadable(file, err)
	case len(data) > maxMessageFile:
		return nil, tooLarge(file)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, &exitError{code: scenarios.ExitUnusable,
			text: scenarios.Textf("%s est vide", "%s is empty", file)}
	}
	return data, nil
}

func tooLarge(file string) error {
	return &exitError{code: scenarios.ExitUnusable,
		text: scenarios.Textf("%s dépasse %d Mio", "%s is over %d MiB", file, maxMessageFile>>20),
		hint: scenarios.Text{FR: "un fichier de messages HL7 est rarement aussi grand : est-ce le bon ?", EN: "files of HL7 messages are rarely that large: is it the right one?"}}
}

// fileError puts the name of a file before what is wrong in it.
type fileError struct {
	file string
	err  error
}

func inFile(file string, err error) error    { return &fileError{file: file, err: err} }
func (e *fileError) Error() string           { return e.file + ": " + e.err.Error() }
func (e *fileError) Unwrap() error           { return e.err }
func (e *fileError) In(lang string) string   { return e.file + ": " + errorIn(e.err, lang) }
func (e *fileError) Hint(lang string) string { return hintIn(e.err, lang) }

func unreadable(file string, err error) error {
	reason := scenarios.Text{FR: err.Error(), EN: err.Error()}
	switch {
	case errors.Is(err, os.ErrNotExist):
		reason = scenarios.Text{FR: "le fichier n'existe pas", EN: "no such file"}
	case errors.Is(err, os.ErrPermission):
		reason = scenarios.Text{FR: "accès refusé", EN: "permission denied"}
	}
	return &exitError{code: scenarios.ExitUnusable,
		text: scenarios.Text{FR: file + " : " + reason.FR, EN: file + ": " + reason.EN}}
}

func messageType(h hl7.Header) string {
	return strings.TrimRight(h.Type+"^"+h.Trigger, "^")
}

// readable gives the segments of a message as lines of text.
func readable(m *hl7.Message) []string {
	charset, _ := m.Charset()
	var lines []string
	for s := range m.Segments() {
		line, err := charset.Decode(s.Raw())
		if err != nil {
			line = fmt.Sprintf("%q", s.Raw())
		}
		lines = append(lines, visible(line))
	}
	return lines
}

// visible shows control characters by their pictures, so that nothing a peer
// sent can move the cursor of a terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20:
			return 0x2400 + r
		case r == 0x7f:
			return 0x2421
		case r >= 0x80 && r < 0xa0:
			return 0xfffd
		}
		return r
	}, s)
}
