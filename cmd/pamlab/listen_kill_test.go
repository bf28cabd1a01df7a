//go:build unix

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/store"
)

// A listening is `pamlab listen` in a process of its own.
type listening struct {
	cmd  *exec.Cmd
	addr string
}

func listenProcess(t *testing.T, args ...string) *listening {
	t.Helper()
	l := &listening{cmd: process(t, append([]string{"listen", "--addr", "127.0.0.1:0", "--quiet"}, args...)...)}
	l.cmd.Stderr = os.Stderr
	out, err := l.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, l.cmd.Start())
	t.Cleanup(l.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "127.0.0.1:") {
			l.addr = word
		}
	}
	require.NotEmpty(t, l.addr, line)
	return l
}

func (l *listening) kill() {
	if l.cmd.ProcessState == nil {
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait() // killed
	}
}

// mutualTLS makes a PKI, the flags of a DMN that has it, and the configuration of
// its clients.
func mutualTLS(t *testing.T) (flags []string, config *tls.Config, at func(string) string) {
	t.Helper()
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	at = func(name string) string { return filepath.Join(dir, name) }
	config, err = mllp.Files{CA: at("ca.pem"), Cert: at("gam.pem"), Key: at("gam-key.pem"), ServerName: "dmn.test"}.ClientConfig()
	require.NoError(t, err)
	return []string{"--tls-ca", at("ca.pem"), "--tls-cert", at("dmn.pem"), "--tls-key", at("dmn-key.pem")}, config, at
}

// A sender sends messages of its own, one after the other, and goes on with the
// one that nobody acknowledged.
type sender struct {
	template     []byte
	name         string
	next         int
	acknowledged []string
}

func (s *sender) id() string { return fmt.Sprintf("%s%05d", s.name, s.next) }

// send sends until the connection ends.
func (s *sender) send(t *testing.T, addr string, config *tls.Config, acknowledged func()) {
	client := &mllp.Client{Addr: addr, TLSConfig: config, AnswerTimeout: time.Minute}
	defer client.Close()
	for {
		message := bytes.Replace(s.template, []byte("CONTROLID"), []byte(s.id()), 1)
		r, err := client.Do(t.Context(), message)
		if err != nil {
			return // killed
		}
		ack, err := hl7.ReadAck(r.Payload)
		if err != nil || ack.Code != hl7.AA || ack.MessageID != s.id() {
			t.Errorf("%s: %q", s.id(), r.Payload)
			return
		}
		s.acknowledged = append(s.acknowledged, s.id())
		s.next++
		acknowledged()
	}
}

// What `pamlab listen` acknowledged over mutual TLS it has, however often it is
// killed under load: a few times here, hundreds of times with PAMLAB_KILLS (make
// kill-soak).
func TestListenKilled(t *testing.T) {
	kills := 2
	if text := os.Getenv("PAMLAB_KILLS"); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	flags, config, _ := mutualTLS(t)
	path := filepath.Join(t.TempDir(), "dmn.db")
	var senders []*sender
	for i := range 4 {
		m := message(t, uint64(i+1))
		require.NoError(t, m.SetText(hl7.MustPath("MSH-9.2"), "A31"))
		require.NoError(t, m.SetText(hl7.MustPath("MSH-9.3"), "ADT_A05"))
		require.NoError(t, m.SetText(hl7.MustPath("MSH-10"), "CONTROLID"))
		senders = append(senders, &sender{template: m.Bytes(), name: string(rune('A' + i))})
	}
	for life := range kills {
		l := listenProcess(t, append([]string{"--store", path, "--lenient"}, flags...)...)
		var mu sync.Mutex
		heard, enough := 0, 25+7*(life%13)
		acknowledged := func() {
			mu.Lock()
			defer mu.Unlock()
			if heard++; heard == enough {
				_ = l.cmd.Process.Kill()
			}
		}
		var sending sync.WaitGroup
		for _, s := range senders {
			sending.Go(func() { s.send(t, l.addr, config, acknowledged) })
		}
		sending.Wait()
		l.kill()
		require.False(t, t.Failed())
		require.GreaterOrEqual(t, heard, enough, "it ended before it was killed")
	}
	kept, err := store.Open(t.Context(), path, store.Options{MustExist: true})
	require.NoError(t, err)
	defer kept.Close()
	there := map[string]int{}
	for r, err := range kept.List(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		require.Equal(t, "AA", r.Ack)
		require.Equal(t, r.ControlID, controlID(t, r.Message))
		require.Contains(t, string(r.Answer), "MSA|AA|"+r.ControlID)
		there[r.ControlID]++
	}
	for _, s := range senders {
		for i, id := range s.acknowledged {
			require.NotZero(t, there[id], "%s was acknowledged and is lost", id)
			require.LessOrEqual(t, there[id], kills, id)
			require.Equal(t, fmt.Sprintf("%s%05d", s.name, i), id)
		}
	}
}

