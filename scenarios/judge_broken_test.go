package scenarios_test

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// mortal answers the messages of its first connection, and then closes the door.
func mortal(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		_ = l.Close()
		if err == nil {
			acknowledge(c, c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

// Who answered and is gone has not survived what the scenario did; who was never
// there could not be judged.
func TestCandidateThatIsGone(t *testing.T) {
	for _, tt := range []struct {
		name, steps string
		want        []string
	}{
		{"a new connection after an answer",
			"steps:\n  - {id: one, send: A28, expect: {ack: AA}}\n  - {id: two, connect: {}, send: A31, expect: {ack: AA}}\n",
			[]string{"one: pass", "two: fail"}},
		{"that the step says one should get",
			"steps:\n  - {id: one, send: A28, expect: {ack: AA}}\n  - {id: two, connect: {}, send: A31, expect: {ack: {MSA-1: {is: AA, level: should}}}}\n",
			[]string{"one: pass", "two: warn"}},
		{"to see whether the candidate works",
			"steps:\n  - {id: one, send: A28, expect: {ack: AA}}\n  - {id: two, sanity: true, connect: {}, send: A31, expect: {ack: AA}}\n",
			[]string{"one: pass", "two: inconclusive"}},
		{"before any answer",
			"steps:\n  - {id: none, wire: {case: empty blocks only}, expect: {answers: 0}}\n  - {id: two, connect: {}, send: A28, expect: {ack: AA}}\n",
			[]string{"none: pass", "two: inconclusive"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := candidateAt(mortal(t))
			events, _ := journalOf(t.Context(), c, 1, scenario(t, "gone", tt.steps))
			require.Equal(t, tt.want, stepVerdicts(events), "%v", brokenChecks(events))
		})
	}
}

// Whether bent bytes are answered weighs as much as the step says.
func TestSilenceToBentBytes(t *testing.T) {
	for _, tt := range []struct {
		name, step string
		want       string
	}{
		{"an answer must come", `{id: one, send: A28, wire: {before: "x"}, expect: {ack: AA}}`, "one: fail"},
		{"an answer should come", `{id: one, send: A28, wire: {before: "x"}, expect: {ack: {MSA-1: {is: AA, level: should}}}}`, "one: warn"},
		{"the strictest counts", `{id: one, send: A28, wire: {before: "x"}, expect: {ack: {MSA-1: {is: AA, level: should}, MSA-2: present}}}`, "one: fail"},
		{"one answer should come", `{id: one, send: A28, wire: {before: "x"}, expect: {answers: {is: "1", level: should}}}`, "one: warn"},
		{"what comes is noted", `{id: one, send: A28, wire: {before: "x"}, expect: {ack: {MSA-1: {is: AA, level: info}}}}`, "one: pass"},
		{"good bytes are always answered", `{id: one, send: A28, expect: {ack: {MSA-1: {is: AA, level: should}}}}`, "one: fail"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, func(_ net.Conn, r io.Reader) { // reads a block, and hangs up
				_, _ = mllp.NewReader(r, 0).ReadFrame()
			})
			events, _ := journalOf(t.Context(), candidateAt(p.addr), 1, scenario(t, "silent", "steps:\n  - "+tt.step+"\n"))
			require.Equal(t, []string{tt.want}, stepVerdicts(events), "%v", brokenChecks(events))
		})
	}
}
