package simulate_test

import (
	"crypto/tls"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// TestRefusal: AE is not sent again; the others go on, but for what corrects or
// cancels the movement that was refused.
func TestRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, func(_ int, m *hl7.Message) string {
			if m.Get("ZBE-4") == "INSERT" && m.Get("MSH-9.2") != "A03" {
				return "AE 101"
			}
			return ""
		})
		st := open(t, store.Memory)
		const n = 120
		s, err := simulate.Run(t.Context(), options(t, st, n, to("a", r)))
		require.NoError(t, err)
		r.close()
		require.EqualValues(t, n, s.Destinations[0].Sent+s.Destinations[0].Parked)
		reasons := parked(t, st)
		rested := 0
		for _, e := range messages(t, n) {
			why := reasons[e.ControlID]
			m, err := hl7.Parse(e.Message)
			require.NoError(t, err)
			switch inserts := m.Get("ZBE-4") == "INSERT"; {
			case inserts && e.Trigger != "A03":
				require.Equal(t, "refused: AE, condition 101", why)
				require.Equal(t, 1, count(r.ids(), e.ControlID))
			case m.Get("ZBE-4") != "" && !inserts && m.Get("ZBE-6") != "A03":
				require.Contains(t, why, "rests upon message")
				require.Zero(t, count(r.ids(), e.ControlID))
				rested++
			default:
				require.Empty(t, why, e.Trigger)
			}
		}
		require.NotZero(t, rested)
		require.NoError(t, st.Close())
	})
}

func messages(t *testing.T, n int) []hospital.Event {
	t.Helper()
	h, all := source(t), []hospital.Event{}
	for range n {
		e, err := h.Next()
		require.NoError(t, err)
		all = append(all, e)
	}
	return all
}

func count(list []string, x string) (n int) {
	for _, y := range list {
		if x == y {
			n++
		}
	}
	return n
}

// TestRejection: AR is sent again later, and the patient waits; others go on.
// What is never going to be taken is parked at once, the rest after a while.
func TestRejection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := messages(t, 120)
		picked := followed(t, all, 3)
		later, never, always := picked[0], picked[1], picked[2]
		tries := 0
		r := receive(t, func(_ int, m *hl7.Message) string {
			switch m.Get("MSH-10") {
			case later:
				if tries++; tries <= 3 {
					return "AR 207"
				}
			case never:
				return "AR 201"
			case always:
				return "AR 207"
			}
			return ""
		})
		st := open(t, store.Memory)
		s, err := simulate.Run(t.Context(), options(t, st, 120, to("a", r)))
		require.NoError(t, err)
		r.close()
		ids := r.ids()
		require.Equal(t, 4, count(ids, later))
		require.Equal(t, 1, count(ids, never))
		require.Equal(t, simulate.DefaultAttempts, count(ids, always))
		require.Equal(t, map[string]string{
			never: "rejected for good: AR, condition 201", always: "rejected in 8 attempts: AR, condition 207",
		}, parked(t, st))
		require.Equal(t, simulate.Tally{Name: "a", Sent: 118, Parked: 2, Retries: 3 + simulate.DefaultAttempts - 1}, s.Destinations[0])
		require.NotEqual(t, told(t, 120), ids, "the others did not wait")
		inOrder(t, all, ids)
		require.NoError(t, st.Close())
	})
}

// followed picks messages of different patients, about whom more is to come.
func followed(t *testing.T, all []hospital.Event, n int) (ids []string) {
	t.Helper()
	seen := map[string]bool{}
	for i, e := range all[:len(all)/2] {
		if !seen[e.Patient] && slices.ContainsFunc(all[i+1:], func(next hospital.Event) bool { return next.Patient == e.Patient }) {
			ids = append(ids, e.ControlID)
		}
		seen[e.Patient] = true
	}
	require.GreaterOrEqual(t, len(ids), n)
	return ids[:n]
}

