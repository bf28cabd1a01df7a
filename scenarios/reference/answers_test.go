package reference

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestDuplicates(t *testing.T) {
	again := func(m segments, change func(string) string) []byte {
		return []byte(strings.ReplaceAll(change(m.text()), "É", "E"))
	}
	same := func(s string) string { return s }
	tests := []struct {
		name    string
		message segments
		change  func(string) string
		want    hl7.AckCode
		outcome Outcome
	}{
		{"accepted once, accepted again", adt(v25, "A01", "M1").moved("1"), same, "AA", Repeated},
		{"refused once, refused again", adt(v25, "Z99", "M1").with(func(s *segments) {
			s.zbe = zbe("9", "20260105", "UPDATE", "N", "A01")
		}), same, "AE", Repeated},
		{"sent again with the time of the moment", adt(v25, "A01", "M1").moved("1"),
			func(s string) string { return strings.Replace(s, "|20260105101501|", "|20260105101502|", 1) }, "AA", Repeated},
		{"another message with the same control id is not lost", adt(v25, "A01", "M1").moved("1"),
			func(s string) string { return strings.Replace(s, "DUPONT", "DURAND", 1) }, "AE", Refused},
		{"the same control id of another sender", adt(v25, "A01", "M1").moved("1"),
			func(s string) string { return strings.Replace(s, "|GAM|", "|URGENCES|", 1) }, "AE", Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDMN(t, Options{})
			message := again(tt.message, same)
			h, first := d.judge(t.Context(), message)
			state := d.State()

			h2, second := d.judge(t.Context(), again(tt.message, tt.change))
			require.Equal(t, tt.want, second.code)
			require.Equal(t, tt.outcome, second.outcome)
			require.Equal(t, state, d.State(), "nothing is applied twice")
			if tt.outcome == Repeated {
				require.Equal(t, first.errors, second.errors)
			}
			a, err := hl7.ReadAck(d.compose(h, first))
			require.NoError(t, err)
			b, err := hl7.ReadAck(d.compose(h2, second))
			require.NoError(t, err)
			require.NotEqual(t, a.ControlID, b.ControlID, "each acknowledgement has its own MSH-10")
		})
	}
}

func TestRejectionIsNotRemembered(t *testing.T) {
	fail := true
	d := newDMN(t, Options{Accept: func(context.Context, *hl7.Message) error {
		if fail {
			return errors.New("no disk")
		}
		return nil
	}})
	m := adt(v25, "A01", "1").moved("1")
	require.Equal(t, hl7.AR, code(t, d, m))
	require.Empty(t, d.State().Patients)
	fail = false
	require.Equal(t, hl7.AA, code(t, d, m), "AR invites to send again")
	require.Equal(t, Inpatient, only(t, d).Status)
}

// The sender gave up waiting and sends again on a second connection while the
// first is still being worked on.
func TestDuplicateInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		asked := 0
		d := newDMN(t, Options{Accept: func(context.Context, *hl7.Message) error {
			asked++
			<-release
			return nil
		}})
		message := adt(v25, "A01", "1").moved("1").bytes(t)
		verdicts := make(chan verdict, 2)
		for range 2 {
			go func() {
				_, v := d.judge(t.Context(), message)
				verdicts <- v
			}()
			synctest.Wait()
		}
		gone, hangUp := context.WithCancel(t.Context())
		given := make(chan verdict, 1)
		go func() {
			_, v := d.judge(gone, message)
			given <- v
		}()
		synctest.Wait()
		require.Equal(t, 1, asked)
		hangUp()
		require.Equal(t, hl7.AckCode(""), (<-given).code, "nobody is left to answer")
		close(release)
		one, two := <-verdicts, <-verdicts
		require.ElementsMatch(t, []Outcome{Applied, Repeated}, []Outcome{one.outcome, two.outcome})
		require.Equal(t, 1, asked)
	})
}

func TestAnswersAreBounded(t *testing.T) {
	d := newDMN(t, Options{MaxAnswers: 10})
	for i := range 100 {
		send(t, d, adt(v25, "A31", fmt.Sprint("M", i)))
	}
	require.Len(t, d.answers.entries, 10)
	require.Equal(t, 10, d.answers.order.Len())
	_, v := d.judge(t.Context(), adt(v25, "A31", "M99").bytes(t))
	require.Equal(t, Repeated, v.outcome)
	_, v = d.judge(t.Context(), adt(v25, "A31", "M0").bytes(t))
	require.Equal(t, Applied, v.outcome, "forgotten")
}

func TestConcurrency(t *testing.T) {
	d := newDMN(t, Options{MaxPatients: 20, MaxAnswers: 50})
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for n := range 50 {
				id := fmt.Sprint(sender, "-", n, "-")
				who := strings.Replace(ipp, "4711", id, 1)
				for _, m := range []segments{
					adt(v25, "A01", id+"1").of(who).moved("1"),
					adt(v25, "A02", id+"2").of(who).moved("2"),
					adt(v25, "A03", id+"3").of(who).moved("3"),
					adt(v25, "A40", id+"4").of(ipp).with(func(s *segments) { s.mrg = "|" + who }),
				} {
					_, v := d.judge(context.Background(), []byte(strings.ReplaceAll(m.text(), "É", "E")))
					if v.code != hl7.AA && v.code != hl7.AE {
						t.Errorf("%s: %v", m.id, v)
					}
				}
				_ = d.State()
				_, _ = d.Patient("4711")
			}
		})
	}
	senders.Wait()
	require.LessOrEqual(t, len(d.State().Patients), 20)
}
