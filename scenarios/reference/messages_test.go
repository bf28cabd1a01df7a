package reference

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// The people, places and numbers of these tests are invented.

const (
	v25    = "2.5"
	v251   = "2.5.1"
	vFR    = "2.5^FRA^2.11"
	v231   = "2.3.1"
	ipp    = "4711^^^CHU&1.2.250.1.999.1&ISO^PI"
	other  = "4712^^^CHU&1.2.250.1.999.1&ISO^PI"
	third  = "4713^^^CHU&1.2.250.1.999.1&ISO^PI"
	insNIR = "299122B03300169^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"
	insNIA = "118052A00400364^^^ASIP-SANTE-INS-NIA&1.2.250.1.213.1.4.9&ISO^INS"
)

// segments is a message being put together: each method adds or replaces.
type segments struct {
	version, trigger, id, charset string
	pid, mrg, pv1, zbe            string // ER7 from the field separator on; "" leaves the segment out
	evn                           string
}

// adt begins a message of a trigger event about the patient ipp in stay V1.
func adt(version, trigger, id string) segments {
	return segments{
		version: version, trigger: trigger, id: id,
		evn: "||20260105101500||||20260105101500",
		pid: pid(ipp),
		pv1: pv1("I", "6268^101^A"),
	}
}

// pid returns a PID for patient identifiers in one repetition or several.
func pid(ids string) string {
	return "|||" + ids + "||DUPONT^ZOÉ^ZOÉ MARIE^^^^L||19800229|F||||||||||D1^^^CHU&1.2.250.1.999.1&ISO^AN||||||||||||||VALI"
}

// pv1 returns a PV1 of stay V1.
func pv1(class, location string) string {
	return "||" + class + "|" + location + strings.Repeat("|", 16) + "V1^^^CHU&1.2.250.1.999.1&ISO^VN"
}

// zbe returns a ZBE without responsible wards.
func zbe(id, start, action, historic, original string) string {
	return "|" + id + "^CHU^1.2.250.1.999.1^ISO|" + start + "||" + action + "|" + historic + "|" + original
}

func (s segments) with(change func(*segments)) segments {
	change(&s)
	return s
}

// moved sets ZBE; current, inserted.
func (s segments) moved(id string) segments {
	s.zbe = zbe(id, "20260105101500", "INSERT", "N", "")
	return s
}

// cancels sets ZBE of a cancellation.
func (s segments) cancels(id, original string) segments {
	s.zbe = zbe(id, "20260105101500", "CANCEL", "N", original)
	return s
}

func (s segments) at(location string) segments {
	s.pv1 = strings.Replace(s.pv1, "6268^101^A", location, 1)
	return s
}

func (s segments) of(ids string) segments {
	s.pid = pid(ids)
	return s
}

func (s segments) text() string {
	lines := []string{`MSH|^~\&|GAM|CHU|DMN|SERVICE|20260105101501||ADT^` + s.trigger + "|" + s.id + "|P|" + s.version + "||||||" + s.charset}
	add := func(name, fields string) {
		if fields != "" {
			lines = append(lines, name+fields)
		}
	}
	add("EVN", s.evn)
	add("PID", s.pid)
	add("MRG", s.mrg)
	add("PV1", s.pv1)
	add("ZBE", s.zbe)
	return strings.Join(lines, "\r") + "\r"
}

// bytes returns the message in UTF-8, unless it has another character set.
func (s segments) bytes(t testing.TB) []byte {
	t.Helper()
	if s.charset == "" {
		s.charset = "UNICODE UTF-8"
	}
	cs, err := hl7.ParseCharset(s.charset)
	require.NoError(t, err)
	b, err := cs.Encode(s.text())
	require.NoError(t, err)
	return b
}

// noon is the time of every acknowledgement in these tests.
func noon() time.Time { return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newDMN returns a lenient DMN: the messages of these tests have what a movement
// is filed by, and no more.
func newDMN(t testing.TB, opt Options) *DMN {
	t.Helper()
	opt.Lenient = true
	if opt.Now == nil {
		opt.Now = noon
	}
	if opt.Logger == nil {
		opt.Logger = quiet()
	}
	d, err := New(opt)
	require.NoError(t, err)
	return d
}

// exchange gives a message to a DMN without a network and returns the answer,
// one segment a line; "" when there is none.
func exchange(t testing.TB, d *DMN, message []byte) string {
	t.Helper()
	h, v := d.judge(t.Context(), message)
	return strings.ReplaceAll(string(d.faults.spoil(d.compose(h, v), h)), "\r", "\n")
}

// send gives messages to a DMN and wants AA for all of them.
func send(t testing.TB, d *DMN, messages ...segments) {
	t.Helper()
	for _, m := range messages {
		require.Equal(t, hl7.AA, code(t, d, m), "%s %s", m.trigger, m.id)
	}
}

func code(t testing.TB, d *DMN, m segments) hl7.AckCode {
	t.Helper()
	return receipt(t, d, m).Code
}

func receipt(t testing.TB, d *DMN, m segments) *hl7.Receipt {
	t.Helper()
	h, v := d.judge(t.Context(), m.bytes(t))
	r, err := hl7.ReadAck(d.compose(h, v))
	require.NoError(t, err)
	require.Equal(t, m.id, r.MessageID)
	return r
}

// only returns the one stay of the patient ipp.
func only(t testing.TB, d *DMN) Stay {
	t.Helper()
	p, ok := d.Patient("4711")
	require.True(t, ok, "patient 4711 is not there")
	require.Len(t, p.Stays, 1)
	return p.Stays[0]
}
