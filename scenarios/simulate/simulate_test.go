package simulate_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// TestAllIsSentOnce: to two receivers, in the order of the hospital.
func TestAllIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, st := receive(t, nil), receive(t, nil), open(t, store.Memory)
		s, err := simulate.Run(t.Context(), options(t, st, 60, to("a", a), to("b", b)))
		require.NoError(t, err)
		a.close()
		b.close()
		require.Equal(t, told(t, 60), a.ids())
		require.Equal(t, told(t, 60), b.ids())
		require.EqualValues(t, 60, s.Told)
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 60}, {Name: "b", Sent: 60}}, s.Destinations)
		require.NoError(t, st.Close())
	})
}

// TestPace: flat, and by the hours of the hospital.
func TestPace(t *testing.T) {
	for name, c := range map[string]struct {
		pace simulate.Pace
		took time.Duration
	}{
		"flat":      {simulate.Pace{Every: 500 * time.Millisecond}, 0},
		"sixty":     {simulate.Pace{Speed: 60}, 0},
		"unlimited": {simulate.Pace{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, st, begin := receive(t, nil), open(t, store.Memory), time.Now()
				o := options(t, st, 20, to("a", r))
				o.Pace = c.pace
				_, err := simulate.Run(t.Context(), o)
				require.NoError(t, err)
				r.close()
				require.NoError(t, st.Close())
				h := source(t)
				for n, at := range r.times {
					e, err := h.Next()
					require.NoError(t, err)
					want := time.Duration(n) * c.pace.Every
					if c.pace.Speed > 0 {
						want = time.Duration(float64(e.At.Sub(start)) / c.pace.Speed)
					}
					require.InDelta(t, want, at.Sub(begin), float64(time.Second), "message %d", n) // the client waits a little for a hang-up, once
				}
			})
		})
	}
}

// TestFor: what is due later is not told, and the next run begins with it.
func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, st := receive(t, nil), open(t, store.Memory)
		for range 3 {
			o := options(t, st, 0, to("a", r))
			o.Pace, o.For = simulate.Pace{Every: time.Second}, 10*time.Second
			s, err := simulate.Run(t.Context(), o)
			require.NoError(t, err)
			require.EqualValues(t, 10, s.Told)
		}
		r.close()
		require.Equal(t, told(t, 30), r.ids())
		require.NoError(t, st.Close())
	})
}

// TestResume: a run that is ended anywhere is gone on with where it was: nothing
// is lost, and nothing sent twice.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, path := receive(t, nil), t.TempDir()+"/gam.db"
		for n := range 3 {
			st := open(t, path)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(500+111*n)*time.Millisecond)
			o := options(t, st, 0, to("a", r))
			o.Pace = simulate.Pace{Every: 40 * time.Millisecond}
			_, err := simulate.Run(ctx, o)
			require.NoError(t, err)
			cancel()
			require.NoError(t, st.Close())
		}
		r.close()
		ids := r.ids()
		require.Greater(t, len(ids), 30)
		require.Equal(t, told(t, len(ids)), ids)
	})
}

// TestAnotherHospital: a store is gone on with by the hospital that began it, or
// not at all.
func TestAnotherHospital(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, st := receive(t, nil), open(t, store.Memory)
		_, err := simulate.Run(t.Context(), options(t, st, 5, to("a", r)))
		require.NoError(t, err)
		for name, change := range map[string]func(*simulate.Options){
			"another seed":        func(o *simulate.Options) { o.Place.Seed++ },
			"another description": func(o *simulate.Options) { o.Place.Fingerprint = "other" },
			"another life":        func(o *simulate.Options) { _, _ = o.Source.Next() },
		} {
			o := options(t, st, 5, to("a", r))
			change(&o)
			_, err = simulate.Run(t.Context(), o)
			var place *simulate.PlaceError
			require.ErrorAs(t, err, &place, name)
			require.NotEqual(t, place.In("fr"), place.In("en"))
		}
		r.close()
		require.NoError(t, st.Close())
	})
}

// TestBacklog: the hospital waits for a queue that is full.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nobody, st := receive(t, nil), open(t, store.Memory)
		nobody.close()
		o := options(t, st, 0, to("a", nobody))
		o.Backlog, o.For = 50, time.Hour
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.LessOrEqual(t, s.Destinations[0].Waiting, int64(50+256))
		require.NoError(t, st.Close())
	})
}
