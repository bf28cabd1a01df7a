package reference

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// lines joins what is expected the way exchange returns it.
func lines(segments ...string) string { return strings.Join(segments, "\n") + "\n" }

func TestAnswers(t *testing.T) {
	const (
		msh    = `MSH|^~\&|DMN|SERVICE|GAM|CHU|20260105120000||`
		prefix = "260105120000-1"
	)
	tests := []struct {
		name    string
		message string
		want    string
	}{
		{
			name:    "admission, international",
			message: adt(v25, "A01^ADT_A01", "M1").text(),
			want:    lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.5", "MSA|AA|M1"),
		},
		{
			name:    "admission, PAM.fr",
			message: adt(vFR, "A01^ADT_A01", "M1").moved("1").text(),
			want:    lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.5^FRA^2.11", "MSA|AA|M1"),
		},
		{
			name:    "admission, HL7 2.3.1",
			message: adt(v231, "A01", "M1").text(),
			want:    lines(msh+"ACK^A01|"+prefix+"|P|2.3.1", "MSA|AA|M1"),
		},
		{
			name:    "unknown event",
			message: adt(v25, "A99", "M1").text(),
			want: lines(msh+"ACK^A99^ACK|"+prefix+"|P|2.5", "MSA|AR|M1",
				"ERR||MSH^1^9^1^2|201^Unsupported trigger event^HL70357|E||||unknown trigger event"),
		},
		{
			name:    "unknown event, HL7 2.3.1",
			message: adt(v231, "A99", "M1").text(),
			want: lines(msh+"ACK^A99|"+prefix+"|P|2.3.1", "MSA|AR|M1|unknown trigger event",
				"ERR|MSH^1^9^201&Unsupported trigger event&HL70357"),
		},
		{
			name:    "unknown type",
			message: strings.Replace(adt(v25, "R01", "M1").text(), "ADT^", "ORU^", 1),
			want: lines(msh+"ACK^R01^ACK|"+prefix+"|P|2.5", "MSA|AR|M1",
				"ERR||MSH^1^9^1^1|200^Unsupported message type^HL70357|E||||unknown message type"),
		},
		{
			name:    "event that France excludes",
			message: adt(vFR, "A08^ADT_A01", "M1").text(),
			want: lines(msh+"ACK^A08^ACK|"+prefix+"|P|2.5^FRA^2.11", "MSA|AR|M1",
				"ERR||MSH^1^9^1^2|201^Unsupported trigger event^HL70357|E||||trigger event not supported"),
		},
		{
			name:    "processing id",
			message: strings.Replace(adt(v25, "A01", "M1").text(), "|M1|P|", "|M1|X|", 1),
			want: lines(msh+"ACK^A01^ACK|"+prefix+"|X|2.5", "MSA|AR|M1",
				"ERR||MSH^1^11^1^1|202^Unsupported processing id^HL70357|E||||processing id not supported"),
		},
		{
			name:    "version",
			message: adt("2.7", "A01", "M1").text(),
			want: lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.7", "MSA|AR|M1",
				"ERR||MSH^1^12^1^1|203^Unsupported version id^HL70357|E||||HL7 version not supported"),
		},
		{
			name:    "without MSH-10",
			message: adt(v25, "A01", "").text(),
			want: lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.5", "MSA|AE",
				"ERR||MSH^1^10|101^Required field missing^HL70357|E"),
		},
		{
			name:    "identifier without authority",
			message: adt(v25, "A01", "M1").of("4711^^^^PI").text(),
			want: lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.5", "MSA|AE|M1",
				"ERR||PID^1^3^1^4|101^Required field missing^HL70357|E"),
		},
		{
			name:    "identifier without authority, HL7 2.3.1",
			message: adt(v231, "A01", "M1").of("4711").text(),
			want:    lines(msh+"ACK^A01|"+prefix+"|P|2.3.1", "MSA|AA|M1"),
		},
		{
			name:    "no patient identifier, HL7 2.3.1",
			message: adt(v231, "A01", "M1").of("").text(),
			want: lines(msh+"ACK^A01|"+prefix+"|P|2.3.1", "MSA|AE|M1|Required field missing",
				"ERR|PID^1^3^101&Required field missing&HL70357"),
		},
		{
			name:    "several faults at once",
			message: adt(vFR, "A01", "M1").with(func(s *segments) { s.pid, s.pv1 = "|||"+ipp, pv1("X", "") }).text(),
			want: lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.5^FRA^2.11", "MSA|AE|M1",
				"ERR||PID^1^5|101^Required field missing^HL70357|E",
				"ERR||PV1^1^2|103^Table value not found^HL70357|E||||expected E, I, O, R, V, N",
				"ERR||ZBE^1|100^Segment sequence error^HL70357|E||||segment missing"),
		},
		{
			name:    "discarded without an error",
			message: adt(v25, "A11", "M1").text(),
			want: lines(msh+"ACK^A11^ACK|"+prefix+"|P|2.5", "MSA|AA|M1",
				"ERR|||0^Message accepted^HL70357|W||||unknown patient: nothing to change"),
		},
		{
			name:    "discarded without an error, HL7 2.3.1: ERR has no severity",
			message: adt(v231, "A11", "M1").text(),
			want:    lines(msh+"ACK^A11|"+prefix+"|P|2.3.1", "MSA|AA|M1"),
		},
		{
			name:    "country echoed",
			message: strings.Replace(adt(vFR, "A01", "M1").moved("1").text(), "||||||", "|||||FRA|", 1),
			want:    lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.5^FRA^2.11|||||FRA", "MSA|AA|M1"),
		},
		{
			name:    "custom delimiters",
			message: strings.NewReplacer("|", "#", "^", "$", "&", "%", "~", "*").Replace(adt(v25, "A99", "M1").text()),
			want: strings.NewReplacer("|", "#", "^", "$", "&", "%", "~", "*").Replace(
				lines(msh+"ACK^A99^ACK|"+prefix+"|P|2.5", "MSA|AR|M1",
					"ERR||MSH^1^9^1^2|201^Unsupported trigger event^HL70357|E||||unknown trigger event")),
		},
		{
			name:    "no MSH",
			message: "PID|||4711\r",
			want: lines(`MSH|^~\&|||||20260105120000||ACK|`+prefix+"|P|2.5", "MSA|AR",
				"ERR||MSH^1|200^Unsupported message type^HL70357|E||||MSH segment missing or unreadable"),
		},
		{
			name:    "nothing at all",
			message: "",
			want: lines(`MSH|^~\&|||||20260105120000||ACK|`+prefix+"|P|2.5", "MSA|AR",
				"ERR||MSH^1|200^Unsupported message type^HL70357|E||||MSH segment missing or unreadable"),
		},
		{
			name:    "two messages in one block",
			message: adt(v25, "A01", "M1").text() + adt(v25, "A03", "M2").text(),
			want: lines(msh+"ACK^A01^ACK|"+prefix+"|P|2.5", "MSA|AE|M1",
				"ERR|||100^Segment sequence error^HL70357|E||||the message cannot be parsed"),
		},
		{
			name:    "an acknowledgement",
			message: "MSH|^~\\&|GAM|CHU|DMN|SERVICE|20260105101501||ACK^A01^ACK|M1|P|2.5\rMSA|AA|X\r",
			want:    "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			message := strings.ReplaceAll(tt.message, "É", "E") // pure ASCII: no MSH-18
			require.Equal(t, tt.want, exchange(t, newDMN(t, Options{}), []byte(message)))
		})
	}
}

