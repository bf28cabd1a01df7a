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
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := rules.Sample("A01")
			require.NoError(t, err)
			ack, err := rules.Sample("ACK")
			require.NoError(t, err)
			require.NoError(t, ack.Set(hl7.MustPath(c.ack), c.sent))
			var r rules.Report
			j.Ack(&r, ack, sent)
			require.NotEmpty(t, list(&r, rules.Should), "another value than the message has")
			require.NoError(t, sent.Set(hl7.MustPath(c.field), c.sent))
			j.Ack(&r, ack, sent)
			require.Empty(t, list(&r, rules.Should))
		})
	}
}
