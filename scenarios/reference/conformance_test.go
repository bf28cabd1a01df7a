package reference

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// strict returns a DMN that refuses what does not conform.
func strict(t testing.TB, opt Options) *DMN {
	t.Helper()
	opt.Now, opt.Logger = noon, quiet()
	d, err := New(opt)
	require.NoError(t, err)
	return d
}

// sample returns a conformant message with some fields changed.
func sample(t testing.TB, name string, edits ...string) *hl7.Message {
	t.Helper()
	m, err := rules.Sample(name)
	require.NoError(t, err)
	for i := 0; i < len(edits); i += 2 {
		require.NoError(t, m.Set(hl7.MustPath(edits[i]), edits[i+1]))
	}
	return m
}

func answerTo(t testing.TB, d *DMN, m *hl7.Message) *hl7.Receipt {
	t.Helper()
	h, v := d.judge(t.Context(), m.Bytes())
	r, err := hl7.ReadAck(d.compose(h, v))
	require.NoError(t, err)
	return r
}

// What breaks MUSTs is refused, for the first one in front: the place and the
// code of the finding, its words for users, the rule for developers.
func TestNonConformantIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		message *hl7.Message
		code    int
		at      string
		rule    string
		more    []string // the places of the other errors
	}{
		"table":       {sample(t, "A01", "PV1-2", "Q"), 103, "PV1-2", "fr.table.closed", nil},
		"missing":     {sample(t, "A01", "EVN-2", ""), 101, "EVN-2", "iti.evn-2", nil},
		"format":      {sample(t, "A01", "EVN-6", "20260231"), 102, "EVN-6.1", "hl7.", nil},
		"several":     {sample(t, "A01", "EVN-2", "", "PV1-2", "Q"), 101, "EVN-2", "iti.evn-2", []string{"PV1-2"}},
		"national":    {sample(t, "A01", "ZBE-9", "XYZ"), 0, "ZBE-9.1", "fr.zbe-9", nil},
		"old version": {sample(t, "A01/2.3.1", "PV1-2", ""), 101, "PV1-2", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := strict(t, Options{})
			r := answerTo(t, d, c.message)
			require.Equal(t, hl7.AE, r.Code)
			var places []string
			for _, e := range r.Errors {
				places = append(places, e.Location.String())
			}
			require.Equal(t, append([]string{c.at}, c.more...), places)
			if c.code > 0 {
				require.Equal(t, c.code, r.Errors[0].Code)
			}
			if c.message.Header().Version >= "2.5" {
				require.True(t, strings.HasPrefix(r.Errors[0].Diagnostic, "rule "+c.rule), r.Errors[0].Diagnostic)
				require.NotEmpty(t, r.Errors[0].User)
			}
			require.Empty(t, d.State().Patients, "a refused message must leave no trace")
			require.Equal(t, hl7.AA, answerTo(t, strict(t, Options{Bugs: []string{skipsChecks}}), c.message).Code)
		})
	}
}

func TestConformantIsTaken(t *testing.T) {
	for _, name := range []string{"A01", "A28", "A01/2.3.1"} {
		require.Equal(t, hl7.AA, answerTo(t, strict(t, Options{}), sample(t, name)).Code, name)
	}
}

// A receiver that gets an INS without a validated identity takes the message
// without the INS (PAM.fr 6.6.15).
func TestINSWithoutValidatedIdentity(t *testing.T) {
	m := sample(t, "A28", "PID-32", "PROV")
	ins := m.Get("PID-3[.5=INS].1")
	require.NotEmpty(t, ins)
	d := strict(t, Options{})
	require.Equal(t, hl7.AA, answerTo(t, d, m).Code)
	require.Len(t, d.State().Patients, 1)
	_, known := d.Patient(ins)
	require.False(t, known, "the INS is not kept")
	_, known = d.Patient(m.Get("PID-3[.5=PI].1"))
	require.True(t, known)
	for id, source := range tolerated {
		require.NotNil(t, rules.ByID(id), id)
		require.NotEmpty(t, source)
	}
}

// In a message about two patients (A40 repeats its group) only the one whose
// identity is not validated loses the INS.
func TestINSOfOneOfTwoPatients(t *testing.T) {
	text := string(sample(t, "A40").Bytes())
	pid := text[strings.Index(text, "PID|"):]
	second := strings.NewReplacer("PID|1|", "PID|2|", "|VALI|", "|PROV|", "100001", "100002", "100077", "100078").Replace(pid)
	m, err := hl7.Parse([]byte(text + second))
	require.NoError(t, err)
	n := readNotice(m, "A40", time.UTC)
	require.Len(t, n.subjects, 2)
	n.forgetINS()
	kinds := func(s subject) (list []string) {
		for _, id := range s.ids {
			list = append(list, id.Type)
		}
		return list
	}
	require.Equal(t, []string{"PI", "INS"}, kinds(n.subjects[0]))
	require.Equal(t, []string{"PI"}, kinds(n.subjects[1]))
}

// An event that is listed is supported whatever France says of it.
func TestListedEventIsTaken(t *testing.T) {
	m := sample(t, "A01", "MSH-9", "ADT^A08^ADT_A01", "EVN-1", "")
	require.NotNil(t, rules.ByID(noA08))
	require.Equal(t, hl7.AR, answerTo(t, strict(t, Options{}), m).Code)
	require.Equal(t, hl7.AA, answerTo(t, strict(t, Options{Supports: []string{"A08"}}), m).Code)
}

// So is a version that is listed.
func TestListedVersionIsTaken(t *testing.T) {
	require.NotNil(t, rules.ByID(version))
	m := sample(t, "A28", "MSH-12.1", "2.5.1")
	require.Equal(t, hl7.AA, answerTo(t, strict(t, Options{}), m).Code)
	require.Equal(t, hl7.AR, answerTo(t, strict(t, Options{Versions: []string{"2.5"}}), m).Code)
}

// The class of the code decides between AE and AR: an event that the profile of
// the message does not have is rejected.
func TestRejection(t *testing.T) {
	m := sample(t, "A01/2.3.1", "MSH-9", "ADT^Z99", "EVN-1", "Z99")
	r := answerTo(t, strict(t, Options{}), m)
	require.Equal(t, hl7.AR, r.Code)
	require.Equal(t, 201, r.Errors[0].Code)
}

func BenchmarkAnswer(b *testing.B) {
	message := sample(b, "A31").Bytes()
	for name, opt := range map[string]Options{"strict": {}, "lenient": {Lenient: true}} {
		b.Run(name, func(b *testing.B) {
			d := strict(b, opt)
			d.faults[forgetsDuplicate] = true
			b.ReportAllocs()
			for b.Loop() {
				h, v := d.judge(b.Context(), message)
				d.compose(h, v)
			}
		})
	}
}
