package pam_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam"
)

func TestParseTrigger(t *testing.T) {
	t.Parallel()
	for _, trigger := range pam.Triggers() {
		got, err := pam.ParseTrigger(string(trigger))
		require.NoError(t, err)
		require.Equal(t, trigger, got)
	}
	for _, tc := range []struct {
		text string
		near []string
	}{
		{"a01", []string{"A01"}},
		{"A1", []string{"A31", "A01", "A11"}},
		{"Z98", []string{"Z99"}},
		{"A99", []string{"Z99", "A09", "A49"}},
		{"Z80", nil},
		{"", nil},
		{"ADT^A01", nil},
	} {
		t.Run(tc.text, func(t *testing.T) {
			_, err := pam.ParseTrigger(tc.text)
			var unknown *pam.TriggerError
			require.True(t, errors.As(err, &unknown))
			require.Equal(t, tc.text, unknown.Trigger)
			require.Equal(t, tc.near, unknown.Near)
			bilingual(t, unknown)
			require.Equal(t, tc.near == nil, unknown.Hint("fr") == "")
		})
	}
}

// spoken is what every error that a user may see can say.
type spoken interface {
	error
	In(lang string) string
	Hint(lang string) string
}

// bilingual demands both languages, one line each, and English by default.
func bilingual(t *testing.T, err spoken) {
	t.Helper()
	require.NotEmpty(t, err.In("fr"))
	require.Equal(t, err.Error(), err.In("en"))
	require.Equal(t, err.Error(), err.In("de"))
	require.NotEqual(t, err.In("fr"), err.In("en"))
	require.NotContains(t, err.In("fr")+err.In("en")+err.Hint("fr")+err.Hint("en"), "\n")
	require.NotContains(t, err.In("fr")+err.In("en"), "%!")
	require.Equal(t, err.Hint("fr") == "", err.Hint("en") == "")
}

func TestTriggers(t *testing.T) {
	t.Parallel()
	seen := map[pam.Trigger]bool{}
	for _, trigger := range pam.Triggers() {
		require.False(t, seen[trigger], "%s twice", trigger)
		seen[trigger] = true
		require.NotEmpty(t, trigger.Name("fr"), trigger)
		require.NotEmpty(t, trigger.Name("en"), trigger)
		require.Contains(t, []string{"ITI-30", "ITI-31"}, trigger.Transaction())
		for _, c := range trigger.Cancels() {
			require.NotEmpty(t, c.Name("fr"), "%s cancels %s", trigger, c)
		}
	}
	require.Equal(t, "Mutation", pam.Trigger("A02").Name("fr"))
	require.Equal(t, "Transfer", pam.Trigger("A02").Name("en"))
	require.Equal(t, []pam.Trigger{"A01", "A04"}, pam.Trigger("A11").Cancels())
	require.Empty(t, pam.Trigger("X00").Name("fr")+pam.Trigger("X00").Transaction())
	require.Empty(t, pam.Trigger("A01").Cancels())
}

func TestDialectByName(t *testing.T) {
	t.Parallel()
	for _, d := range pam.Dialects() {
		got, err := pam.DialectByName(d.Name)
		require.NoError(t, err)
		require.Equal(t, d, got)
		require.NotEmpty(t, d.Title.FR)
		require.NotEmpty(t, d.Title.EN)
	}
	d, err := pam.DialectByName("")
	require.NoError(t, err)
	require.Equal(t, "pam-fr-2.11", d.Name)
	_, err = pam.DialectByName("pam-fr-2.12")
	var unknown *pam.DialectError
	require.True(t, errors.As(err, &unknown))
	require.Contains(t, unknown.Near, "pam-fr-2.11")
	bilingual(t, unknown)
	_, err = pam.DialectByName("fhir")
	require.True(t, errors.As(err, &unknown))
	require.Empty(t, unknown.Near)
	require.Contains(t, unknown.Hint("fr"), "adt-2.3.1+pid-2.5.1")
}

