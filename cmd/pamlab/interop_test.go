package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// The peers of testdata/interop are other people's software. A machine without
// them skips these tests; with PAMLAB_REQUIRE_PEERS=1, as in the gate, a missing
// peer is a failure.

const peersDir = "../../testdata/interop"

func needNode(t *testing.T) {
	t.Helper()
	_, errNode := exec.LookPath("node")
	_, errModules := os.Stat(filepath.Join(peersDir, "node_modules", "node-hl7-server"))
	if errNode != nil || errModules != nil {
		missingPeer(t, "the npm peers are not installed: npm ci --prefix testdata/interop")
	}
}

// debianPython is Debian's own: python3-hl7 is a package for that one.
const debianPython = "/usr/bin/python3"

func needPythonHL7(t *testing.T) {
	t.Helper()
	if exec.Command(debianPython, "-c", "import hl7").Run() != nil {
		missingPeer(t, "Debian's python3-hl7 is not installed: apt-get install python3-hl7")
	}
}

func missingPeer(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("PAMLAB_REQUIRE_PEERS") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// nodeServer starts node-hl7-server, which answers AA to everything, and returns
// its address.
func nodeServer(t *testing.T, tlsFiles ...string) string {
	t.Helper()
	return launchPeer(t, "node", "server.cjs", tlsFiles...)
}

// pamlab runs a command line in this process.
func pamlab(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	noEnv := func(string) (string, bool) { return "", false }
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs, noEnv)
	return code, out.String(), errs.String()
}

// message is an admission of the kind that the peers are sent.
func message(t *testing.T, seed uint64) *hl7.Message {
	t.Helper()
	gen := pam.NewGenerator(seed, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	patient, err := gen.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	stay, err := gen.Stay(pam.StaySpec{})
	require.NoError(t, err)
	m, err := pam.NewJourney(gen, pam.Dialects()[0], hl7.UTF8, pam.Partners{}, patient, stay).Message("admission", "A01", pam.Change{})
	require.NoError(t, err)
	return m
}

// What node-hl7-server does wrong is small enough to be accepted, and wrong
// enough to be told.
func TestInteropRunAgainstNodeServer(t *testing.T) {
	needNode(t)
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, transport := range []struct {
		name  string
		peer  []string
		flags []string
	}{
		{name: "plain"},
		{
			name:  "mutual TLS",
			peer:  []string{at("ca.pem"), at("dmn.pem"), at("dmn-key.pem")},
			flags: []string{"--tls-ca", at("ca.pem"), "--tls-cert", at("gam.pem"), "--tls-key", at("gam-key.pem")},
		},
	} {
		t.Run(transport.name, func(t *testing.T) {
			addr := nodeServer(t, transport.peer...)
			set := "--set=candidate.address=" + addr

			file := filepath.Join(t.TempDir(), "a01.hl7")
			require.NoError(t, os.WriteFile(file, message(t, 1).Bytes(), 0o600))
			code, out, errs := pamlab(t, append([]string{"send", file, "--to", addr}, transport.flags...)...)
			require.Equal(t, scenarios.ExitOK, code, out+errs)
			require.Contains(t, out, "→ AA")
			require.Contains(t, out, "ACK^A01^ACK_A01")

			code, out, errs = pamlab(t, append([]string{"run", "identity/update-unknown", set, "-v"}, transport.flags...)...)
			require.Equal(t, scenarios.ExitOK, code, out+errs)
			require.Contains(t, out, "the last segment has no terminator")
			require.Contains(t, out, `MSH-9.3 is "ACK_A31"`)

			// It never forgets a message of a connection, and answers the first one again.
			code, out, errs = pamlab(t, append([]string{"run", "identity/create-update", set}, transport.flags...)...)
			require.Equal(t, scenarios.ExitFailed, code, out+errs)
			require.Contains(t, out, "ack.MSA-2")

			// Every acknowledgement has the id "ACK".
			require.Contains(t, out, `"ACK"`)

			// It takes anything: a refusal that is due does not come.
			code, out, _ = pamlab(t, append([]string{"run", "ack/no-control-id", set}, transport.flags...)...)
			require.Equal(t, scenarios.ExitFailed, code, out)
		})
	}
}

// nodeGot is what node-hl7-server wrote of what it got: the text of each message,
// as it handed it on.
func nodeGot(t *testing.T, file string) (texts []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range bytes.Lines(data) {
		var text string
		require.NoError(t, json.Unmarshal(line, &text))
		texts = append(texts, text)
	}
	return texts
}

// A hospital that lives tells somebody else's server of it.
//
// That server takes the messages of a connection for one that grows, and answers
// the first of them again: the hospital says each on a connection of its own. One
// that does not has its answers told from those of others: whatever was answered
// wrongly goes out again on a new connection, and nothing counts as sent before.
func TestInteropSimulateSendsToNodeServer(t *testing.T) {
	needNode(t)
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, way := range []struct {
		name  string
		count int
		flags []string
		again int // messages that go out twice
	}{
		{name: "a connection for each message", count: 200, flags: []string{"--bugs", "gam-connection-per-message"}},
		{name: "one connection", count: 3, again: 2},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			file, db := filepath.Join(t.TempDir(), "got"), filepath.Join(t.TempDir(), "gam.db")
			addr := nodeServer(t, at("ca.pem"), at("dmn.pem"), at("dmn-key.pem"), file)
			code, out, errs := pamlab(t, append([]string{
				"simulate", "--to", addr, "--store", db, "--count", strconv.Itoa(way.count), "--rate", "max", "-q", "--start", "2026-03-02T06:00:00Z",
				"--tls-ca", at("ca.pem"), "--tls-cert", at("gam.pem"), "--tls-key", at("gam-key.pem"),
			}, way.flags...)...)
			require.Equal(t, scenarios.ExitOK, code, out+errs)

			kept, err := store.Open(t.Context(), db, store.Options{MustExist: true})
			require.NoError(t, err)
			defer kept.Close()
			var sent []string
			patients, again := map[string]int{}, 0
			for r, err := range kept.List(t.Context(), store.Filter{}) {
				require.NoError(t, err)
				require.Equal(t, store.Done, r.State)
				accepted(t, r.Answer, r.Message)
				require.Equal(t, "dmn", r.Peer, "the name of its certificate")
				sent = append(sent, string(r.Message))
				patients[r.Patient]++
				again += r.Attempts - 1
			}
			require.Len(t, sent, way.count)
			require.Equal(t, way.again, again)
			got := nodeGot(t, file)
			if way.again > 0 {
				// It handed on what it had taken on that connection before, and then,
				// alone, what came again.
				require.Equal(t, []string{sent[0], sent[0] + sent[1], sent[1], sent[1] + sent[2], sent[2]}, got)
				return
			}
			require.Equal(t, sent, got, "each once, byte for byte, in the order of the hospital")
			require.Greater(t, way.count, len(patients)+50, "much is told of some")
		})
	}
}