func TestContentChecks(t *testing.T) {
	movement := func(start, action, historic, original string) func(*segments) {
		return func(s *segments) { s.zbe = zbe("1", start, action, historic, original) }
	}
	const now = "20260105101500"
	tests := []struct {
		name    string
		trigger string
		version string
		change  func(*segments)
		code    int
		at      string
	}{
		{"EVN missing", "A01", v25, func(s *segments) { s.evn = "" }, 100, "EVN"},
		{"EVN-2 missing", "A01", v25, func(s *segments) { s.evn = "||" }, 101, "EVN-2"},
		{"EVN-6 is no date", "A01", v25, func(s *segments) { s.evn = "||20260105||||20260231" }, 102, "EVN-6"},
		{"PID missing", "A01", v25, func(s *segments) { s.pid = "" }, 100, "PID"},
		{"PID-3 empty", "A28", v25, func(s *segments) { s.pid = pid("") }, 101, "PID-3"},
		{"PID-3 null", "A28", v25, func(s *segments) { s.pid = pid(`""`) }, 101, "PID-3"},
		{"PID-3 only deletes", "A47", v25, func(s *segments) { s.pid = pid(`""^^^X&1.2&ISO^INS`); s.mrg = "|" + insNIR }, 101, "PID-3"},
		{"PID-3 without value", "A28", v25, func(s *segments) { s.pid = pid("^^^CHU^PI") }, 101, "PID-3.1"},
		{"second PID-3 without authority", "A28", v25, func(s *segments) { s.pid = pid(ipp + "~9^^^^PI") }, 101, "PID-3[2].4"},
		{"identifier too long", "A28", v25, func(s *segments) { s.pid = pid(strings.Repeat("9", 300) + "^^^CHU^PI") }, 102, "PID-3"},
		{"PID-5 empty", "A28", v25, func(s *segments) { s.pid = "|||" + ipp }, 101, "PID-5"},
		{"PID-5 without family name", "A28", v25, func(s *segments) { s.pid = "|||" + ipp + "||^ZOÉ" }, 101, "PID-5.1"},
		{"PID-7 is no date", "A28", v25, func(s *segments) { s.pid = strings.Replace(s.pid, "19800229", "19810229", 1) }, 102, "PID-7"},
		{"PV1 missing", "A01", v25, func(s *segments) { s.pv1 = "" }, 100, "PV1"},
		{"PV1-2 empty", "A01", v25, func(s *segments) { s.pv1 = pv1("", "") }, 101, "PV1-2"},
		{"PV1-2 not in the French table", "A01", vFR, func(s *segments) { s.pv1 = pv1("P", ""); movement(now, "INSERT", "N", "")(s) }, 103, "PV1-2"},
		{"neither PV1-19 nor PID-18", "A01", v25, func(s *segments) {
			s.pv1, s.pid = "||I", "|||"+ipp+"||DUPONT^ZOÉ"
		}, 101, "PV1-19"},
		{"ZBE missing, France", "A01", vFR, func(*segments) {}, 100, "ZBE"},
		{"ZBE missing, Z99 of any dialect", "Z99", v251, func(*segments) {}, 100, "ZBE"},
		{"ZBE missing, Z99 of HL7 2.3.1", "Z99", v231, func(*segments) {}, 100, "ZBE"},
		{"ZBE-1 empty", "A01", v25, func(s *segments) { s.zbe = "||" + now + "||INSERT|N" }, 101, "ZBE-1.1"},
		{"ZBE-2 empty", "A01", v25, movement("", "INSERT", "N", ""), 101, "ZBE-2"},
		{"ZBE-2 is no date", "A01", v25, movement("today", "INSERT", "N", ""), 102, "ZBE-2"},
		{"ZBE-4 not of the event", "A01", v25, movement(now, "CANCEL", "N", "A01"), 103, "ZBE-4"},
		{"ZBE-4 is UPDATE only with Z99", "A02", v25, movement(now, "UPDATE", "N", "A02"), 103, "ZBE-4"},
		{"Z99 does not cancel", "Z99", v25, movement(now, "CANCEL", "N", "A01"), 103, "ZBE-4"},
		{"ZBE-5 empty", "A01", v25, movement(now, "INSERT", "", ""), 101, "ZBE-5"},
		{"ZBE-5 unknown", "A01", v25, movement(now, "INSERT", "X", ""), 103, "ZBE-5"},
		{"ZBE-6 empty in a cancellation", "A11", v25, movement(now, "CANCEL", "N", ""), 101, "ZBE-6"},
		{"MRG missing", "A40", v25, func(*segments) {}, 100, "MRG"},
		{"MRG-1 empty", "A40", v25, func(s *segments) { s.mrg = "|" }, 101, "MRG-1"},
		{"second PID missing", "A24", v25, func(*segments) {}, 100, "PID[2]"},
		{"character set unknown", "A01", v25, nil, 103, "MSH-18"},
		{"bytes that UTF-8 does not have", "A01", v25, nil, 102, "PID-5.2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := adt(tt.version, tt.trigger, "M1")
			var message []byte
			switch tt.name {
			case "character set unknown":
				message = []byte(strings.Replace(m.text(), "||||||\r", "||||||KLINGON\r", 1))
			case "bytes that UTF-8 does not have":
				message = []byte(strings.NewReplacer("||||||\r", "||||||UNICODE UTF-8\r", "É", "\xc9").Replace(m.text()))
			default:
				message = m.with(tt.change).bytes(t)
			}
			d := newDMN(t, Options{})
			r, err := hl7.ReadAck([]byte(strings.ReplaceAll(exchange(t, d, message), "\n", "\r")))
			require.NoError(t, err)
			require.Equal(t, hl7.AE, r.Code)
			require.Len(t, r.Errors, 1)
			require.Equal(t, tt.code, r.Errors[0].Code)
			require.Equal(t, tt.at, r.Errors[0].Location.String())
			require.Empty(t, d.State().Patients, "a refused message must leave no trace")
		})
	}
}

