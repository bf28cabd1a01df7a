package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// answer is an acknowledgement together with what it answers.
type answer struct {
	sent    hl7.Header
	message *hl7.Message // that was sent; nil when what was sent is none
	wire    []mllp.Oddity
	receipt *hl7.Receipt
	header  hl7.Header      // of the acknowledgement
	seen    map[string]bool // MSH-10 of earlier acknowledgements of this scenario
}

// modern reports whether the acknowledgement has the form of HL7 v2.5: ERR-2 to
// ERR-4, and nothing in MSA-3 and MSA-6.
func (a *answer) modern() bool { return a.header.Version >= "2.5" }

// owed is one thing that every acknowledgement owes, whatever a scenario
// expects of it.
type owed struct {
	rule  string
	name  string // of the check: the field it looks at
	level Level
	spec  string
	field string // of the message sent, which the report marks
	say   Text   // why it matters, shown when it is broken
	// judge returns what was expected and what was found, and whether they
	// agree. An empty expectation means that the rule does not apply.
	judge func(*answer) (expected, actual string, ok bool)
}

// owedByEveryAck is what mllp-level and application-level rules ask of an
// acknowledgement: IHE ITI TF-2 Appendix C.2.3 and HL7 v2.5 chapter 2. What the
// sources only advise, or what the field does otherwise without harm, is a
// SHOULD.
var owedByEveryAck = []owed{
	{
		rule: "ack.type", name: "ack.MSH-9.1", level: Must, spec: "IHE ITI TF-2 C.2.3",
		say:   Text{FR: "un acquittement est un message ACK", EN: "an acknowledgement is an ACK message"},
		judge: func(a *answer) (string, string, bool) { return same("ACK", a.header.Type) },
	},
	{
		rule: "ack.trigger", name: "ack.MSH-9.2", level: Should, spec: "HL7 v2.5 2.15.9.9",
		say: Text{FR: "MSH-9.2 reprend l'événement acquitté", EN: "MSH-9.2 repeats the event that is acknowledged"},
		judge: func(a *answer) (string, string, bool) {
			if a.header.Trigger == "" {
				return "", "", true
			}
			return same(a.sent.Trigger, a.header.Trigger)
		},
	},
	{
		rule: "ack.structure", name: "ack.MSH-9.3", level: Should, spec: "HL7 v2.5 2.15.9.9",
		say: Text{FR: "la structure d'un acquittement est ACK", EN: "the structure of an acknowledgement is ACK"},
		judge: func(a *answer) (string, string, bool) {
			if a.header.Structure == "" {
				return "", "", true
			}
			return same("ACK", a.header.Structure)
		},
	},
	{
		rule: "ack.code", name: "ack.MSA-1", level: Must, spec: "HL7 table 0008; IHE ITI TF-2 C.2.3",
		say:   Text{FR: "en mode original, on répond AA, AE ou AR", EN: "in original mode the answer is AA, AE or AR"},
		judge: judgeAckCode,
	},
	{
		rule: "ack.message-id", name: "ack.MSA-2", level: Must, spec: "IHE ITI TF-2 C.2.3", field: "MSH-10",
		say: Text{FR: "MSA-2 rend MSH-10 du message reçu, octet pour octet", EN: "MSA-2 gives back MSH-10 of the message received, byte for byte"},
		judge: func(a *answer) (string, string, bool) {
			if a.sent.ControlID == "" {
				return "", "", true
			}
			return same(a.sent.ControlID, a.receipt.MessageID)
		},
	},
	{
		rule: "ack.own-id", name: "ack.MSH-10", level: Must, spec: "HL7 v2.5 2.15.9.10", field: "MSH-10",
		say: Text{FR: "un acquittement a son propre identifiant, non celui du message reçu", EN: "an acknowledgement has an id of its own, not that of the message received"},
		judge: func(a *answer) (string, string, bool) {
			ok := a.header.ControlID != "" && a.header.ControlID != a.sent.ControlID
			return fmt.Sprintf("≠ %q", a.sent.ControlID), fmt.Sprintf("%q", a.header.ControlID), ok
		},
	},
	{
		rule: "ack.unique-id", name: "ack.MSH-10", level: Should, spec: "HL7 v2.5 2.15.9.10",
		say: Text{FR: "chaque message a un identifiant nouveau", EN: "each message has a new id"},
		judge: func(a *answer) (string, string, bool) {
			if a.header.ControlID == "" || len(a.seen) == 0 {
				return "", "", true
			}
			return "≠ " + strings.Join(slices.Sorted(maps.Keys(a.seen)), ", "), fmt.Sprintf("%q", a.header.ControlID), !a.seen[a.header.ControlID]
		},
	},
	{
		rule: "ack.addresses", name: "ack.MSH-3..6", level: Must, spec: "IHE ITI TF-2 3.30.5.1",
		say: Text{FR: "émetteur et destinataire sont renseignés", EN: "sender and receiver are filled in"},
		judge: func(a *answer) (string, string, bool) {
			want, got := a.addresses()
			for i := range want {
				if want[i] != "" && got[i] == "" {
					return strings.Join(want, "|"), strings.Join(got, "|"), false
				}
			}
			return strings.Join(want, "|"), strings.Join(got, "|"), true
		},
	},
	{
		rule: "ack.swap", name: "ack.MSH-3..6", level: Should, spec: "HL7 v2.5 2.9.2",
		say: Text{FR: "l'émetteur du message est le destinataire de l'acquittement", EN: "the sender of the message is the receiver of the acknowledgement"},
		judge: func(a *answer) (string, string, bool) {
			want, got := a.addresses()
			return same(strings.Join(want, "|"), strings.Join(got, "|"))
		},
	},
	{
		rule: "ack.time", name: "ack.MSH-7", level: Must, spec: "HL7 v2.5 2.15.9.7",
		say: Text{FR: "MSH-7 porte l'heure de l'acquittement", EN: "MSH-7 has the time of the acknowledgement"},
		judge: func(a *answer) (string, string, bool) {
			if !a.modern() && a.header.Time == "" {
				return "", "", true
			}
			_, err := hl7.ParseTime(a.header.Time, nil)
			return "YYYYMMDDHHMMSS", fmt.Sprintf("%q", a.header.Time), err == nil
		},
	},
	{
		rule: "ack.version", name: "ack.MSH-12", level: Should, spec: "HL7 v2.5 2.15.9.12",
		say:   Text{FR: "on répond dans la version du message reçu", EN: "the answer is in the version of the message received"},
		judge: func(a *answer) (string, string, bool) { return same(a.sent.Version, a.header.Version) },
	},
	{
		rule: "ack.processing-id", name: "ack.MSH-11", level: Should, spec: "HL7 v2.5 2.15.9.11",
		say:   Text{FR: "MSH-11 est celui du message reçu", EN: "MSH-11 is that of the message received"},
		judge: func(a *answer) (string, string, bool) { return same(a.sent.ProcessingID, a.header.ProcessingID) },
	},
	{
		rule: "ack.charset", name: "ack.MSH-18", level: Must, spec: "HL7 v2.5 2.15.9.18, table 0211",
		say: Text{FR: "les octets sont dans le jeu de caractères que MSH-18 annonce", EN: "the bytes are in the character set that MSH-18 announces"},
		judge: func(a *answer) (string, string, bool) {
			expected := a.header.Charset
			if expected == "" {
				expected = "ASCII"
			}
			var undecodable *hl7.Error
			if errors.As(a.receipt.Message.CheckText(), &undecodable) {
				return expected, fmt.Sprintf("%s @%d", undecodable.Location, undecodable.Offset), false
			}
			return expected, expected, a.receipt.Message.CheckText() == nil
		},
	},
	{
		rule: "ack.err", name: "ack.ERR", level: Should, spec: "IHE ITI TF-2 C.2.3",
		say: Text{FR: "un refus dit pourquoi, dans un segment ERR", EN: "a refusal says why, in an ERR segment"},
		judge: func(a *answer) (string, string, bool) {
			if a.receipt.Code.Positive() || !a.receipt.Code.Valid() {
				return "", "", true
			}
			return "ERR", fmt.Sprintf("%d ERR", len(a.receipt.Errors)), len(a.receipt.Errors) > 0
		},
	},
	{
		rule: "ack.err-form", name: "ack.ERR", level: Must, spec: "IHE ITI TF-2 C.2.3; HL7 v2.3.1 chapter 2",
		say:   Text{FR: "ERR porte un code (et une gravité depuis la v2.5)", EN: "ERR has a code (and a severity from v2.5 on)"},
		judge: judgeErrForm,
	},
	{
		rule: "ack.err-class", name: "ack.ERR-3", level: Should, spec: "HL7 table 0357",
		say:   Text{FR: "les codes 100 à 103 vont avec AE, les codes 200 à 203 avec AR", EN: "codes 100 to 103 go with AE, codes 200 to 203 with AR"},
		judge: judgeErrClass,
	},
	{
		rule: "ack.msa-text", name: "ack.MSA-3", level: Should, spec: "IHE ITI TF-2 C.2.3",
		say: Text{FR: "les textes et les codes vont dans ERR, pas dans MSA-3 ni MSA-6", EN: "texts and codes go to ERR, not to MSA-3 or MSA-6"},
		judge: func(a *answer) (string, string, bool) {
			if !a.modern() {
				return "", "", true
			}
			got := a.receipt.Message.Get("MSA-3") + a.receipt.Message.Get("MSA-6")
			return same("", got)
		},
	},
}