// receiver is our server for peers that send: the reference DMN, with what it
// was sent.
func receiver(t *testing.T, files *mllp.Files) (addr string, received func() [][]byte) {
	t.Helper()
	got := make(chan []byte, 16)
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{
		Options: reference.Options{
			Logger:  slog.New(slog.DiscardHandler),
			Observe: func(e reference.Exchange) { got <- bytes.Clone(e.Message) },
		},
		TLS: files,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = dmn.Stop(ctx)
	})
	return dmn.Addr(), func() (all [][]byte) {
		for {
			select {
			case m := <-got:
				all = append(all, m)
			default:
				return all
			}
		}
	}
}

// messageFiles writes messages, one a file.
func messageFiles(t *testing.T, n int) (files []string, messages [][]byte) {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		m := message(t, uint64(i+1)).Bytes()
		file := filepath.Join(dir, strconv.Itoa(i)+".hl7")
		require.NoError(t, os.WriteFile(file, m, 0o600))
		files, messages = append(files, file), append(messages, m)
	}
	return files, messages
}

func TestInteropNodeClientSendsToOurServer(t *testing.T) {
	needNode(t)
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, transport := range []struct {
		name  string
		files *mllp.Files
		env   []string
	}{
		{name: "plain"},
		{
			name:  "mutual TLS",
			files: &mllp.Files{CA: at("ca.pem"), Cert: at("dmn.pem"), Key: at("dmn-key.pem")},
			env:   []string{"CA=" + at("ca.pem"), "CERT=" + at("gam.pem"), "KEY=" + at("gam-key.pem")},
		},
	} {
		t.Run(transport.name, func(t *testing.T) {
			addr, received := receiver(t, transport.files)
			_, port, err := net.SplitHostPort(addr)
			require.NoError(t, err)
			files, sent := messageFiles(t, 3)
			cmd := exec.CommandContext(t.Context(), "node", append([]string{"client.cjs", port}, absolute(t, files)...)...)
			cmd.Dir = peersDir
			cmd.Env = append(os.Environ(), transport.env...)
			out, err := cmd.Output()
			require.NoError(t, err, string(out))

			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			require.Len(t, lines, len(sent))
			for i, line := range lines {
				var ack string
				require.NoError(t, json.Unmarshal([]byte(line), &ack))
				accepted(t, []byte(ack), sent[i])
			}
			got := received()
			require.Len(t, got, len(sent))
			for i := range sent {
				require.Equal(t, trimmed(sent[i]), trimmed(got[i]))
			}
		})
	}
}

func TestInteropPythonHL7SendsToOurServer(t *testing.T) {
	needPythonHL7(t)
	addr, received := receiver(t, nil)
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	files, sent := messageFiles(t, 1)
	cmd := exec.CommandContext(t.Context(), debianPython, "/usr/bin/mllp_send", "--loose", "--port", port, "--file", files[0], host)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "MSA|AA|"+controlID(t, sent[0]))
	got := received()
	require.Len(t, got, 1)
	require.Equal(t, trimmed(sent[0]), trimmed(got[0]))
}

func absolute(t *testing.T, files []string) []string {
	t.Helper()
	for _, file := range files {
		require.True(t, filepath.IsAbs(file))
	}
	return files
}

func accepted(t *testing.T, ack, message []byte) {
	t.Helper()
	receipt, err := hl7.ReadAck(ack)
	require.NoError(t, err)
	require.Equal(t, hl7.AA, receipt.Code)
	require.Equal(t, controlID(t, message), receipt.MessageID)
}

func controlID(t *testing.T, message []byte) string {
	t.Helper()
	h, err := hl7.ParseHeader(message)
	require.NoError(t, err)
	return h.ControlID
}

// trimmed drops the last CR, which clients that join segments leave out.
func trimmed(m []byte) string { return strings.TrimRight(string(m), "\r") }