func TestMessageType(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		trigger   pam.Trigger
		v25, v231 string
	}{
		{"A28", "ADT^A28^ADT_A05", "ADT^A28^ADT_A01"},
		{"A31", "ADT^A31^ADT_A05", "ADT^A31^ADT_A01"},
		{"A01", "ADT^A01^ADT_A01", "ADT^A01^ADT_A01"},
		{"A04", "ADT^A04^ADT_A01", "ADT^A04^ADT_A01"},
		{"A05", "ADT^A05^ADT_A05", "ADT^A05^ADT_A01"},
		{"A02", "ADT^A02^ADT_A02", "ADT^A02^ADT_A02"},
		{"A03", "ADT^A03^ADT_A03", "ADT^A03^ADT_A03"},
		{"A11", "ADT^A11^ADT_A09", "ADT^A11^ADT_A09"},
		{"A12", "ADT^A12^ADT_A12", "ADT^A12^ADT_A12"},
		{"A13", "ADT^A13^ADT_A01", "ADT^A13^ADT_A01"},
		{"A38", "ADT^A38^ADT_A38", "ADT^A38^ADT_A38"},
		{"A21", "ADT^A21^ADT_A21", "ADT^A21^ADT_A02"},
		{"A37", "ADT^A37^ADT_A37", "ADT^A37^ADT_A24"},
		{"A54", "ADT^A54^ADT_A54", ""},
		{"Z99", "ADT^Z99^ADT_A01", "ADT^Z99^ADT_A01"},
		{"X00", "", ""},
	} {
		for _, d := range pam.Dialects() {
			want := tc.v25
			if d.Version == "2.3.1" {
				want = tc.v231
			}
			require.Equal(t, want, d.MessageType(tc.trigger), "%s in %s", tc.trigger, d.Name)
		}
	}
}

func TestSupports(t *testing.T) {
	t.Parallel()
	built := []pam.Trigger{
		"A28", "A31", "A01", "A04", "A05", "A02", "A03", "A11", "A12", "A13", "A38", "Z99", "A06", "A07", "A14", "A27", "A15", "A26",
		"A16", "A25", "A21", "A52", "A22", "A53", "A54", "A55", "A09", "A33", "A10", "A32",
	}
	absent := []pam.Trigger{"A52", "A53", "A54", "A55"} // in HL7 2.3.1
	for _, d := range pam.Dialects() {
		for _, trigger := range built {
			ok, why := d.Supports(trigger)
			want := trigger != "Z99" || d.Name != "adt-2.3.1" && d.Name != "adt-2.3.1+pid-2.5.1"
			want = want && (d.Version != "2.3.1" || !slices.Contains(absent, trigger))
			require.Equal(t, want, ok, "%s in %s", trigger, d.Name)
			require.Equal(t, want, why.IsZero())
		}
		for _, trigger := range []pam.Trigger{"A08", "X00"} {
			ok, why := d.Supports(trigger)
			require.False(t, ok)
			require.NotEmpty(t, why.FR)
			require.NotEmpty(t, why.EN)
		}
	}
	french, _ := pam.DialectByName("pam-fr-2.11")
	_, why := french.Supports("A08")
	require.Contains(t, why.In("en"), "A31")
	plain, _ := pam.DialectByName("adt-2.3.1")
	_, why = plain.Supports("Z99")
	require.Contains(t, why.In("fr"), "ZBE")
	_, why = plain.Supports("A54")
	require.Contains(t, why.In("fr"), "2.3.1")
	ok, _ := pam.Dialect{}.Supports("A01")
	require.False(t, ok)
}

func TestKnownValues(t *testing.T) {
	t.Parallel()
	require.Contains(t, pam.KnownFields(), "patient.identity")
	for _, field := range pam.KnownFields() {
		require.NotEmpty(t, pam.KnownValues(field), field)
	}
	require.Nil(t, pam.KnownValues("patient.shoes"))
	words := pam.KnownValues("stay.class")
	words[0] = "X"
	require.Equal(t, []string{"I", "O", "E", "R", "V"}, pam.KnownValues("stay.class"))
}
