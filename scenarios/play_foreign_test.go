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

// inUse is a candidate that sends about the patient of a play, and about others.
type inUse struct {
	mine, other *hand
	asked       chan struct{} // closed by the test: the person has done what was asked
	played      chan scenarios.Summary
}

// playInUse has steps begin to be played at such a candidate. It is for a synctest
// bubble.
func playInUse(t *testing.T, steps string) *inUse {
	t.Helper()
	network := mllptest.NewNetwork()
	u := &inUse{
		mine: newHand(t, "gam.test:2575", 1), other: newHand(t, "gam.test:2575", 2),
		asked: make(chan struct{}), played: make(chan scenarios.Summary, 1),
	}
	u.mine.client.Dial, u.other.client.Dial = network.Dial, network.Dial
	c := scenarios.NewCandidate()
	c.Role = scenarios.GAM
	p := scenarios.Player{
		Candidate: c, Journal: scenarios.NewJournal(discard{}, time.Now),
		Listen:   func(string) (net.Listener, error) { return network, nil },
		Prompter: &prompts{does: true, react: func() { <-u.asked }},
	}
	play := loaded(t, "version: 1\nid: gam/busy\ntitle: gam\nrole: gam\nsteps:\n"+steps)
	go func() { u.played <- p.Run(t.Context(), scenarios.Plays([]*scenarios.Scenario{play})) }()
	return u
}

// passes waits for the end of the play.
func (u *inUse) passes(t *testing.T) {
	t.Helper()
	require.Equal(t, 1, (<-u.played).Counts[scenarios.Pass])
	_, _ = u.mine.client.Close(), u.other.client.Close()
}

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
				u := playInUse(t, "  - {id: one, receive: {event: A01, patient: new}, reply: {code: AA, after: 1ms}}\n  - "+busy+"\n")
				require.Equal(t, "AA", u.mine.send(u.mine.message(t, "A01")))
				synctest.Wait() // the second step is under way
				before := time.Now()
				require.Equal(t, "AA", u.other.send(u.other.message(t, "A01")))
				require.Zero(t, time.Since(before), "the clock of this test only moves when everybody waits")
				close(u.asked)
				u.passes(t)
			})
		})
	}
}

// One that a later step refuses waits for that step: what was accepted cannot be
// refused any more.
func TestReceiveKeepsWhatIsRefusedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := playInUse(t, "  - {id: one, receive: A01}\n  - {id: two, receive: {count: 0, within: 1s}}\n  - {id: three, receive: {event: A01, patient: new}, reply: AE}\n")
		require.Equal(t, "AA", u.mine.send(u.mine.message(t, "A01")))
		synctest.Wait() // the second step is under way
		require.Equal(t, "AE", u.other.send(u.other.message(t, "A01")))
		u.passes(t)
	})
}

// However many messages about others come while no step looks, there is room for
// those of the play.
func TestReceiveHasRoomForItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := playInUse(t, "  - {id: one, receive: A01}\n  - {id: two, operator: Look.}\n  - {id: three, receive: A02}\n")
		require.Equal(t, "AA", u.mine.send(u.mine.message(t, "A01")))
		synctest.Wait() // the second step is under way
		foreign := u.other.message(t, "A01")
		for range 300 {
			require.Equal(t, "AA", u.other.send(foreign))
		}
		answer, transfer := make(chan string, 1), u.mine.message(t, "A02")
		go func() { answer <- u.mine.send(transfer) }()
		time.Sleep(time.Second) // of the bubble: on its way it waits for a clock, so synctest.Wait is too early
		close(u.asked)
		require.Equal(t, "AA", <-answer)
		u.passes(t)
	})
}
