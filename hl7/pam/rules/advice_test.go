package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// TestAdvice: no rule shows people the places of its sentences, and there are
// words for each of them.
func TestAdvice(t *testing.T) {
	for _, r := range rules.Catalogue() {
		for _, lang := range []string{"fr", "en"} {
			text := r.Advice(lang)
			require.NotEmpty(t, text, r.ID)
			require.NotContains(t, text, "{", r.ID)
			if text != r.Hint.In(lang) {
				require.NotContains(t, text, "…", "%s: a place without words", r.ID)
			}
			require.NotRegexp(t, `\b(de|à) le \b`, text, r.ID)
		}
	}
}

func TestAdviceWords(t *testing.T) {
	for _, c := range []struct{ id, fr, en string }{
		{"hl7.segment.shifted", "comptez les | du segment jusqu'au champ ; pamlab explain SEGMENT donne les champs dans l'ordre", "count the | of the segment up to the field; pamlab explain SEGMENT lists the fields in order"},
		{"seq.zbe-6.original", "mettez la valeur attendue dans ZBE-6", "put the expected value into ZBE-6"},
		{"ack.type", "par exemple ACK^A01^ACK", "for example ACK^A01^ACK"},
	} {
		r := rules.ByID(c.id)
		require.NotNil(t, r, c.id)
		require.Equal(t, c.fr, r.Advice("fr"))
		require.Equal(t, c.en, r.Advice("en"))
	}
}
