package scenarios_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// A peer accepts connections, keeps what comes on each, and does on each what
// its script says.
type peer struct {
	addr string
	mu   sync.Mutex
	got  [][]byte // by connection
}

// startPeer starts a peer. The script is called for each connection, with what
// reads from it and keeps what it reads; the connection is closed after it.
func startPeer(t *testing.T, script func(c net.Conn, r io.Reader)) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &peer{addr: l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			n := len(p.got)
			p.got = append(p.got, nil)
			p.mu.Unlock()
			all.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(time.Minute))
				script(c, io.TeeReader(c, keeper{p, n}))
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return p
}

type keeper struct {
	p *peer
	n int
}

func (k keeper) Write(b []byte) (int, error) {
	k.p.mu.Lock()
	defer k.p.mu.Unlock()
	k.p.got[k.n] = append(k.p.got[k.n], b...)
	return len(b), nil
}

// stream is what came on a connection, in their order.
func (p *peer) stream(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n >= len(p.got) {
		return ""
	}
	return string(p.got[n])
}

// swallow reads to the end and says nothing.
func swallow(_ net.Conn, r io.Reader) { _, _ = io.Copy(io.Discard, r) }

// acknowledge answers every block that a tolerant reader finds.
func acknowledge(c net.Conn, r io.Reader) {
	frames := mllp.NewReader(r, 0)
	for n := 0; ; n++ {
		f, err := frames.ReadFrame()
		if err != nil {
			return
		}
		_, _ = c.Write(mllp.AppendFrame(nil, ackOf(f.Payload, "AA", n)))
	}
}

// ackOf acknowledges a message.
func ackOf(payload []byte, code string, n int) []byte {
	m, err := hl7.Parse(payload)
	if err != nil {
		m, _ = hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|20260302090000||ADT|1|P|2.5\r"))
	}
	return fmt.Appendf(nil, "MSH|^~\\&|%s|%s|%s|%s|20260302090000||ACK^%s^ACK|P%d%d|P|2.5\rMSA|%s|%s\r", m.Get("MSH-5"), m.Get("MSH-6"),
		m.Get("MSH-3"), m.Get("MSH-4"), m.Get("MSH-9.2"), time.Now().UnixNano()%1e9, n, code, m.Get("MSH-10"))
}

// playAt plays steps at an address, with little patience.
func playAt(t *testing.T, addr, steps string) ([]scenarios.Event, scenarios.Summary) {
	t.Helper()
	c := candidateAt(addr)
	c.Limits.Ack = 400 * time.Millisecond
	return journalOf(t.Context(), c, 1, scenario(t, "wire", steps))
}