// The program that is killed again knows what it answered, whether it keeps
// messages or not: a message that comes again is answered the same, and a second
// admission is one, whoever has to know.
func TestListenRemembersAfterKill(t *testing.T) {
	admission := message(t, 1)
	again := admission.Clone()
	require.NoError(t, again.SetText(hl7.MustPath("MSH-10"), "ANOTHER"))
	for _, flags := range [][]string{nil, {"--no-content"}} {
		path := filepath.Join(t.TempDir(), "dmn.db")
		for life := range 2 {
			l := listenProcess(t, append([]string{"--store", path}, flags...)...)
			client := &mllp.Client{Addr: l.addr}
			exchanges := []struct {
				message []byte
				code    hl7.AckCode
			}{{admission.Bytes(), hl7.AA}, {again.Bytes(), hl7.AE}}
			if life > 0 {
				slices.Reverse(exchanges) // the refusal is not worked out again
			}
			for _, x := range exchanges {
				r, err := client.Do(t.Context(), x.message)
				require.NoError(t, err)
				ack, err := hl7.ReadAck(r.Payload)
				require.NoError(t, err)
				require.Equal(t, x.code, ack.Code, flags)
			}
			require.NoError(t, client.Close())
			l.kill()
		}
	}
}

// The clients of others are served: npm's over mutual TLS, Debian's in the clear.
func TestInteropClientsAtListen(t *testing.T) {
	flags, _, at := mutualTLS(t)
	files, sent := messageFiles(t, 3)
	kept := func(t *testing.T, path string) (all []*store.Record) {
		s, err := store.Open(t.Context(), path, store.Options{MustExist: true})
		require.NoError(t, err)
		defer s.Close()
		for r, err := range s.List(t.Context(), store.Filter{}) {
			require.NoError(t, err)
			all = append(all, r)
		}
		return all
	}
	t.Run("node-hl7-client", func(t *testing.T) {
		needNode(t)
		path := filepath.Join(t.TempDir(), "dmn.db")
		l := listenProcess(t, append([]string{"--store", path}, flags...)...)
		_, port, err := net.SplitHostPort(l.addr)
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), "node", append([]string{"client.cjs", port}, absolute(t, files)...)...)
		cmd.Dir = peersDir
		cmd.Env = append(os.Environ(), "CA="+at("ca.pem"), "CERT="+at("gam.pem"), "KEY="+at("gam-key.pem"))
		out, err := cmd.Output()
		require.NoError(t, err, string(out))
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		require.Len(t, lines, len(sent))
		all := kept(t, path)
		require.Len(t, all, len(sent))
		for i, line := range lines {
			var ack string
			require.NoError(t, json.Unmarshal([]byte(line), &ack))
			accepted(t, []byte(ack), sent[i])
			require.Equal(t, trimmed(sent[i]), trimmed(all[i].Message))
			require.Equal(t, []string{"hl7.form.no-terminator"}, all[i].Findings, "this client leaves the last CR out")
			require.NotEqual(t, "127.0.0.1", all[i].Peer, "the name of the certificate")
		}
	})
	t.Run("python3-hl7", func(t *testing.T) {
		needPythonHL7(t)
		path := filepath.Join(t.TempDir(), "dmn.db")
		l := listenProcess(t, "--store", path)
		host, port, err := net.SplitHostPort(l.addr)
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), debianPython, "/usr/bin/mllp_send", "--loose", "--port", port, "--file", files[0], host)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "MSA|AA|"+controlID(t, sent[0]))
		all := kept(t, path)
		require.Len(t, all, 1)
		require.Equal(t, trimmed(sent[0]), trimmed(all[0].Message))
	})
}