func TestSupports(t *testing.T) {
	d := newDMN(t, Options{Supports: []string{"A08", "A28"}})
	require.Equal(t, hl7.AR, code(t, d, adt(v25, "A01", "1")))
	require.Equal(t, hl7.AA, code(t, d, adt(v25, "A28", "2")))
	require.Equal(t, hl7.AA, code(t, d, adt(vFR, "A08", "3")), "what is listed is supported whatever France says")

	_, err := New(Options{Supports: []string{"A1"}})
	var unknown *UnknownNameError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, `événement inconnu « A1 »`, unknown.In("fr"))
	require.True(t, strings.HasPrefix(unknown.Hint("fr"), "il existe : A28, "), "A01 is as near as A31")
}

func TestEveryEventIsSupportedByDefault(t *testing.T) {
	for _, trigger := range allEvents() {
		t.Run(trigger, func(t *testing.T) {
			require.NotEqual(t, hl7.AR, code(t, newDMN(t, Options{}), adt(v25, trigger, "M1")))
		})
	}
}

func TestAccept(t *testing.T) {
	locked := &Refusal{Code: hl7.AR, Errors: []hl7.AckError{{Code: hl7.ConditionLocked}}}
	tests := []struct {
		name   string
		accept func(context.Context, *hl7.Message) error
		want   string
	}{
		{"lets it pass", func(context.Context, *hl7.Message) error { return nil }, "MSA|AA|M1\n"},
		{"refuses as it says", func(context.Context, *hl7.Message) error { return locked },
			"MSA|AR|M1\nERR|||206^Application record locked^HL70357|E\n"},
		{"fails", func(context.Context, *hl7.Message) error { return errors.New("no disk") },
			"MSA|AR|M1\nERR|||207^Application internal error^HL70357|E||||internal error\n"},
		{"panics", func(context.Context, *hl7.Message) error { panic("no disk") },
			"MSA|AR|M1\nERR|||207^Application internal error^HL70357|E||||internal error\n"},
		{"sees the message", func(_ context.Context, m *hl7.Message) error {
			if m.Get("PID-5.1") != "DUPONT" {
				return errors.New("not the message")
			}
			return nil
		}, "MSA|AA|M1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDMN(t, Options{Accept: tt.accept})
			_, answer, _ := strings.Cut(exchange(t, d, adt(v25, "A01", "M1").bytes(t)), "\n")
			require.Equal(t, tt.want, answer)
		})
	}
	require.EqualError(t, locked, "refused with AR: code 206")
	require.EqualError(t, &Refusal{Code: hl7.AE}, "refused with AE")
}
