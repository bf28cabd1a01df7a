package simulate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// counter is where a test gives orders.
type counter struct {
	t     *testing.T
	clerk *reference.Clerk
}

// at makes the Orders of a run, which are done by do, and end with it.
func at(t *testing.T, do func(*counter)) func(context.Context, reference.Outbox) error {
	return func(ctx context.Context, out reference.Outbox) error {
		gen := pam.NewGenerator(5, start) // as the hospital's is
		gen.Apart()
		clerk, err := reference.NewClerk(reference.ClerkOptions{Generator: gen, Charset: hl7.UTF8}, out)
		if err != nil {
			return err
		}
		do(&counter{t, clerk})
		return nil
	}
}

func (c *counter) ask(status int, target, body string) (letters []reference.Letter) {
	c.t.Helper()
	method, path, _ := strings.Cut(target, " ")
	q := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.clerk.ServeHTTP(w, q)
	require.Equal(c.t, status, w.Code, "%s", w.Body)
	if status < 300 {
		require.NoError(c.t, json.Unmarshal(w.Body.Bytes(), &letters), "%s", w.Body)
	}
	return letters
}

// stay is what happens to a patient, until their discharge.
func stay(patient string) string {
	return fmt.Sprintf(`[{"event": "A01", "patient": %[1]q}, {"event": "A02", "patient": %[1]q}, {"event": "A03", "patient": %[1]q}]`, patient)
}

// become is what became of ordered messages.
func become(letters []reference.Letter) (all []string) {
	for _, l := range letters {
		all = append(all, strings.TrimSpace(strings.Join([]string{l.Event, l.Patient, l.Destination, l.State, l.Ack, l.Error}, " ")))
	}
	return all
}

// TestOrders: what is ordered goes out in its order while the hospital goes on as
// if nothing was, and shares no number with it.
func TestOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, st := receive(t, nil), open(t, store.Memory)
		o := options(t, st, 0, to("a", r))
		o.Pace.Every = 500 * time.Millisecond
		var ordered []string
		o.Orders = at(t, func(c *counter) {
			for _, l := range c.ask(http.StatusAccepted, "POST /events", stay("p1")) {
				require.Equal(t, "waiting", l.State)
				ordered = append(ordered, l.ControlID)
			}
			time.Sleep(10 * time.Second)
			synctest.Wait()
			require.Equal(t, []string{"A01 p1 a sent AA", "A02 p1 a sent AA", "A03 p1 a sent AA"}, become(c.ask(http.StatusOK, "GET /messages", "")))
		})
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		r.close()
		require.EqualValues(t, 3, s.Ordered)
		require.Greater(t, s.Told, int64(15))
		require.Equal(t, ordered, slices.DeleteFunc(r.ids(), func(id string) bool { return !slices.Contains(ordered, id) }))
		require.Equal(t, told(t, int(s.Told)), slices.DeleteFunc(r.ids(), func(id string) bool { return slices.Contains(ordered, id) }))
		whose := map[string]bool{} // by each identifier of a patient
		for _, m := range r.seen {
			is := slices.Contains(ordered, m.Get("MSH-10"))
			for _, path := range []string{"PID-3[.5=PI].1", "PID-18.1", "PV1-19.1", "ZBE-1.1"} {
				if id := m.Get(path); id != "" {
					before, known := whose[path+id]
					require.True(t, !known || before == is, "%s %s", path, id)
					whose[path+id] = is
				}
			}
		}
		require.NoError(t, st.Close())
	})
}

// TestOrderedOnly: a hospital that stands still tells nothing by itself. What is
// refused is parked, what is rejected waits, and a fault of sending has its way.
func TestOrderedOnly(t *testing.T) {
	for habit, want := range map[string][]string{
		"": {"A01 p1 a parked AE refused: AE, condition 101", "A02 p1 a sent AA", "A03 p1 a waiting AR rejected for now: AR, condition 207"},
		"gam-loses-after-refusal": {
			"A01 p1 a parked AE refused: AE, condition 101", "A02 p1 a parked  lost, as the fault wants", "A03 p1 a waiting AR rejected for now: AR, condition 207",
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := receive(t, func(_ int, m *hl7.Message) string {
				return map[string]string{"A01": "AE 101", "A03": "AR 207"}[m.Get("MSH-9.2")]
			})
			st := open(t, store.Memory)
			o := options(t, st, 0, to("a", r))
			o.Pace.None, o.Drain = true, time.Second
			o.Habits, _ = simulate.HabitsOf([]string{habit})
			o.Orders = at(t, func(c *counter) {
				c.ask(http.StatusAccepted, "POST /events", stay("p1"))
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Equal(t, want, become(c.ask(http.StatusOK, "GET /messages", "")))
				require.Len(t, c.ask(http.StatusOK, "GET /messages?state=waiting", ""), 1)
			})
			s, err := simulate.Run(t.Context(), o)
			require.NoError(t, err)
			r.close()
			require.Zero(t, s.Told)
			require.NoError(t, st.Close())
		})
	}
}

