package scenarios_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/scenarios"
)

// Who was told to send does so soon or not at all; who sends by itself takes as
// long as a message may take. What does not come is not held against anybody.
func TestOptionalMessageThatDoesNotCome(t *testing.T) {
	for _, tt := range []struct {
		name, steps string
		waited      time.Duration
	}{
		{"unprompted", "  - {id: one, optional: true, receive: {patient: any, count: 10}}\n", time.Minute},
		{"prompted", "  - {id: told, operator: Look.}\n  - {id: one, optional: true, receive: A01}\n", 5 * time.Second},
		{"given its time", "  - {id: one, optional: true, receive: {event: A01, within: 7s}}\n", 7 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := scenarios.NewCandidate()
				c.Role = scenarios.GAM
				var waited time.Duration
				var verdict scenarios.Verdict
				var reason *scenarios.Text
				begun := time.Now()
				journal := scenarios.NewJournal(discard{}, time.Now, func(e scenarios.Event) {
					if e.Kind == scenarios.StepFinished && e.Step == "one" {
						waited, verdict, reason = time.Since(begun), e.Result.Verdict, e.Result.Reason
					}
				})
				network := mllptest.NewNetwork()
				p := scenarios.Player{Candidate: c, Journal: journal, Prompter: &prompts{does: true}, Listen: func(string) (net.Listener, error) { return network, nil }}
				p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{loaded(t, "version: 1\nid: gam/waits\ntitle: gam\nrole: gam\nsteps:\n"+tt.steps)}))
				require.Equal(t, tt.waited, waited)
				require.Equal(t, scenarios.NotApplicable, verdict)
				require.Equal(t, "this optional message did not come within "+tt.waited.String()+"; nobody connected to 127.0.0.1:2576: is this where the candidate sends to?", reason.EN)
				require.Equal(t, "ce message facultatif n'est pas venu en "+tt.waited.String()+" ; personne ne s'est connecté à 127.0.0.1:2576 : est-ce là que le candidat envoie ?", reason.FR)
			})
		})
	}
}

// Of one who comes by itself and does not get past the handshake it cannot be said
// that it sends nothing.
func TestOptionalMessageOfOneThatIsTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := renewing(t)
		c.Role = scenarios.GAM
		network := mllptest.NewNetwork()
		var events []scenarios.Event
		journal := scenarios.NewJournal(discard{}, time.Now, func(e scenarios.Event) { events = append(events, e) })
		p := scenarios.Player{Candidate: c, Journal: journal, Listen: func(string) (net.Listener, error) { return network, nil }}
		played := make(chan scenarios.Summary, 1)
		go func() {
			played <- p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{loaded(t,
				"version: 1\nid: gam/waits\ntitle: gam\nrole: gam\nsteps:\n  - {id: one, optional: true, receive: {patient: any}}\n")}))
		}()
		conn, err := network.Dial(context.Background(), "tcp", "gam.test:2575")
		require.NoError(t, err)
		_, _ = conn.Write([]byte("\x0bMSH|^~\\&|\x1c\r"))
		_ = conn.Close()
		require.Equal(t, scenarios.ExitUnjudged, (<-played).Exit)
		require.Contains(t, brokenChecks(events)[0], "meanwhile: ")
	})
}
