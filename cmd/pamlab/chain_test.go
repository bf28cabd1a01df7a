//go:build linux

package main

import (
	"bufio"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/store"
)

// A member of a chain is a process whose lines are counted.
type member struct {
	*exec.Cmd
	mu    sync.Mutex
	more  *sync.Cond
	lines []string
	ended bool
}

// begin starts the program with arguments.
func begin(t *testing.T, args ...string) *member {
	t.Helper()
	m := &member{Cmd: process(t, args...)}
	m.more = sync.NewCond(&m.mu)
	out, err := m.StdoutPipe()
	require.NoError(t, err)
	m.Stderr = m.Stdout
	require.NoError(t, m.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			m.add(s.Text())
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.ended = true
		m.more.Broadcast()
	}()
	t.Cleanup(func() {
		_ = m.Process.Kill()
		<-read
		_ = m.Wait()
	})
	return m
}

func (m *member) add(line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, line)
	m.more.Broadcast()
}

// await waits until n lines hold a text, and returns the last of them.
func (m *member) await(t *testing.T, n int, text string) string {
	t.Helper()
	const patience = 2 * time.Minute
	late := time.AfterFunc(patience, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.ended = true
		m.more.Broadcast()
	})
	defer late.Stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		seen := 0
		for _, line := range m.lines {
			if strings.Contains(line, text) {
				if seen++; seen == n {
					return line
				}
			}
		}
		if m.ended {
			t.Fatalf("%d lines with %q, expected %d:\n%s", seen, text, n, strings.Join(m.lines, "\n"))
		}
		m.more.Wait()
	}
}

// end asks a process to end, waits for it and requires one of these exit codes.
func (m *member) end(t *testing.T, signal os.Signal, codes ...int) {
	t.Helper()
	if signal != nil {
		require.NoError(t, m.Process.Signal(signal))
	}
	m.mu.Lock()
	for !m.ended {
		m.more.Wait()
	}
	m.mu.Unlock()
	_ = m.Wait()
	require.Contains(t, codes, m.ProcessState.ExitCode(), strings.Join(m.lines, "\n"))
}

var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// A chain is a hospital, somebody who stands between, and a device: three
// processes, mutual TLS on each hop, a store each.
type chain struct {
	dir            string
	device, middle string // addresses
}

func (c *chain) at(name string) string { return filepath.Join(c.dir, name) }

func (c *chain) identity(prefix, name string) []string {
	return []string{prefix + "-ca", c.at("ca.pem"), prefix + "-cert", c.at(name + ".pem"), prefix + "-key", c.at(name + "-key.pem")}
}

func (c *chain) listen(t *testing.T) *member {
	addr := c.device
	if addr == "" {
		addr = freePort(t).String() // it comes back there
	}
	m := begin(t, slices.Concat([]string{"listen", "--addr", addr, "--store", c.at("dmn.db")}, c.identity("--tls", "dmn"))...)
	c.device = address.FindString(m.await(t, 1, "127.0.0.1:"))
	return m
}

func (c *chain) record(t *testing.T) *member {
	addr := c.middle
	if addr == "" {
		addr = freePort(t).String() // it comes back there
	}
	m := begin(t, slices.Concat(
		[]string{"record", "--listen", addr, "--to", c.device, "--to-tls-server-name", "dmn.test", "--store", c.at("traffic.db")},
		c.identity("--listen-tls", "dmn"), c.identity("--to-tls", "gam"),
	)...)
	c.middle = address.FindString(m.await(t, 1, "127.0.0.1:"))
	return m
}

func (c *chain) simulate(t *testing.T, args ...string) *member {
	return begin(t, slices.Concat(
		[]string{"simulate", "--to", c.middle, "--tls-server-name", "dmn.test", "--store", c.at("gam.db"), "--start", "2026-03-02T06:00", "--timeout", "10s"},
		c.identity("--tls", "gam"), args,
	)...)
}

