package simulate_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

var start = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// receiver is what a simulation sends to. It answers as it is told to, and AA
// otherwise, and keeps what it took in the order in which it came.
type receiver struct {
	network *mllptest.Network
	server  *mllp.Server

	mu      sync.Mutex
	seen    []*hl7.Message // each attempt
	times   []time.Time
	answer  func(n int, m *hl7.Message) string // by the number of the attempt; "" is AA, "-" no answer
	serving sync.WaitGroup
}

func receive(t *testing.T, answer func(int, *hl7.Message) string) *receiver {
	t.Helper()
	r := &receiver{network: mllptest.NewNetwork(), answer: answer}
	r.server = &mllp.Server{Handler: r}
	r.serving.Go(func() { _ = r.server.Serve(r.network) })
	return r
}

func (r *receiver) close() {
	_ = r.server.Close()
	r.serving.Wait()
}

func (r *receiver) ServeMLLP(w mllp.ResponseWriter, req *mllp.Request) {
	m, err := hl7.Parse(slices.Clone(req.Payload))
	if err != nil {
		return
	}
	r.mu.Lock()
	n := len(r.seen)
	r.seen, r.times = append(r.seen, m), append(r.times, time.Now())
	r.mu.Unlock()
	code := ""
	if r.answer != nil {
		code = r.answer(n, m)
	}
	if code == "-" {
		return
	}
	if code == "" {
		code = "AA"
	}
	id := m.Get("MSH-10")
	if code == "other" {
		code, id = "AA", "SOMETHING ELSE"
	}
	ack := fmt.Sprintf("MSH|^~\\&|D|L|G|L|20260302060000||ACK|K%d|P|2.5\rMSA|%s|%s\r", n, code[:2], id)
	if len(code) > 2 {
		ack += "ERR|||" + code[3:] + "|E\r"
	}
	_ = w.WriteMessage([]byte(ack))
}

func (r *receiver) client() *mllp.Client {
	return &mllp.Client{Addr: "dmn.test:2575", Dial: r.network.Dial, AnswerTimeout: 2 * time.Second}
}

// ids are the MSH-10 of the attempts, in their order.
func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, m := range r.seen {
		all = append(all, m.Get("MSH-10"))
	}
	return all
}

func source(t testing.TB) *hospital.Hospital {
	t.Helper()
	c, err := hospital.Load("../hospital/testdata/small.yaml")
	require.NoError(t, err)
	return hospital.New(c, hospital.Options{Seed: 5, Start: start})
}

// told are the first messages of the source.
func told(t testing.TB, n int) (ids []string) {
	t.Helper()
	h := source(t)
	for range n {
		e, err := h.Next()
		require.NoError(t, err)
		ids = append(ids, e.ControlID)
	}
	return ids
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	return st
}

func options(t *testing.T, st *store.Store, count int64, ds ...simulate.Destination) simulate.Options {
	t.Helper()
	return simulate.Options{
		Store: st, Source: source(t), Place: simulate.Place{Seed: 5, Start: start, Fingerprint: "small"},
		Destinations: ds, Count: count, Drain: 10 * time.Minute,
	}
}

func to(name string, r *receiver) simulate.Destination {
	return simulate.Destination{Name: name, Client: r.client()}
}

// parked are the reasons for which messages are parked, by MSH-10.
func parked(t *testing.T, st *store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for rec, err := range st.List(t.Context(), store.Filter{State: store.Parked}) {
		require.NoError(t, err)
		all[rec.ControlID] = rec.Error
	}
	return all
}

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
		later, never, always := all[10].ControlID, all[20].ControlID, all[30].ControlID
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
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 30}, {Name: "b", Waiting: 30}}, s.Destinations)

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

// TestHabits: each fault of sending shows in what a receiver sees.
func TestHabits(t *testing.T) {
	all, bad := messages(t, 60), 10
	for slices.IndexFunc(all[bad+1:], func(e hospital.Event) bool { return e.Patient == all[bad].Patient }) < 0 {
		bad++ // to somebody of whom more is told
	}
	for name, c := range map[string]struct {
		code string
		want func(t *testing.T, r *receiver)
	}{
		"gam-resends-refused": {"AE 101", func(t *testing.T, r *receiver) {
			require.Equal(t, simulate.DefaultAttempts, count(r.ids(), all[bad].ControlID))
		}},
		"gam-never-retries": {"AR 207", func(t *testing.T, r *receiver) {
			require.Equal(t, 1, count(r.ids(), all[bad].ControlID))
		}},
		"gam-new-id-on-retry": {"-", func(t *testing.T, r *receiver) {
			require.Equal(t, 1, count(r.ids(), all[bad].ControlID))
			require.Equal(t, 61, len(r.ids()))
		}},
		"gam-loses-after-refusal": {"AE 101", func(t *testing.T, r *receiver) {
			require.Less(t, len(r.ids()), 60)
		}},
		"gam-stops-after-refusal": {"AE 101", func(t *testing.T, r *receiver) {
			require.Equal(t, all[bad].ControlID, r.ids()[len(r.ids())-1])
		}},
		"gam-takes-any-answer": {"other", func(t *testing.T, r *receiver) {
			require.Equal(t, 1, count(r.ids(), all[bad].ControlID))
		}},
		"gam-wrong-order": {"AA", func(t *testing.T, r *receiver) {
			require.ElementsMatch(t, told(t, 60), r.ids())
			require.NotEqual(t, told(t, 60), r.ids())
		}},
		"gam-overtakes": {"AR 207", func(t *testing.T, r *receiver) {
			var first []string
			for _, id := range r.ids() {
				if !slices.Contains(first, id) {
					first = append(first, id)
				}
			}
			require.Equal(t, told(t, 60), first)
		}},
		"gam-connection-per-message": {"AA", func(t *testing.T, r *receiver) {
			require.Equal(t, told(t, 60), r.ids())
			require.EqualValues(t, 60, r.server.Stats().Accepted)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := receive(t, func(_ int, m *hl7.Message) string {
					if m.Get("MSH-10") == all[bad].ControlID {
						return c.code
					}
					return ""
				})
				st := open(t, store.Memory)
				o := options(t, st, 60, to("a", r))
				var others []string
				o.Habits, others = simulate.HabitsOf([]string{name, "gam-no-zbe"})
				require.Equal(t, []string{"gam-no-zbe"}, others)
				_, err := simulate.Run(t.Context(), o)
				require.NoError(t, err)
				r.close()
				c.want(t, r)
				require.NoError(t, st.Close())
			})
		})
	}
}
