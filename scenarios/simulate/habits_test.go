package simulate_test

import (
	"crypto/tls"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

func lastIndex(list []string, x string) int {
	n := len(list) - 1
	for n >= 0 && list[n] != x {
		n--
	}
	return n
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
			require.Equal(t, 60+simulate.DefaultAttempts-1, len(r.ids()))
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

// TestBurst: several messages are there before any is answered, come again together
// when no answer does, and are settled one by one.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, st := receive(t, func(n int, _ *hl7.Message) string {
			if n < 2 {
				return "-"
			}
			return ""
		}), open(t, store.Memory)
		o := options(t, st, 2, to("a", r)) // of a pipe, which holds no more
		o.Habits, _ = simulate.HabitsOf([]string{"gam-does-not-wait"})
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		r.close()
		require.Equal(t, append(told(t, 2), told(t, 2)...), r.ids())
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 2, Retries: 2}}, s.Destinations)
		require.NoError(t, st.Close())
	})
}

// TestOvertakenRejections: the next message of a patient, which overtook one that
// waits, is not forgotten when it has to wait as well.
func TestOvertakenRejections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := map[string]int{}
		r := receive(t, func(_ int, m *hl7.Message) string {
			if tries[m.Get("MSH-10")]++; tries[m.Get("MSH-10")] == 1 {
				return "AR 207"
			}
			return ""
		})
		st := open(t, store.Memory)
		o := options(t, st, 60, to("a", r))
		o.Habits.Overtakes = true
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		r.close()
		require.Equal(t, []simulate.Tally{{Name: "a", Sent: 60, Retries: 60}}, s.Destinations)
		require.NoError(t, st.Close())
	})
}

// TestOvertakenSilence: no answer keeps nobody waiting who overtakes.
func TestOvertakenSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := messages(t, 20)
		r := receive(t, func(n int, _ *hl7.Message) string {
			if n == 0 {
				return "-"
			}
			return ""
		})
		st := open(t, store.Memory)
		o := options(t, st, 20, to("a", r))
		o.Habits.Overtakes = true
		s, err := simulate.Run(t.Context(), o)
		require.NoError(t, err)
		r.close()
		require.EqualValues(t, 20, s.Destinations[0].Sent)
		require.Equal(t, 20, lastIndex(r.ids(), all[0].ControlID))
		require.NoError(t, st.Close())
	})
}

// TestPlainFallback: who is turned away falls back to plain text only with a fault.
func TestPlainFallback(t *testing.T) {
	for _, falls := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r, st := receive(t, nil), open(t, store.Memory)
			d := to("a", r)
			if falls {
				d.Plain = r.client()
			}
			d.Client.TLSConfig = &tls.Config{ServerName: "dmn.test"}
			s, err := simulate.Run(t.Context(), options(t, st, 5, d))
			require.NoError(t, err)
			r.close()
			require.Equal(t, map[bool]int64{false: 0, true: 5}[falls], s.Destinations[0].Sent)
			require.NoError(t, st.Close())
		})
	}
}
