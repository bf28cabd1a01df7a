package pam_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam"
)

func TestINSKey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ number, key string }{
		{"2600588154002", "33"},
		{"2760375106693", "26"},
		{"1850578006084", "91"},
		{"118052A004003", "64"}, // Corse-du-Sud
		{"299122B033001", "69"}, // Haute-Corse
		{"1010199352001", "69"}, // Algeria
		{"2080199999999", "26"}, // place unknown
	} {
		key, err := pam.INSKey(tc.number)
		require.NoError(t, err)
		require.Equal(t, tc.key, key, tc.number)
		require.True(t, pam.ValidINS(tc.number+tc.key))
	}
	for _, bad := range []string{"", "260058815400", "26005881540022", "2600588A54002", "260052C154002", "+600588154002", "26005881540é2"} {
		_, err := pam.INSKey(bad)
		var spec *pam.SpecError
		require.True(t, errors.As(err, &spec), bad)
		bilingual(t, spec)
	}
}

func TestValidINS(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"260058815400244", "276037510669380", // printed in the national documents with a wrong key
		"2600588154002", "2600588154002333", "", "118052a00400364", "26005881540023 ",
	} {
		require.False(t, pam.ValidINS(bad), bad)
	}
}