func TestWireBytes(t *testing.T) {
	const raw = "send: {raw: \"MSH|^~\\\\&|A|B|C|D|20260302090000||ADT^A28|1|P|2.5\\rEVN||20260302\\r\"}"
	const message = "MSH|^~\\&|A|B|C|D|20260302090000||ADT^A28|1|P|2.5\rEVN||20260302\r"
	wide := func(s string, order func(b byte) []byte) string {
		var b []byte
		for i := range len(s) {
			b = append(b, order(s[i])...)
		}
		return string(b)
	}
	half := message[:len(message)/2]
	for _, test := range []struct{ wire, want string }{
		{`{before: "\r\n", after: "\x00\xff"}`, "\r\n\v" + message + "\x1c\r\x00\xff"},
		{`{start: none}`, message + "\x1c\r"},
		{`{end: none}`, "\v" + message},
		{`{end: no-cr}`, "\v" + message + "\x1c"},
		{`{end: lf}`, "\v" + message + "\x1c\n"},
		{`{inside: {at: 50%, bytes: "\v"}}`, "\v" + half + "\v" + message[len(message)/2:] + "\x1c\r"},
		{`{inside: {at: 3, bytes: "\x1c"}}`, "\vMSH\x1c" + message[3:] + "\x1c\r"},
		{`{segments: lf}`, "\v" + strings.ReplaceAll(message, "\r", "\n") + "\x1c\r"},
		{`{segments: crlf}`, "\v" + strings.ReplaceAll(message, "\r", "\r\n") + "\x1c\r"},
		{`{segments: no-last-cr}`, "\v" + strings.TrimSuffix(message, "\r") + "\x1c\r"},
		{`{bom: true}`, "\v\xef\xbb\xbf" + message + "\x1c\r"},
		{`{encoding: utf-16le, bom: true}`, "\v\xff\xfe" + wide(message, func(b byte) []byte { return []byte{b, 0} }) + "\x1c\r"},
		{`{encoding: utf-16be}`, "\v" + wide(message, func(b byte) []byte { return []byte{0, b} }) + "\x1c\r"},
		{`{chunk: 1}`, "\v" + message + "\x1c\r"},
		{`{chunk: 40, every: 5ms}`, "\v" + message + "\x1c\r"},
		{`{fault: {cut: 10}}`, ("\v" + message)[:10]},
		{`{fault: {reset: 10}}`, ("\v" + message)[:10]},
		{`{fault: {half-close: true}}`, "\v" + message + "\x1c\r"},
		{`{fault: {stall: {at: 5, for: 20ms}}}`, "\v" + message + "\x1c\r"},
		{`{fault: {stall: 5}}`, ("\v" + message)[:5]},
		{`{fault: {latency: 20ms}}`, "\v" + message + "\x1c\r"},
		{`{fault: {corrupt: {at: 0, byte: "\x0c"}}}`, "\f" + message + "\x1c\r"},
		{`{fault: {duplicate: true}}`, strings.Repeat("\v"+message+"\x1c\r", 2)},
		{`{fault: {flood: 5B}}`, "xxxxx\v" + message + "\x1c\r"},
		{`{fault: {flood: {at: 1, size: 4B, bytes: "yz"}}}`, "\vyzyz" + message + "\x1c\r"},
		{`{read: never, repeat: 3}`, strings.Repeat("\v"+message+"\x1c\r", 3)},
		{`{size: 100B}`, "\v" + message + "ZZZ|" + strings.Repeat("x", 100-len(message)-5) + "\r\x1c\r"},
		{`{size: 10B}`, "\v" + message + "\x1c\r"},
	} {
		t.Run(test.wire, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, swallow)
			expect := "{ack: none}"
			if strings.Contains(test.wire, "cut") || strings.Contains(test.wire, "reset") || strings.Contains(test.wire, "never") {
				expect = "{sent: {MSH-10: present}}"
			}
			events, summary := playAt(t, p.addr, "steps:\n  - {id: one, "+raw+", wire: "+test.wire+", expect: "+expect+"}\n")
			require.Equal(t, scenarios.ExitOK, summary.Exit, stepVerdicts(events))
			require.Eventually(t, func() bool { return p.stream(0) == test.want }, 10*time.Second, time.Millisecond, "%q", p.stream(0))
			for _, e := range events {
				if e.Kind == scenarios.MessageSent {
					require.Equal(t, message, string(e.Message.Data), "the message as it was meant")
					require.NotEmpty(t, e.Message.Wire.How)
					require.NotEmpty(t, e.Message.Wire.Raw)
				}
			}
		})
	}
}

// A large message is neither held nor cut short.
func TestWireSize(t *testing.T) {
	counted := make(chan int64, 1)
	p := startPeer(t, func(c net.Conn, _ io.Reader) {
		n, _ := io.Copy(io.Discard, c)
		counted <- n
	})
	events, summary := playAt(t, p.addr, "steps:\n  - {id: one, send: A28, wire: {size: 64MiB, end: none, fault: {half-close: true}}, expect: {ack: none}}\n")
	require.Equal(t, scenarios.ExitOK, summary.Exit, stepVerdicts(events))
	require.EqualValues(t, 64<<20+1, <-counted)
	for _, e := range events {
		if e.Kind == scenarios.MessageSent {
			require.EqualValues(t, 64<<20+1, e.Message.Wire.Written)
			require.Empty(t, e.Message.Wire.Raw)
			require.Less(t, len(e.Message.Data), 10_000)
		}
	}
}

