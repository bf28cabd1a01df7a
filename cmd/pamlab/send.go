package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

// maxMessageFile bounds what is read of a file that should hold messages.
const maxMessageFile = 64 << 20

type sendOptions struct {
	to         string
	timeout    time.Duration
	raw        bool
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
	flags.BoolVar(&o.raw, "raw", false, a.text("envoie les octets tels quels, même si leurs segments ne finissent pas par CR", "send the bytes as they are, even if their segments do not end with CR"))
	flags.BoolVarP(&o.quiet, "quiet", "q", false, a.text("seulement le code de sortie", "the exit code only"))
	o.tls = a.addTLSFlags(cmd)
	return cmd
}

// usable checks the flags.
func (o *sendOptions) usable() error {
	host, port, err := net.SplitHostPort(o.to)
	number, portErr := strconv.ParseUint(port, 10, 16)
	switch {
	case o.to == "":
		return usageError("il manque l'adresse du candidat", "the address of the candidate is missing",
			"--to 127.0.0.1:2575", "--to 127.0.0.1:2575")
	case err != nil || host == "" || portErr != nil || number == 0:
		return usageError(
			fmt.Sprintf("--to %q n'est pas une adresse HÔTE:PORT", o.to),
			fmt.Sprintf("--to %q is not an address HOST:PORT", o.to),
			"--to 127.0.0.1:2575", "--to 127.0.0.1:2575")
	case o.timeout <= 0:
		return usageError(
			fmt.Sprintf("--timeout %s : il faut attendre un peu", o.timeout),
			fmt.Sprintf("--timeout %s: there has to be some waiting", o.timeout),
			"--timeout 10s", "--timeout 10s")
	}
	return nil
}

// outgoing is a message of a file, ready to be sent.
type outgoing struct {
	file    string
	message []byte
	header  hl7.Header
}

func (a *app) send(ctx context.Context, o *sendOptions, files []string) error {
	if err := o.usable(); err != nil {
		return err
	}
	config, err := o.tls.config()
	if err != nil {
		return withCode(identityCode(err), err)
	}
	var queue []outgoing
	for _, file := range files {
		messages, err := a.messagesOf(file, o)
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
		a.printf("%s  %s %s → %s  %s\n", report.Visible(m.file), report.Visible(messageType(m.header)), report.Visible(m.header.ControlID), report.Visible(string(receipt.Code)),
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

// messagesOf reads the messages of a file, or of the standard input. Segments
// that an editor ended with line feeds go out as HL7 ends them, and that is said.
func (a *app) messagesOf(file string, o *sendOptions) ([]outgoing, error) {
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
		if err := pam.CheckIdentities(m); err != nil {
			return nil, &exitError{code: scenarios.ExitUnusable, err: inFile(file, err),
				hint: scenarios.Text{
					FR: "une identité réelle ne part pas d'ici : prenez une INS de l'autorité de test (1.2.250.1.213.1.4.10)",
					EN: "a real identity does not leave from here: take an INS of the test authority (1.2.250.1.213.1.4.10)",
				}}
		}
		out := outgoing{file: file, message: part.Data, header: m.Header()}
		if len(m.Oddities()) > 0 && !o.raw {
			out.message = mended(m)
			for _, odd := range m.Oddities() {
				fmt.Fprintf(a.stderr, "%s: %s%s\n", report.Visible(file), odd.In(a.lang), a.text(" : corrigé à l'envoi (--raw n'y touche pas)", ": mended on the way out (--raw leaves it alone)"))
			}
		}
		queue = append(queue, out)
	}
	return queue, nil
}

// mended is the message with every segment ended by CR and nothing between them.
func mended(m *hl7.Message) []byte {
	var b []byte
	for s := range m.Segments() {
		b = append(append(b, s.Raw()...), '\r')
	}
	return b
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
				text: scenarios.Textf("%s est un dossier, pas un message", "%s is a directory, not a message", file),
				hint: scenarios.Text{FR: "nommez les fichiers : " + filepath.Join(file, "*.hl7"), EN: "name the files: " + filepath.Join(file, "*.hl7")}}
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
			text: scenarios.Textf("%s est vide", "%s is empty", file),
			hint: scenarios.Text{FR: "un message HL7 commence par MSH|^~\\&|", EN: "an HL7 message begins with MSH|^~\\&|"}}
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
		text: scenarios.Text{FR: file + " : " + reason.FR, EN: file + ": " + reason.EN},
		hint: scenarios.Text{FR: "« - » lit l'entrée standard", EN: "`-` reads the standard input"}}
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
		lines = append(lines, report.Visible(line))
	}
	return lines
}
