package scenarios

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// Where a message is missing, a TLS handshake that failed meanwhile is told of: it
// may be why.
func TestMissingTellsOfAFailedHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := &Step{ID: "one", Receive: &Receive{Least: 1, Most: 1, Within: time.Minute}}
		told := 0
		s := &stage{player: &Player{Candidate: NewCandidate()}, write: func(Event) { told++ }, steps: map[string]*stepRecord{}}
		s.inbox = &inbox{stage: s, mail: make(chan *letter), news: make(chan arrival, 1)}
		s.inbox.news <- arrival{conn: &mllp.Conn{}, state: mllp.StateHandshakeFailed, err: errors.New("turned away")}
		w := s.newWait(step, &stepRecord{step: step})
		s.collectMail(context.Background(), w, nil)
		missing := s.missing(w, w.list[0])
		require.Equal(t, 1, told)
		require.Contains(t, missing.Message.EN, "did not come within 1m0s\nmeanwhile: turned away")
		require.Contains(t, missing.Message.FR, "entre-temps : turned away")
	})
}
