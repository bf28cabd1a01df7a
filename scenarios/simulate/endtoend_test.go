package simulate_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/simulate"
)

// TestEndToEnd: simulate to the reference DMN over mutual TLS and a file, while
// connections are cut in the middle of a message and the run is ended and started
// again. The DMN, which refuses what does not conform or comes out of turn, takes
// each message once, in the order of the hospital.
func TestEndToEnd(t *testing.T) {
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	file := func(name string) string { return filepath.Join(dir, name) }

	var mu sync.Mutex
	var applied []string
	seen := map[string]bool{}
	quiet := slog.New(slog.DiscardHandler)
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{
		TLS: &mllp.Files{CA: file("ca.pem"), Cert: file("dmn.pem"), Key: file("dmn-key.pem")},
		Options: reference.Options{Logger: quiet, Observe: func(x reference.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			if x.Code == hl7.AA && !seen[x.ControlID] { // sent again, it is answered as before
				seen[x.ControlID] = true
				applied = append(applied, x.ControlID)
			}
		}},
	})
	require.NoError(t, err)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, dmn.Stop(ctx))
	}()

	const each, runs = 40, 2
	var sent int64
	for range runs {
		st := open(t, file("gam.db"))
		client, _, err := reference.GAMClient(reference.GAMOptions{
			Addr: dmn.Addr(), Logger: quiet,
			TLS: &mllp.Files{CA: file("ca.pem"), Cert: file("gam.pem"), Key: file("gam-key.pem"), ServerName: "dmn.test"},
		})
		require.NoError(t, err)
		// Most connections of a run end within a message.
		client.Dial = (&mllptest.Dialer{Fault: mllptest.Cut{After: 20_000}, Pick: mllptest.Pick{Chance: 0.7, Seed: 3}}).DialContext
		o := options(t, st, each, simulate.Destination{Name: "dmn", Client: client})
		o.FirstPause = time.Millisecond
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.Zero(t, s.Destinations[0].Parked+s.Destinations[0].Waiting)
		require.NotZero(t, s.Destinations[0].Retries, "nothing was cut")
		sent += s.Destinations[0].Sent
		require.NoError(t, st.Close())
	}
	require.EqualValues(t, each*runs, sent)
	require.Equal(t, told(t, each*runs), applied)
}