// kept are the records of a store, in their order.
func (c *chain) kept(t *testing.T, file string) []*store.Record {
	t.Helper()
	s, err := store.Open(context.Background(), c.at(file), store.Options{MustExist: true})
	require.NoError(t, err)
	defer s.Close()
	var all []*store.Record
	for r, err := range s.List(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

// byPatient are the messages of each patient in their order: what came again is
// told once.
func byPatient(records []*store.Record) map[string][]string {
	seen, all := map[string]bool{}, map[string][]string{}
	for _, r := range records {
		if !seen[r.ControlID] {
			seen[r.ControlID] = true
			all[r.Patient] = append(all[r.Patient], r.ControlID+" "+r.Type)
		}
	}
	return all
}

func newChain(t *testing.T) *chain {
	c := &chain{dir: t.TempDir()}
	_, err := pki.Init(c.dir, pki.Options{})
	require.NoError(t, err)
	return c
}

// pace is how the hospital lives, and how many messages pass at least: as many as
// can in two seconds. PAMLAB_CHAIN=60 lets its first hour pass in a minute instead,
// in which it tells of a hundred and some.
func pace() (flags []string, count int) {
	if speed := os.Getenv("PAMLAB_CHAIN"); speed != "" {
		return []string{"--speed", speed, "--for", "1m"}, 100
	}
	return []string{"--rate", "100/s", "--count", "200"}, 200
}

// Each message is kept once, in the order of its patient and without a finding, on
// all three sides.
func TestChain(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	device := c.listen(t)
	middle := c.record(t)
	flags, count := pace()
	c.simulate(t, flags...).end(t, nil, scenarios.ExitOK)
	middle.end(t, os.Interrupt, scenarios.ExitOK)
	device.end(t, os.Interrupt, scenarios.ExitOK)

	sent, passed, received := c.kept(t, "gam.db"), c.kept(t, "traffic.db"), c.kept(t, "dmn.db")
	require.GreaterOrEqual(t, len(sent), count)
	require.Len(t, passed, len(sent))
	require.Len(t, received, len(sent))
	require.Equal(t, byPatient(sent), byPatient(passed))
	require.Equal(t, byPatient(sent), byPatient(received))
	for _, r := range slices.Concat(passed, received) {
		require.Equal(t, "pass", r.Verdict, "%s %s: %q", r.ControlID, r.Type, r.Findings)
		require.Equal(t, "AA", r.Ack)
	}
}

// The same while those in the middle and at the end are killed and come back, and
// the disk of the device is full for a while: what is told is kept, in the order
// of its patient, whatever happens on the way.
func TestChainInTrouble(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	device := c.listen(t)
	middle := c.record(t)
	flags, count := pace()
	hospital := c.simulate(t, append(flags, "--drain", "2m")...)

	device.await(t, count/4, "  AA ")
	require.NoError(t, middle.Process.Kill())
	middle.end(t, nil, -1)
	middle = c.record(t)

	device.await(t, count/2, "  AA ")
	longest(t, device, 1)
	hospital.await(t, 1, "  AR ")
	longest(t, device, math.MaxUint64)

	device.await(t, count*3/4, "  AA ")
	require.NoError(t, device.Process.Kill())
	device.end(t, nil, -1)
	device = c.listen(t)

	hospital.end(t, nil, scenarios.ExitOK)
	// What became of it depends on where the device was killed: a message that it
	// did not answer is a failure, a connection that did not reach it no judgement.
	middle.end(t, os.Interrupt, scenarios.ExitOK, scenarios.ExitFailed, scenarios.ExitUnjudged)
	device.end(t, os.Interrupt, scenarios.ExitOK)

	sent, passed, received := byPatient(c.kept(t, "gam.db")), byPatient(c.kept(t, "traffic.db")), byPatient(c.kept(t, "dmn.db"))
	require.Equal(t, sent, received)
	for patient, messages := range passed { // but for those that were in its hands when it was killed
		require.Subset(t, sent[patient], messages)
	}
	for _, r := range c.kept(t, "gam.db") {
		require.Equal(t, store.Done, r.State, r.Error)
		require.Equal(t, "AA", r.Ack)
	}
	for _, r := range c.kept(t, "dmn.db") {
		require.Equal(t, "pass", r.Verdict, "%s %s: %q", r.ControlID, r.Type, r.Findings)
	}
}

// longest bounds the files that a process may write, as a full disk does: what
// would make them longer fails.
func longest(t *testing.T, m *member, size uint64) {
	t.Helper()
	var was unix.Rlimit
	require.NoError(t, unix.Prlimit(m.Process.Pid, unix.RLIMIT_FSIZE, nil, &was))
	require.NoError(t, unix.Prlimit(m.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: min(size, was.Max), Max: was.Max}, nil))
}
