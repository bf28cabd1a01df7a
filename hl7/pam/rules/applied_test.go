package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

func TestApplied(t *testing.T) {
	sent, err := rules.Sample("A01")
	require.NoError(t, err)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		sample    string
		sent      *hl7.Message
		has, lack []string
	}{
		"accepted": {"ACK", sent, []string{"ack.type", "ack.code", "ack.message-id", "ack.swap"}, []string{"ack.err", "ack.err-form", "ack.err-class"}},
		"refused":  {"ACK/AE", sent, []string{"ack.err", "ack.err-form", "ack.err-class"}, []string{"ack.err-severity"}},
		"of what":  {"ACK", nil, []string{"ack.type", "ack.code", "ack.own-id"}, []string{"ack.message-id", "ack.swap", "ack.trigger", "ack.version", "ack.processing-id"}},
	} {
		t.Run(name, func(t *testing.T) {
			ack, err := rules.Sample(c.sample)
			require.NoError(t, err)
			var r rules.Report
			j.Ack(&r, ack, c.sent)
			var ids []string
			for _, rule := range r.Applied() {
				require.Equal(t, "ack", rule.Family())
				ids = append(ids, rule.ID)
			}
			require.Subset(t, ids, c.has)
			for _, id := range c.lack {
				require.NotContains(t, ids, id)
			}
		})
	}
	var r rules.Report
	require.Empty(t, r.Applied())
	j.Message(&r, sent)
	require.Empty(t, r.Applied())
}

// An answer that calls itself something else has one fault, not all those of
// the message that it says it is.
func TestAckByAnotherName(t *testing.T) {
	sent, err := rules.Sample("A01")
	require.NoError(t, err)
	for name, answered := range map[string]*hl7.Message{"known": sent, "unknown": nil} {
		t.Run(name, func(t *testing.T) {
			ack, err := rules.Sample("ACK")
			require.NoError(t, err)
			require.NoError(t, ack.Set(hl7.MustPath("MSH-9"), "ADT^A01"))
			j, err := rules.New(rules.Options{})
			require.NoError(t, err)
			var r rules.Report
			j.Ack(&r, ack, answered)
			require.Equal(t, []string{"must ack.type MSH-9.1"}, list(&r, rules.Should))
		})
	}
}

// What an acknowledgement repeats is the fault of the message that it answers.
func TestAckRepeatsWhatIsWrong(t *testing.T) {
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	for name, c := range map[string]struct{ field, sent, ack string }{
		"event":         {"MSH-9.2", "Q98", "MSH-9.2"},
		"processing id": {"MSH-11.1", "Z", "MSH-11.1"},
		"address":       {"MSH-3.1", " GAM", "MSH-5.1"},
		"no id":         {"MSH-10", "", "MSA-2"},
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := rules.Sample("A01")
			require.NoError(t, err)
			ack, err := rules.Sample("ACK")
			require.NoError(t, err)
			require.NoError(t, ack.Set(hl7.MustPath(c.ack), c.sent))
			var r rules.Report
			j.Ack(&r, ack, sent)
			require.Len(t, list(&r, rules.Should), 1, "another value than the message has")
			require.NoError(t, sent.Set(hl7.MustPath(c.field), c.sent))
			j.Ack(&r, ack, sent)
			require.Empty(t, list(&r, rules.Should))
		})
	}
}

// A value that is not what the message has, and in no table either, is one fault.
func TestAckOneFaultOneFinding(t *testing.T) {
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	sent, err := rules.Sample("A01")
	require.NoError(t, err)
	for field, c := range map[string]struct{ value, want string }{
		"MSH-9.2":  {"Q98", "should ack.trigger MSH-9.2"},
		"MSH-9.3":  {"ACK_A01", "should ack.structure MSH-9.3"},
		"MSH-11.1": {"X", "should ack.processing-id MSH-11.1"},
	} {
		t.Run(field, func(t *testing.T) {
			ack, err := rules.Sample("ACK")
			require.NoError(t, err)
			require.NoError(t, ack.Set(hl7.MustPath(field), c.value))
			var r rules.Report
			j.Ack(&r, ack, sent)
			require.Equal(t, []string{c.want}, list(&r, rules.Should))
		})
	}
}

func TestAckOfWhatIsNoMessage(t *testing.T) {
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	ack, err := rules.Sample("ACK/AE")
	require.NoError(t, err)
	require.NoError(t, ack.Set(hl7.MustPath("MSA-2"), ""))
	var r rules.Report
	j.Ack(&r, ack, nil)
	require.Empty(t, list(&r, rules.Should))
}