func TestWirePlays(t *testing.T) {
	deafAfter := func(n int) func(c net.Conn, r io.Reader) { // closes after so many bytes
		return func(_ net.Conn, r io.Reader) { _, _ = io.CopyN(io.Discard, r, int64(n)) }
	}
	for _, test := range []struct {
		name   string
		script func(c net.Conn, r io.Reader)
		steps  string
		want   []string
	}{
		{
			"each answer of a burst belongs to its message", acknowledge,
			"steps:\n  - {id: one, send: {burst: [A28, A31, A31]}, expect: {ack: {code: AA, MSA-2: \"{{sent.MSH-10}}\"}, answers: 3}}\n",
			[]string{"one: pass"},
		},
		{
			"an expectation of a burst is one of each answer",
			func(c net.Conn, r io.Reader) {
				frames := mllp.NewReader(r, 0)
				for n, code := range []string{"AA", "AE"} {
					f, err := frames.ReadFrame()
					if err != nil {
						return
					}
					_, _ = c.Write(mllp.AppendFrame(nil, ackOf(f.Payload, code, n)))
				}
				swallow(c, r)
			},
			"steps:\n  - {id: one, send: {burst: [A28, A31]}, expect: {ack: AA}}\n",
			[]string{"one: fail"},
		},
		{
			"the second of two messages is lost",
			func(c net.Conn, r io.Reader) {
				b := make([]byte, 64<<10)
				for {
					n, err := r.Read(b)
					if err != nil {
						return
					}
					first, _, _ := bytes.Cut(b[1:n], []byte("\x1c\r"))
					_, _ = c.Write(mllp.AppendFrame(nil, ackOf(first, "AA", 1)))
				}
			},
			"steps:\n  - {id: one, send: {burst: [A28, A31]}}\n",
			[]string{"one: fail"},
		},
		{
			"a message answered twice, seen by who counts",
			func(c net.Conn, r io.Reader) {
				f, err := mllp.NewReader(r, 0).ReadFrame()
				if err != nil {
					return
				}
				for n := range 2 {
					_, _ = c.Write(mllp.AppendFrame(nil, ackOf(f.Payload, "AA", n)))
				}
				swallow(c, r)
			},
			"steps:\n  - {id: one, send: A28, expect: {ack: AA, answers: 1}}\n",
			[]string{"one: fail"},
		},
		{
			"a bent connection is not used again", acknowledge,
			"steps:\n  - {id: one, send: A28, wire: {end: none}, expect: {ack: none, answers: 0, connection: open}}\n  - {id: two, send: A31, expect: {ack: AA}}\n",
			[]string{"one: pass", "two: pass"},
		},
		{
			"garbage between blocks, on the connection that is open", acknowledge,
			"steps:\n  - {id: one, send: A28, expect: {ack: AA}}\n  - {id: two, send: A31, wire: {before: \"\\n\"}, expect: {ack: AA, answers: 1}}\n",
			[]string{"one: pass", "two: pass"},
		},
		{
			"a case in the place of a message", acknowledge,
			"steps:\n  - {id: one, wire: {case: \"no end, then a good message\"}, expect: {ack: {MSA-1: AA, MSA-2: \"{{sent.MSH-10}}\"}, answers: 1}}\n",
			[]string{"one: pass"},
		},
		{
			"a case with two messages", acknowledge,
			"steps:\n  - {id: one, wire: {case: \"two messages in one segment\", chunk: 7}, expect: {ack: AA, answers: 2}}\n",
			[]string{"one: pass"},
		},
		{
			"a case to which nothing is to be said", acknowledge,
			"steps:\n  - {id: one, wire: {case: empty blocks only}, expect: {answers: 0, connection: open}}\n",
			[]string{"one: pass"},
		},
		{
			"a peer that hangs up while we write", deafAfter(100),
			"steps:\n  - {id: one, send: A28, wire: {size: 16MiB}, expect: {connection: closed}}\n",
			[]string{"one: pass"},
		},
		{
			"and when that was not expected", deafAfter(100),
			"steps:\n  - {id: one, send: A28, wire: {size: 16MiB}}\n",
			[]string{"one: fail"},
		},
		{
			"who does not read is held until the end", acknowledge,
			"steps:\n  - {id: one, send: A28, wire: {read: never, repeat: 20000}}\n  - {id: two, sanity: true, send: A31, expect: {ack: AA}}\n",
			[]string{"one: pass", "two: pass"},
		},
		{
			"blocks that change places", acknowledge,
			"steps:\n  - {id: one, send: {burst: [A28, A31]}, wire: {fault: {reorder: true}}, expect: {ack: AA, answers: 2}}\n",
			[]string{"one: pass"},
		},
		{
			"what a step that counts leaves open is used again", acknowledge,
			"steps:\n  - {id: one, send: A28, expect: {ack: AA, answers: 1}}\n  - {id: two, send: A31, expect: {ack: AA}}\n",
			[]string{"one: pass", "two: pass"},
		},
		{
			"what cannot be read is refused without its name", nameless,
			"steps:\n  - {id: one, send: A28, wire: {encoding: utf-16le}, expect: {ack: {MSA-1: AR}}}\n",
			[]string{"one: pass"},
		},
		{
			"what can be read is not", nameless,
			"steps:\n  - {id: one, send: A28, wire: {chunk: 700}, expect: {ack: {MSA-1: AR}}}\n",
			[]string{"one: fail"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, test.script)
			events, _ := playAt(t, p.addr, test.steps)
			require.Equal(t, test.want, stepVerdicts(events), brokenChecks(events))
			if strings.HasPrefix(test.name, "what a step that counts") || strings.HasPrefix(test.name, "garbage between") {
				require.Empty(t, p.stream(1), "one connection")
			}
		})
	}
}

