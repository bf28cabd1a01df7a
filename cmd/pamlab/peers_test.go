package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/library"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// peersDoc tells what the fault suites find at other people's servers.
const peersDoc = "../../docs/peers.md"

// A peer is a receiver of others.
type peer struct {
	name  string
	tls   bool
	start func(t *testing.T, tlsFiles ...string) (addr string)
	need  func(t *testing.T)
}

func peers() []peer {
	return []peer{
		{"node-hl7-server, plain", false, nodeServer, needNode},
		{"node-hl7-server, mutual TLS", true, nodeServer, needNode},
		{"python3-hl7, plain", false, pythonServer, needPythonHL7},
		{"python3-hl7, mutual TLS", true, pythonServer, needPythonHL7},
	}
}

// TestInteropSuitesAtPeers plays the fault suites at each peer and holds what
// comes out against docs/peers.md (-update rewrites it).
//
// Nearly all of its time goes by in waiting for peers of other languages: the
// gate plays it without the race detector.
func TestInteropSuitesAtPeers(t *testing.T) {
	if underRace {
		t.Skip("the suites are played at peers without the race detector")
	}
	all, err := library.All()
	require.NoError(t, err)
	suites := slices.DeleteFunc(all, func(s *scenarios.Scenario) bool {
		return s.Role != scenarios.DMN || !slices.Contains(s.Tags, "fault")
	})
	doc, err := os.ReadFile(peersDoc)
	require.NoError(t, err)
	sections := make([]string, len(peers()))
	t.Run("peers", func(t *testing.T) {
		for i, p := range peers() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				p.need(t)
				sections[i] = p.play(t, suites, string(doc))
			})
		}
	})
	got := string(doc)
	for i, p := range peers() {
		if sections[i] == "" {
			return // a peer is not there, which was told
		}
		got, err = replaceSection(got, p.name, sections[i])
		require.NoError(t, err)
	}
	if *update {
		require.NoError(t, os.WriteFile(peersDoc, []byte(got), 0o644))
		return
	}
	require.Equal(t, steady(string(doc)), steady(got))
}