// judgeOwed judges an acknowledgement by what any acknowledgement owes.
func judgeOwed(a *answer) []CheckInfo {
	a.header = a.receipt.Message.Header()
	checks := judgeWire(a.wire, a.receipt.Message.Oddities())
	for _, o := range owedByEveryAck {
		expected, actual, ok := o.judge(a)
		if expected == "" && ok {
			continue // does not apply
		}
		checks = append(checks, o.check(expected, actual, ok))
	}
	if a.header.ControlID != "" {
		a.seen[a.header.ControlID] = true
	}
	return checks
}

func (o owed) check(expected, actual string, ok bool) CheckInfo {
	c := CheckInfo{Name: o.name, Level: o.level, Verdict: Pass, Expected: legible(expected), Actual: legible(actual), Spec: o.spec, Rule: o.rule}
	if !ok {
		c.Verdict = o.level.Broken()
		c.Message = &o.say
		c.Field = o.field
	}
	return c
}

// judgeWire turns what the transport and the parser tolerated into findings:
// one check that passes, or one for each kind of oddity.
func judgeWire(wire []mllp.Oddity, text []hl7.Oddity) []CheckInfo {
	const spec = "MLLP release 1; HL7 v2.5 2.6"
	clean := CheckInfo{Name: "framing", Rule: "mllp.framing", Level: Must, Verdict: Pass, Spec: spec, Expected: "<VT> … <CR> <FS> <CR>", Actual: "<VT> … <CR> <FS> <CR>"}
	if len(wire)+len(text) == 0 {
		return []CheckInfo{clean}
	}
	var checks []CheckInfo
	add := func(level Level, rule string, o interface{ In(string) string }) {
		c := clean
		c.Rule, c.Level, c.Verdict = rule, level, level.Broken()
		c.Actual = o.In("en")
		c.Message = &Text{FR: o.In("fr"), EN: o.In("en")}
		checks = append(checks, c)
	}
	for _, o := range wire {
		level := Must
		if o.Kind == mllp.GarbageBefore || o.Kind == mllp.ReleaseTwoCommit {
			level = Should
		}
		add(level, "mllp."+string(o.Kind), o)
	}
	for _, o := range text {
		level := Should
		if o.Kind == hl7.OddLineFeed || o.Kind == hl7.OddCRLF {
			level = Must
		}
		add(level, "hl7."+string(o.Kind), o)
	}
	return checks
}