// nameless refuses every block as one without MSH is refused.
func nameless(c net.Conn, r io.Reader) {
	frames := mllp.NewReader(r, 0)
	for {
		if _, err := frames.ReadFrame(); err != nil {
			return
		}
		ack := hl7.Ack{Code: hl7.AR, ControlID: "R1", Time: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Errors: []hl7.AckError{{Code: hl7.ConditionMessageType}}}
		h := hl7.Header{Delimiters: hl7.StandardDelimiters(), ProcessingID: "P", Version: "2.5", VersionRaw: "2.5"}
		_, _ = c.Write(mllp.AppendFrame(nil, ack.Append(nil, h)))
	}
}

// brokenChecks are the checks that did not pass, for who reads a failed test.
func brokenChecks(events []scenarios.Event) (list []string) {
	for _, e := range events {
		if e.Kind == scenarios.Checked && e.Check.Verdict != scenarios.Pass {
			list = append(list, fmt.Sprintf("%s: %s %s: %s, not %s %v", e.Step, e.Check.Name, e.Check.Verdict, e.Check.Actual, e.Check.Expected, e.Check.Message))
		}
	}
	return list
}

// The reference DMN takes what can be taken, over TLS too.
func TestWireAtTheReference(t *testing.T) {
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprint("tls ", secured), func(t *testing.T) {
			t.Parallel()
			c := startDMN(t, reference.Options{})
			if secured {
				c, _ = tlsDMN(t)
			}
			c.Limits.Ack = 500 * time.Millisecond
			events, summary := journalOf(t.Context(), c, 1, scenario(t, "ref", `
steps:
  - {id: first, sanity: true, send: A28, expect: {ack: AA}}
  - {id: bytewise, send: A31, wire: {chunk: 1}, expect: {ack: AA}}
  - {id: burst, send: {burst: [A31, A31]}, expect: {ack: AA, answers: 2}}
  - {id: cut, send: A31, wire: {fault: {cut: 50%}}}
  - {id: reset, send: A31, wire: {fault: {reset: 50%}}}
  - {id: half, send: A31, wire: {fault: {half-close: true}}, expect: {ack: AA}}
  - {id: twice, send: A31, wire: {fault: {duplicate: true}}, expect: {answers: 2}}
  - {id: last, sanity: true, send: A31, expect: {ack: AA}}
`))
			require.Equal(t, scenarios.ExitOK, summary.Exit, "%v %v", stepVerdicts(events), brokenChecks(events))
		})
	}
}

// An interruption ends a step that writes slowly.
func TestWireIsInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	p := startPeer(t, func(_ net.Conn, r io.Reader) {
		_, _ = io.CopyN(io.Discard, r, 1)
		stop()
		swallow(nil, r)
	})
	_, summary := journalOf(ctx, candidateAt(p.addr), 1, scenario(t, "slow", "steps:\n  - {id: one, send: A28, wire: {chunk: 1, every: 1h}}\n"))
	require.Equal(t, scenarios.ExitInterrupted, summary.Exit)
}