// steady leaves out the lines about what exhausts a peer: whether it has come
// round when it is asked again depends on the machine.
func steady(doc string) string {
	var kept []string
	for line := range strings.Lines(doc) {
		if !slices.ContainsFunc([]string{"mllp/endless", "mllp/deaf", "mllp/crowd"}, func(id string) bool {
			return strings.HasPrefix(line, "| `"+id+"`")
		}) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// attempts is how often a play at a peer may come out otherwise than is known:
// whether it answers within a second is also a matter of the machine.
const attempts = 3

// play plays each scenario on its own, at a peer that is started again when the
// one before was its end.
func (p peer) play(t *testing.T, suites []*scenarios.Scenario, known string) string {
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	_, err = pki.Bad(dir, pki.BadOptions{})
	require.NoError(t, err)
	at := func(name string) string { return filepath.Join(dir, name) }
	c := scenarios.NewCandidate()
	c.Name, c.Limits.Ack, c.Harness.Listen = p.name, time.Second, "127.0.0.1:0"
	var files []string
	if p.tls {
		files = []string{at("ca.pem"), at("dmn.pem"), at("dmn-key.pem")}
		c.TLS = &scenarios.TLS{CA: at("ca.pem"), Cert: at("gam.pem"), Key: at("gam-key.pem"), ServerName: "dmn.test"}
	}
	var rows strings.Builder
	alive := false
	once := func(play scenarios.Play) string {
		if !alive {
			c.Address = p.start(t, files...)
		}
		var events []scenarios.Event
		journal := scenarios.NewJournal(io.Discard, time.Now, func(e scenarios.Event) { events = append(events, e) })
		player := &scenarios.Player{
			Candidate: c, Journal: journal, Seed: 7, Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Version: "test",
		}
		player.Run(t.Context(), []scenarios.Play{play})
		alive = answers(t, c)
		return evidence(events, alive)
	}
	for _, play := range scenarios.Plays(suites) {
		row := once(play)
		for again := 1; again < attempts && !*update && steady(row) != "" && !strings.Contains(known, row); again++ {
			row = once(play)
		}
		rows.WriteString(row)
	}
	return rows.String()
}

// answers reports whether a peer still answers a message.
func answers(t *testing.T, c *scenarios.Candidate) bool {
	t.Helper()
	client := &mllp.Client{Addr: c.Address, ConnectTimeout: 2 * time.Second, HandshakeTimeout: 2 * time.Second, AnswerTimeout: 2 * time.Second}
	defer client.Close()
	if c.TLS != nil {
		files, err := c.TLS.Files("")
		require.NoError(t, err)
		client.TLSConfig, err = files.ClientConfig()
		require.NoError(t, err)
	}
	_, err := client.Do(t.Context(), message(t, 1).Bytes())
	return err == nil
}

// evidence is the line of a play: its verdict, and the check that decided it.
// What an ordinary answer of the peer has too says nothing about the play.
func evidence(events []scenarios.Event, alive bool) string {
	var name string
	var verdict scenarios.Verdict
	usual, worst := map[string]bool{}, scenarios.CheckInfo{}
	for _, e := range events {
		switch e.Kind {
		case scenarios.Checked:
			c := e.Check
			if c.Verdict == scenarios.Warn && e.Step == "before" {
				usual[c.Name] = true
			}
			if c.Verdict != scenarios.Pass && !usual[c.Name] && c.Verdict.Worse(worst.Verdict) != worst.Verdict {
				worst = *c
			}
		case scenarios.ScenarioFinished:
			name, verdict = e.Scenario, e.Result.Verdict
			if e.Case != "" {
				name += "#" + e.Case
			}
		}
	}
	if verdict == scenarios.NotApplicable {
		return ""
	}
	var why []string
	switch {
	case worst.Name != "":
		why = append(why, fmt.Sprintf("`%s`: %s", worst.Name, finding(worst)))
	case verdict != scenarios.Pass:
		why = append(why, "only what each of its answers has")
	}
	if !alive {
		why = append(why, "afterwards it answers nobody any more")
	}
	return fmt.Sprintf("| `%s` | %s | %s |\n", name, verdict, strings.Join(why, "; "))
}

// finding is what a check found: in its own words, where comparing two values
// does not say it.
func finding(c scenarios.CheckInfo) string {
	if c.Message != nil && (c.Actual == "" || c.Actual == c.Expected || c.Expected == "") {
		return cell(c.Message.EN)
	}
	return fmt.Sprintf("%s, expected %s", cell(c.Actual), cell(c.Expected))
}

// cell makes a value fit to stand in a table.
func cell(s string) string {
	const most = 60
	r := []rune(cmp.Or(strings.NewReplacer("|", `\|`, "\n", " ", "`", "'").Replace(s), "nothing"))
	if len(r) > most {
		r = append(r[:most], '…')
	}
	return string(r)
}

// replaceSection puts rows into the table below the heading of a peer.
func replaceSection(doc, name, rows string) (string, error) {
	head := "### " + name + "\n"
	from := strings.Index(doc, head)
	if from < 0 {
		return "", fmt.Errorf("%s has no section %q", peersDoc, name)
	}
	from += len(head)
	end := len(doc)
	if n := strings.Index(doc[from:], "\n#"); n >= 0 {
		end = from + n
	}
	return doc[:from] + "\n| scenario | verdict | what decided it |\n|---|---|---|\n" + rows + doc[end:], nil
}

// pythonServer starts a server made of python3-hl7 and returns its address.
func pythonServer(t *testing.T, tlsFiles ...string) string {
	t.Helper()
	return launchPeer(t, debianPython, "server.py", tlsFiles...)
}

// launchPeer starts a program of testdata/interop that takes a port and TLS
// files, and says "ready" when it listens. The peers take no port 0: the port that
// was free a moment ago may be somebody else's by now, so it tries others.
func launchPeer(t *testing.T, program, script string, tlsFiles ...string) string {
	t.Helper()
	const ports = 5
	for range ports {
		if addr, ok := launchPeerAt(t, freePort(t), program, script, tlsFiles...); ok {
			return addr
		}
	}
	t.Fatalf("%s does not start", script)
	return ""
}

// freePort is a port that nobody listens at, outside the range that systems take
// the ports of connections from.
func freePort(t *testing.T) *net.TCPAddr {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000)))
		if err == nil {
			require.NoError(t, l.Close())
			return l.Addr().(*net.TCPAddr)
		}
	}
	t.Fatal("no port is free")
	return nil
}

func launchPeerAt(t *testing.T, addr *net.TCPAddr, program, script string, tlsFiles ...string) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, append([]string{script, fmt.Sprint(addr.Port)}, tlsFiles...)...)
	cmd.Dir = peersDir
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		cancel()
		_ = cmd.Wait()
	})
	line := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(stdout, line); err != nil {
		return "", false
	}
	require.Equal(t, "ready\n", string(line))
	return addr.String(), true
}
