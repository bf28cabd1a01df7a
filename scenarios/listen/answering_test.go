package listen_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/listen"
	"github.com/pamlab/pamlab/scenarios/store"
)

func table(t *testing.T, text string) func(*hl7.Message) *listen.Reply {
	t.Helper()
	a, err := scenarios.ParseAnswering("rules.yaml", []byte(text))
	require.NoError(t, err)
	return listen.Answers(a)
}

// What the tester chose is what the sender hears and what the store has; the
// device takes what was accepted, and nothing else.
func TestChosenAnswers(t *testing.T) {
	kept := openStore(t, store.Memory, store.Options{})
	s, _ := start(t, listen.Options{Store: kept, Validate: true}, listen.Listener{Name: "dmn", Reply: table(t, `
rules:
  - event: A01
    times: 1
    reply: {code: AR, error: {code: 206}}
  - event: A03
    reply: {code: AE, error: {code: 204, field: PID-3, user: inconnu}, close: after}
  - event: A31
    reply: AA
`)})
	c := client(t, s.Addrs()[0])
	admission := sample(t, "A01")
	busy := send(t, c, admission)
	require.Equal(t, hl7.AR, busy.Code)
	require.Equal(t, hl7.ConditionLocked, busy.Errors[0].Code)
	require.Empty(t, s.State(0).Patients, "refused is not applied")
	require.Equal(t, hl7.AA, send(t, c, admission).Code, "a rejection is not for ever")
	require.Len(t, s.State(0).Patients, 1)

	discharge := sample(t, "A03")
	for range 2 {
		refused := send(t, client(t, s.Addrs()[0]), discharge) // the connection ends with it
		require.Equal(t, hl7.AE, refused.Code)
		require.Equal(t, "PID-3", refused.Errors[0].Location.String())
		require.Equal(t, "inconnu", refused.Errors[0].User)
	}
	require.Equal(t, hl7.AA, send(t, client(t, s.Addrs()[0]), sample(t, "A31", "PID-7 = KLINGON")).Code, "accepted though it does not conform")
	all := records(t, kept)
	require.Equal(t, "fail", all[len(all)-1].Verdict, "which the record says")
}

func TestAlways(t *testing.T) {
	s, _ := start(t, listen.Options{}, listen.Listener{Reply: listen.Always(hl7.AE)}, listen.Listener{Reply: listen.Always(hl7.AA)})
	require.Equal(t, hl7.AE, send(t, client(t, s.Addrs()[0]), sample(t, "A01")).Code)
	require.Equal(t, hl7.AA, send(t, client(t, s.Addrs()[1]), sample(t, "A01", "ZBE-1 =")).Code)
}

// Answers that are wrong on purpose are wrong in the way that was asked for.
func TestWrongAnswers(t *testing.T) {
	for _, tt := range []struct {
		wrong string
		check func(t *testing.T, answer string)
	}{
		{"message-id", func(t *testing.T, a string) { require.Contains(t, a, "MSA|AA|NOBODY") }},
		{"no-swap", func(t *testing.T, a string) {
			h, err := hl7.ParseHeader(sample(t, "A01"))
			require.NoError(t, err)
			require.Contains(t, a, "|"+h.SendingApplication+"|"+h.SendingFacility+"|"+h.ReceivingApplication+"|")
		}},
		{"code", func(t *testing.T, a string) { require.Contains(t, a, "MSA|OK|") }},
		{"no-msa", func(t *testing.T, a string) { require.NotContains(t, a, "MSA|") }},
		{"garbage", func(t *testing.T, a string) { require.NotContains(t, a, "MSH") }},
		{"no-frame", func(t *testing.T, a string) { require.NotContains(t, a, "\x0b") }},
		{"cut", func(t *testing.T, a string) { require.NotContains(t, a, "\x1c") }},
		{"twice", func(t *testing.T, a string) { require.Equal(t, 2, strings.Count(a, "\x0b")) }},
	} {
		t.Run(tt.wrong, func(t *testing.T) {
			s, stop := start(t, listen.Options{}, listen.Listener{Reply: table(t, "rules:\n  - reply: {wrong: "+tt.wrong+", close: after}")})
			tt.check(t, dialogue(t, s.Addrs()[0], sample(t, "A01")))
			stop()
		})
	}
}

// An answer that never comes, or that comes with the end of the connection.
func TestNoAnswer(t *testing.T) {
	kept := openStore(t, store.Memory, store.Options{})
	seen := make(chan listen.Exchange, 3)
	s, _ := start(t, listen.Options{Store: kept, Observe: func(x listen.Exchange) { seen <- x }}, listen.Listener{Reply: table(t, "rules:\n  - reply: {close: before}")},
		listen.Listener{Reply: table(t, "rules:\n  - event: A01\n    reply: never\n  - event: A31\n    reply: {after: 1ms}")})
	require.Empty(t, dialogue(t, s.Addrs()[0], sample(t, "A01")))

	<-seen
	silent := dial(t, s.Addrs()[1])
	_, err := silent.Write(mllp.AppendFrame(nil, sample(t, "A01")))
	require.NoError(t, err)
	require.Empty(t, (<-seen).Record.Ack)
	require.NoError(t, silent.SetReadDeadline(time.Now()))
	_, err = silent.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "not a byte, and the connection stays")
	require.Equal(t, hl7.AA, send(t, client(t, s.Addrs()[1]), sample(t, "A31")).Code)
	all := records(t, kept)
	require.Equal(t, []string{"", "", "AA"}, []string{all[0].Ack, all[1].Ack, all[2].Ack})
	require.Nil(t, all[0].Answer)
	require.NotNil(t, all[0].Message)
}

// dialogue sends a message and returns all that comes until the connection ends.
func dialogue(t *testing.T, addr string, message []byte) string {
	t.Helper()
	conn := dial(t, addr)
	_, err := conn.Write(mllp.AppendFrame(nil, message))
	require.NoError(t, err)
	var all bytes.Buffer
	_, _ = all.ReadFrom(conn) // until it is closed
	return all.String()
}
