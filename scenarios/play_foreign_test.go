package scenarios_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/scenarios"
)

// Whoever is none of the play's is answered at once, whatever the play is busy
// with: a candidate in use sends about others all the while, and one that waits
// behind a step for each of them would hold up what the step awaits.
func TestReceiveAnswersAboutOthersAtOnce(t *testing.T) {
	for name, busy := range map[string]string{
		"while nothing may come":         "{id: two, receive: {count: 0, within: 1m}}",
		"while a person is asked":        "{id: two, operator: Look.}",
		"though a later step takes them": "{id: two, receive: {count: 0, within: 1m}}\n  - {id: three, receive: {event: A01, patient: new}}",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := mllptest.NewNetwork()
				mine, other := newHand(t, "gam.test:2575", 1), newHand(t, "gam.test:2575", 2)
				mine.client.Dial, other.client.Dial = network.Dial, network.Dial
				asked := make(chan struct{})
				c := scenarios.NewCandidate()
				c.Role = scenarios.GAM
				p := scenarios.Player{
					Candidate: c, Journal: scenarios.NewJournal(discard{}, time.Now),
					Listen:   func(string) (net.Listener, error) { return network, nil },
					Prompter: &prompts{does: true, react: func() { <-asked }},
				}
				played := make(chan scenarios.Summary, 1)
				go func() {
					played <- p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{loaded(t,
						"version: 1\nid: gam/busy\ntitle: gam\nrole: gam\nsteps:\n  - {id: one, receive: {event: A01, patient: new}, reply: {code: AA, after: 1ms}}\n  - "+busy+"\n")}))
				}()
				require.Equal(t, "AA", mine.send(mine.message(t, "A01")))
				synctest.Wait() // the second step is under way
				before := time.Now()
				require.Equal(t, "AA", other.send(other.message(t, "A01")))
				require.Zero(t, time.Since(before), "the clock of this test only moves when everybody waits")
				close(asked)
				require.Equal(t, 1, (<-played).Counts[scenarios.Pass])
				_, _ = mine.client.Close(), other.client.Close()
			})
		})
	}
}

// One that a later step refuses waits for that step: what was accepted cannot be
// refused any more.
func TestReceiveKeepsWhatIsRefusedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := mllptest.NewNetwork()
		mine, other := newHand(t, "gam.test:2575", 1), newHand(t, "gam.test:2575", 2)
		mine.client.Dial, other.client.Dial = network.Dial, network.Dial
		c := scenarios.NewCandidate()
		c.Role = scenarios.GAM
		p := scenarios.Player{
			Candidate: c, Journal: scenarios.NewJournal(discard{}, time.Now),
			Listen: func(string) (net.Listener, error) { return network, nil },
		}
		played := make(chan scenarios.Summary, 1)
		go func() {
			played <- p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{loaded(t, "version: 1\nid: gam/later\ntitle: gam\nrole: gam\nsteps:\n"+
				"  - {id: one, receive: A01}\n  - {id: two, receive: {count: 0, within: 1s}}\n  - {id: three, receive: {event: A01, patient: new}, reply: AE}\n")}))
		}()
		require.Equal(t, "AA", mine.send(mine.message(t, "A01")))
		synctest.Wait() // the second step is under way
		require.Equal(t, "AE", other.send(other.message(t, "A01")))
		require.Equal(t, 1, (<-played).Counts[scenarios.Pass])
		_, _ = mine.client.Close(), other.client.Close()
	})
}

// However many messages about others come while no step looks, there is room for
// those of the play.
func TestReceiveHasRoomForItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := mllptest.NewNetwork()
		mine, other := newHand(t, "gam.test:2575", 1), newHand(t, "gam.test:2575", 2)
		mine.client.Dial, other.client.Dial = network.Dial, network.Dial
		asked := make(chan struct{})
		c := scenarios.NewCandidate()
		c.Role = scenarios.GAM
		p := scenarios.Player{
			Candidate: c, Journal: scenarios.NewJournal(discard{}, time.Now),
			Listen:   func(string) (net.Listener, error) { return network, nil },
			Prompter: &prompts{does: true, react: func() { <-asked }},
		}
		played := make(chan scenarios.Summary, 1)
		go func() {
			played <- p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{loaded(t, "version: 1\nid: gam/room\ntitle: gam\nrole: gam\nsteps:\n"+
				"  - {id: one, receive: A01}\n  - {id: two, operator: Look.}\n  - {id: three, receive: A02}\n")}))
		}()
		require.Equal(t, "AA", mine.send(mine.message(t, "A01")))
		synctest.Wait() // the second step is under way
		foreign := other.message(t, "A01")
		for range 300 {
			require.Equal(t, "AA", other.send(foreign))
		}
		answer, transfer := make(chan string, 1), mine.message(t, "A02")
		go func() { answer <- mine.send(transfer) }()
		time.Sleep(time.Second) // of this test: until it has come
		close(asked)
		require.Equal(t, "AA", <-answer)
		require.Equal(t, 1, (<-played).Counts[scenarios.Pass])
		_, _ = mine.client.Close(), other.client.Close()
	})
}