// TestOrdersAreKept: what was ordered and has not gone out goes out with the next
// run, to each receiver, and the hospital goes on where it was.
func TestOrdersAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		there, late := receive(t, nil), receive(t, nil)
		late.close()
		path := t.TempDir() + "/gam.db"
		st := open(t, path)
		o := options(t, st, 0, to("a", there), to("b", late))
		o.Pace.Every, o.Drain = time.Second, time.Second
		o.Orders = at(t, func(c *counter) {
			time.Sleep(2500 * time.Millisecond)
			c.ask(http.StatusAccepted, "POST /events", stay("p1"))
			time.Sleep(2 * time.Second)
			synctest.Wait()
			require.Equal(t, []string{"A01 p1 a sent AA", "A01 p1 b waiting"}, become(c.ask(http.StatusOK, "GET /messages", ""))[:2])
		})
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 8}, {Name: "b", Waiting: 8}}, s.Destinations)
		require.NoError(t, st.Close())

		st, late = open(t, path), receive(t, nil)
		s, err = simulate.Run(t.Context(), options(t, st, 5, to("a", there), to("b", late)))
		require.NoError(t, err)
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 5}, {Name: "b", Sent: 13}}, s.Destinations)
		there.close()
		late.close()
		require.Equal(t, there.ids(), late.ids())
		require.Equal(t, told(t, 10), slices.Concat(late.ids()[:3], late.ids()[6:]))
		require.NoError(t, st.Close())
	})
}

// TestOrdersOfAPatient: one that waits keeps the next ones of the patient waiting,
// whatever number the patient has by now, and nobody else.
func TestOrdersOfAPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		r := receive(t, func(_ int, m *hl7.Message) string {
			if m.Get("MSH-9.2") == "A28" {
				if tries++; tries <= 2 {
					return "AR 207"
				}
			}
			return ""
		})
		st := open(t, store.Memory)
		o := options(t, st, 0, to("a", r))
		o.Pace.None = true
		o.Orders = at(t, func(c *counter) {
			c.ask(http.StatusAccepted, "POST /events",
				`[{"event": "A28", "patient": "p1"}, {"event": "A47", "patient": "p1", "with": {"identifier": "ipp"}}, {"event": "A31", "patient": "p1"}, {"event": "A01", "patient": "p2"}]`)
			time.Sleep(time.Minute)
		})
		_, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		r.close()
		var events []string
		for _, m := range r.seen {
			events = append(events, m.Get("MSH-9.2"))
		}
		require.Equal(t, []string{"A28", "A01", "A28", "A28", "A47", "A31"}, events)
		require.NoError(t, st.Close())
	})
}

// TestOrdersEndWithTheRun, and a run ends when nothing can be written.
func TestOrdersEndWithTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, st := receive(t, nil), open(t, store.Memory)
		o := options(t, st, 0, to("a", r))
		o.Pace.None, o.For = true, time.Minute
		o.Orders = func(ctx context.Context, _ reference.Outbox) error {
			<-ctx.Done()
			return nil
		}
		begin := time.Now()
		_, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, time.Minute, time.Since(begin))

		o = options(t, st, 0, to("a", r))
		o.Pace.None = true
		o.Orders = at(t, func(c *counter) {
			require.NoError(t, st.Close())
			c.ask(http.StatusServiceUnavailable, "POST /events", stay("p1"))
		})
		_, err = simulate.Run(t.Context(), o)
		var failed *store.Error
		require.ErrorAs(t, err, &failed)
		r.close()
	})
}

// TestBurstOfAPatient: what was ordered together goes out together, when nobody waits
// for answers, and if it is more than goes out at once.
func TestBurstOfAPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, func(int, *hl7.Message) string { return "-" }) // a pipe holds no answers
		st := open(t, store.Memory)
		o := options(t, st, 0, to("a", r))
		o.Pace.None, o.Attempts, o.Drain = true, 1, time.Minute
		o.Habits.DoesNotWait = true
		o.Orders = at(t, func(c *counter) {
			var events []string
			for i := range 6 {
				events = append(events, fmt.Sprintf(`{"event": "A28", "patient": "q%d"}`, i))
			}
			for range 10 {
				events = append(events, `{"event": "A31", "patient": "p"}`)
			}
			c.ask(http.StatusAccepted, "POST /events", "["+strings.Join(append(events, `{"event": "A28", "patient": "r"}`), ",")+"]")
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, 16, len(r.ids()))
		})
		_, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		r.close()
		require.Equal(t, 17, len(r.ids()))
		require.NoError(t, st.Close())
	})
}