func judgeAckCode(a *answer) (string, string, bool) {
	got := string(a.receipt.Code)
	if a.sent.AcceptAck == "" && a.sent.ApplicationAck == "" {
		ok := got == "AA" || got == "AE" || got == "AR"
		return "AA, AE, AR", fmt.Sprintf("%q", got), ok
	}
	return "AA, AE, AR, CA, CE, CR", fmt.Sprintf("%q", got), a.receipt.Code.Valid()
}

func judgeErrForm(a *answer) (expected, actual string, ok bool) {
	m := a.receipt.Message
	if m.Lookup(pathERR).State() == hl7.Absent {
		return "", "", true
	}
	code, severity := m.Get("ERR-3.1"), m.Get("ERR-4")
	if a.modern() {
		return "ERR-3, ERR-4", fmt.Sprintf("ERR-3 %q, ERR-4 %q", code, severity), code != "" && severity != ""
	}
	old := m.Get("ERR-1.4")
	return "ERR-1", fmt.Sprintf("ERR-1.4 %q", old), old != ""
}

var pathERR = hl7.MustPath("ERR")

// judgeErrClass leaves 204 to 207 alone: their class in the table is rejection,
// but they are the only names for conflicts that IHE calls errors.
func judgeErrClass(a *answer) (expected, actual string, ok bool) {
	for _, e := range a.receipt.Errors {
		want := ""
		switch {
		case e.Code >= 100 && e.Code <= 103:
			want = "AE"
		case e.Code >= 200 && e.Code <= 203:
			want = "AR"
		}
		got := strings.Replace(string(a.receipt.Code), "C", "A", 1)
		if want != "" && !a.receipt.Code.Positive() && got != want {
			return fmt.Sprintf("%s (%d)", want, e.Code), string(a.receipt.Code), false
		}
	}
	return "", "", true
}

func same(expected, actual string) (string, string, bool) {
	return fmt.Sprintf("%q", expected), fmt.Sprintf("%q", actual), expected == actual
}

// addresses are MSH-3 to MSH-6 of the acknowledgement, as they should be and as
// they are. They are compared as text: an acknowledgement may be in another
// character set than its message.
func (a *answer) addresses() (want, got []string) {
	if a.message == nil {
		return nil, nil
	}
	for _, from := range []string{"MSH-5", "MSH-6", "MSH-3", "MSH-4"} {
		want = append(want, a.message.Get(from))
	}
	for _, at := range []string{"MSH-3", "MSH-4", "MSH-5", "MSH-6"} {
		got = append(got, a.receipt.Message.Get(at))
	}
	return want, got
}

// pointedAt is the field of the sent message that a refusal names, as a path;
// empty when it names none.
func pointedAt(r *hl7.Receipt) string {
	for _, e := range r.Errors {
		if e.Location.Segment != "" && e.Location.Field > 0 {
			return e.Location.String()
		}
	}
	return ""
}
