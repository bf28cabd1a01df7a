package pam

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// TestDataFiles reads every line that the generator may draw from.
func TestDataFiles(t *testing.T) {
	t.Parallel()
	d := data()
	for name, all := range map[string][]string{"families": d.families, "women": d.women, "men": d.men} {
		require.Greater(t, len(all), 50, name)
		for _, s := range all {
			require.True(t, isStrict(strict(s)), s)
			encodes(t, s)
		}
	}
	for letters, streets := range d.streets {
		require.NotEmpty(t, streets, letters)
		for _, s := range streets {
			_, err := hl7.ASCII.Encode(s)
			require.Error(t, err, "%s has no accent", s)
			_, err = hl7.Latin9.Encode(s)
			require.NoError(t, err, s)
			_, err = hl7.Latin1.Encode(s)
			require.Equal(t, letters == "latin9", err != nil, s)
			_, err = hl7.ASCII.Encode(plain(s))
			require.NoError(t, err, plain(s))
		}
	}
	commune, country := regexp.MustCompile(`^(\d\d|2A|2B)\d{3}$`), regexp.MustCompile(`^99[1-4]\d\d$`)
	for _, where := range KnownValues("patient.birth_place") {
		require.NotEmpty(t, d.places[where], where)
		for _, p := range d.places[where] {
			encodes(t, p.name)
			require.Equal(t, where == "abroad", country.MatchString(p.code), p.code)
			require.Regexp(t, commune, p.code)
			require.Equal(t, where == "abroad", p.postal == "", p.name)
			require.Regexp(t, `^[A-Z]{3}$`, p.country)
			require.Equal(t, where == "corsica", p.code[0] == '2' && p.code[1] >= 'A', p.name)
		}
	}
	for _, class := range KnownValues("stay.class") {
		require.Greater(t, len(d.units[class]), 1, "a transfer needs another unit of class %s", class)
		require.NotEmpty(t, d.reasons[class], class)
		for _, u := range d.units[class] {
			encodes(t, u.Label)
			require.NoError(t, checkUnits(&u.Unit))
			require.Regexp(t, `^(\d{3})?$`, u.discipline)
			require.Equal(t, u.discipline, d.discipline(u.Code, class))
		}
		for _, text := range d.reasons[class] {
			encodes(t, text)
			require.LessOrEqual(t, len([]rune(text)), 50, text)
		}
	}
}

func encodes(t *testing.T, s string) {
	t.Helper()
	_, err := hl7.Latin1.Encode(s)
	require.NoError(t, err, s)
	require.Equal(t, strings.TrimSpace(s), s)
	require.NotContains(t, s, "\t")
}

// TestNoFileIsForgotten: each embedded file is one that the dataset reads.
func TestNoFileIsForgotten(t *testing.T) {
	t.Parallel()
	known := map[string]bool{
		"family-names.txt": true, "given-names-f.txt": true, "given-names-m.txt": true, "streets.txt": true,
		"communes.tsv": true, "countries.tsv": true, "units.tsv": true, "reasons.tsv": true,
	}
	entries, err := fs.ReadDir(dataFiles, "data")
	require.NoError(t, err)
	for _, e := range entries {
		require.True(t, known[e.Name()], e.Name())
		require.NotEmpty(t, rows(e.Name(), 1))
	}
	require.Len(t, entries, len(known))
}

func TestStrict(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, want string }{
		{"Lefèvre-Nuñez", "LEFEVRE-NUNEZ"},
		{"L'Hôte", "L'HOTE"},
		{"L’Haÿ", "L'HAY"},
		{"Œuvrard", "OEUVRARD"},
		{"Lætitia Weiß", "LAETITIA WEISS"},
		{"Łukasz Đorđe Ø", "LUKASZ DORDE O"},
		{"de La Fontaine", "DE LA FONTAINE"},
		{"", ""},
	} {
		require.Equal(t, tc.want, strict(tc.name))
	}
	require.False(t, isStrict(""))
	require.False(t, isStrict("ДОСТОЕВСКИЙ"))
	require.False(t, isStrict("X^Y"))
}
