package scenarios_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/scenarios"
)

// A candidate that answers with any of the wire cases, whose messages are
// replaced by acknowledgements, is judged by what is odd about the first of
// them, in one piece as byte by byte; and fails when there is none.
func TestAcknowledgementsOfEveryWireCase(t *testing.T) {
	judged := 0
	for _, c := range mllptest.Cases() {
		for name, size := range map[string]int{"in one piece": max(len(c.Bytes), 1) * 10, "byte by byte": 1} {
			t.Run(c.Name+", "+name, func(t *testing.T) {
				answers := make(chan []byte, 1)
				p := startPeer(t, func(conn net.Conn, r io.Reader) {
					f, err := mllp.NewReader(r, 0).ReadFrame()
					if err != nil {
						return
					}
					ack := ackOf(f.Payload, "AA", 1)
					b := bytes.ReplaceAll(c.Bytes, []byte(mllptest.First), ack)
					b = bytes.ReplaceAll(b, []byte(mllptest.Second), ack)
					answers <- b
					_, _ = io.CopyBuffer(struct{ io.Writer }{conn}, struct{ io.Reader }{bytes.NewReader(b)}, make([]byte, size))
				})
				events, _ := journalOf(t.Context(), candidateAt(p.addr), 1, scenario(t, "ack/case", "steps: [{id: one, send: A28}]\n"))
				got := map[string]scenarios.Verdict{}
				for rule, check := range checksOf(events) {
					if rule == "ack.received" || strings.HasPrefix(rule, "mllp.") {
						got[rule] = check.Verdict
					}
				}
				f, err := mllp.NewReader(bytes.NewReader(<-answers), 0).ReadFrame()
				if err != nil || !bytes.Contains(f.Payload, []byte("\rMSA|")) {
					require.Equal(t, map[string]scenarios.Verdict{"ack.received": scenarios.Fail}, got)
					require.Equal(t, []string{"one: fail"}, stepVerdicts(events))
					return
				}
				judged++
				require.Equal(t, framingVerdicts(f.Oddities), got)
			})
		}
	}
	require.Greater(t, judged, 40, "few cases had an acknowledgement")
}

// framingVerdicts are the verdicts on the framing of an answer.
func framingVerdicts(odd []mllp.Oddity) map[string]scenarios.Verdict {
	if len(odd) == 0 {
		return map[string]scenarios.Verdict{"mllp.framing": scenarios.Pass}
	}
	verdicts := map[string]scenarios.Verdict{}
	for _, o := range odd {
		verdict := scenarios.Fail
		if o.Kind == mllp.GarbageBefore || o.Kind == mllp.ReleaseTwoCommit {
			verdict = scenarios.Warn
		}
		verdicts["mllp."+string(o.Kind)] = verdict
	}
	return verdicts
}