// inOrder demands that the last attempts of each patient come in the order of the
// hospital.
func inOrder(t *testing.T, all []hospital.Event, ids []string) {
	t.Helper()
	place := map[string]int{}
	for i, id := range ids {
		place[id] = i
	}
	last := map[string]int{}
	for _, e := range all {
		require.Greater(t, place[e.ControlID]+1, last[e.Patient], "%s %s", e.Trigger, e.ControlID)
		last[e.Patient] = place[e.ControlID] + 1
	}
}

// TestNoAnswer: the same message is sent again until it is answered, and all
// others wait; one that never is does not end all traffic.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := messages(t, 40)
		silent, poison := all[7].ControlID, all[11].ControlID
		n := 0
		r := receive(t, func(_ int, m *hl7.Message) string {
			switch m.Get("MSH-10") {
			case silent:
				if n++; n < 3 {
					return "-"
				}
			case poison:
				return "-"
			}
			return ""
		})
		st := open(t, store.Memory)
		_, err := simulate.Run(t.Context(), options(t, st, 40, to("a", r)))
		require.NoError(t, err)
		r.close()
		require.Equal(t, []string{poison}, keys(parked(t, st)))
		require.Equal(t, told(t, 40), slices.Compact(r.ids()), "nobody overtook")
		require.Equal(t, 3, count(r.ids(), silent))
		require.NoError(t, st.Close())
	})
}

func keys(m map[string]string) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

// TestNobodyThere: messages wait for a receiver that is not there, and for no
// longer than it takes to send them; another receiver does not notice.
func TestNobodyThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		there, st := receive(t, nil), open(t, store.Memory)
		late := receive(t, nil)
		late.close()
		o := options(t, st, 30, to("a", there), to("b", late))
		o.Drain = time.Minute
		var attempts []time.Time
		o.Observe = func(out simulate.Outcome) {
			if out.Err != nil {
				attempts = append(attempts, out.Record.Time)
			}
		}
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 30}, {Name: "b", Waiting: 30}}, s.Destinations)
		require.Greater(t, len(attempts), 5)
		for i, at := range attempts[1:] {
			require.Greater(t, at.Sub(attempts[i]), 900*time.Millisecond, "an attempt is told with its own time")
		}

		late = receive(t, nil)
		o = options(t, st, 10, to("a", there), to("b", late))
		s, err = simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 10}, {Name: "b", Sent: 40}}, s.Destinations)
		there.close()
		late.close()
		require.Equal(t, told(t, 40), late.ids())
		require.NoError(t, st.Close())
	})
}

// TestRefusedHandshakes: however often a receiver refuses the handshake, which with
// TLS 1.3 shows after it, no message is parked for it: none was there.
func TestRefusedHandshakes(t *testing.T) {
	dir := t.TempDir()
	files := mllp.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	synctest.Test(t, func(t *testing.T) {
		_, err := pki.Init(dir, pki.Options{Now: time.Now()}) // another time than ours
		require.NoError(t, err)
		network, st := mllptest.NewNetwork(), open(t, store.Memory)
		config, err := files.ServerConfig()
		require.NoError(t, err)
		config.MinVersion = tls.VersionTLS13
		server := &mllp.Server{Handler: mllp.HandlerFunc(func(mllp.ResponseWriter, *mllp.Request) {}), TLSConfig: config, Logger: slog.New(slog.DiscardHandler)}
		var serving sync.WaitGroup
		serving.Go(func() { _ = server.Serve(network) })
		client := &mllp.Client{Addr: "dmn.test:2575", Dial: network.Dial, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
		o := options(t, st, 1, simulate.Destination{Name: "a", Client: client})
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, []simulate.Tally{{Name: "a", Waiting: 1}}, s.Destinations)
		require.Greater(t, server.Stats().Accepted, uint64(simulate.DefaultAttempts))
		_ = server.Close()
		serving.Wait()

		r := receive(t, func(n int, _ *hl7.Message) string {
			if n == 0 {
				return "-"
			}
			return ""
		})
		s, err = simulate.Run(t.Context(), options(t, st, 1, to("a", r)))
		require.NoError(t, err)
		r.close()
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 2, Retries: 1}}, s.Destinations)
		require.NoError(t, st.Close())
	})
}
