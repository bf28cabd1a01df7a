package listen

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// TestAnswersLast: a message that comes again is known behind more messages than a
// DMN remembers by itself, which a busy sender needs some seconds for.
func TestAnswersLast(t *testing.T) {
	list, err := rules.Example{Messages: []string{"A01"}}.Build()
	require.NoError(t, err)
	first := list[0].Bytes()
	other := bytes.Replace(first, []byte("|"+list[0].Get("MSH-10")+"|"), []byte("|000000000|"), 1)
	at := bytes.Index(other, []byte("000000000"))
	require.Positive(t, at)

	var outcomes []bool // repeated or not
	refuse := Always(hl7.AE)
	s, err := Start(t.Context(), []Listener{{Name: "dmn", Reply: func(m *hl7.Message) *Reply {
		if m.Get("MSH-10") == list[0].Get("MSH-10") {
			return nil
		}
		return refuse(m) // for the sake of speed
	}}}, Options{Logger: slog.New(slog.DiscardHandler), Observe: func(x Exchange) { outcomes = append(outcomes, x.Record.Repeated) }})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Stop(context.Background())) }()
	st := s.stations[0]
	serve := func(message []byte) {
		st.serve(t.Context(), st.running.DMN, nowhere{}, &mllp.Request{
			Payload: message, Received: time.Now(), Conn: &mllp.Conn{RemoteAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}},
		})
	}
	serve(first)
	for n := range reference.DefaultMaxAnswers {
		copy(other[at:], fmt.Appendf(nil, "%09d", n+1))
		serve(bytes.Clone(other))
	}
	serve(first)
	require.False(t, outcomes[0])
	require.False(t, outcomes[1])
	require.True(t, outcomes[len(outcomes)-1])
}
