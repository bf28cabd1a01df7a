package main

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// A line is of one attempt: what was answered to one before does not stand in it.
func TestSimulateTellsAttempts(t *testing.T) {
	rec := &store.Record{Time: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Type: "A01", Patient: "P-12345678", Ack: "AR", State: store.Waiting}
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, `P-12345678  AR      0\.0 ms  waits: `},
		{errors.New("nobody there"), `P-12345678  -       0\.0 ms  waits: nobody there`},
	} {
		var out bytes.Buffer
		w := &simulateScreen{app: &app{lang: "en"}, o: &simulateOptions{}, out: &out}
		w.tell(simulate.Outcome{Destination: "127.0.0.1:2575", Record: rec, Err: test.err})
		require.Regexp(t, test.want, out.String())
	}
}
