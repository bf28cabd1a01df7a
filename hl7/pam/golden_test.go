package pam_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden holds one message of each event in each dialect against its file.
// The files are messages as they go over the wire, ended by CR.
func TestGolden(t *testing.T) {
	t.Parallel()
	before := map[pam.Trigger][]stop{ // the journey that leads to an event
		"A31": {{trigger: "A28"}},
		"A02": {{trigger: "A01"}},
		"A03": {{trigger: "A01"}},
		"A11": {{trigger: "A01"}},
		"A12": {{trigger: "A01"}, {trigger: "A02"}},
		"A13": {{trigger: "A01"}, {trigger: "A03"}},
		"A38": {{trigger: "A05"}},
		"Z99": {{step: "admission", trigger: "A01"}, {trigger: "A02"}},
		"A37": {{trigger: "A24"}},
		"A40": {{trigger: "A28"}},
		"A44": {{trigger: "A01"}},
		"A47": {{trigger: "A31"}},
		"A49": {{trigger: "A01"}},
		"A06": {{trigger: "A04"}},
		"A07": {{trigger: "A01"}},
		"A27": {{trigger: "A14"}},
		"A15": {{trigger: "A01"}},
		"A26": {{trigger: "A01"}, {trigger: "A15"}},
		"A16": {{trigger: "A01"}},
		"A25": {{trigger: "A01"}, {trigger: "A16"}},
		"A21": {{trigger: "A01"}},
		"A52": {{trigger: "A01"}, {trigger: "A21"}},
		"A22": {{trigger: "A01"}, {trigger: "A21"}},
		"A53": {{trigger: "A01"}, {trigger: "A21"}, {trigger: "A22"}},
		"A54": {{trigger: "A01"}},
		"A55": {{trigger: "A01"}, {trigger: "A54"}},
		"A09": {{trigger: "A01"}},
		"A33": {{trigger: "A01"}, {trigger: "A09"}},
		"A10": {{trigger: "A01"}, {trigger: "A09"}},
		"A32": {{trigger: "A01"}, {trigger: "A09"}, {trigger: "A10"}},
	}
	changes := map[pam.Trigger]pam.Change{
		"A31": {At: 10 * time.Minute},
		"A02": {At: 26 * time.Hour, Unit: &pam.Unit{Code: "6270", Label: "MÉDECINE POLYVALENTE"}},
		"A03": {At: 5 * 24 * time.Hour},
		"Z99": {Of: "admission", Start: span(15 * time.Minute), Room: "12", Bed: "12F"},
	}
	for _, d := range pam.Dialects() {
		for _, trigger := range pam.Triggers() {
			if ok, _ := d.Supports(trigger); !ok {
				continue
			}
			t.Run(d.Name+"/"+string(trigger), func(t *testing.T) {
				t.Parallel()
				g := pam.NewGenerator(2026, time.Date(2026, time.March, 9, 8, 30, 0, 0, time.UTC))
				p, err := g.Patient(pam.PatientSpec{Family: "Lefèvre-Nuñez", Given: "Zoé Anne-Laëtitia", Sex: "F", Born: "1984-11-30", BirthPlace: "corsica", Twin: true, UsualName: "L'Hôte"})
				require.NoError(t, err)
				class := "I"
				switch trigger {
				case "A04":
					class = "O"
				case "A06":
					class = "E"
				}
				st, err := g.Stay(pam.StaySpec{Class: class})
				require.NoError(t, err)
				j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{SendingApplication: "GAM-TEST", SendingFacility: "CHU-X", ReceivingApplication: "DMN", ReceivingFacility: "CHU-X"}, p, st)
				for _, s := range before[trigger] {
					_, err := j.Message(s.step, s.trigger, s.change)
					require.NoError(t, err)
				}
				m, err := j.Message("golden", trigger, changes[trigger])
				require.NoError(t, err)
				compareGolden(t, filepath.Join("testdata", "golden", d.Name, string(trigger)+".hl7"), m.Bytes())
			})
		}
	}
}

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, got, 0o644))
		return
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err, "go test -update writes it")
	readable := strings.NewReplacer("\r", "␍\n")
	require.Equal(t, readable.Replace(string(want)), readable.Replace(string(got)))
}

// TestGoldenIsComplete refuses golden files that no test reads any more.
func TestGoldenIsComplete(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/*/*.hl7")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		d, err := pam.DialectByName(filepath.Base(filepath.Dir(name)))
		require.NoError(t, err, name)
		ok, _ := d.Supports(pam.Trigger(strings.TrimSuffix(filepath.Base(name), ".hl7")))
		require.True(t, ok, name)
	}
}

// TestCharsets builds one patient in each character set. What a set cannot
// write is an error that names the field, and the journey stays where it was.
func TestCharsets(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		charset hl7.Charset
		street  string // of the patient
		family  string
		bytes   string // in PID-5, when it can be written
		fails   string // the field, when it cannot
	}{
		{name: "UTF-8", charset: hl7.UTF8, family: "Œuvrard", bytes: "Œuvrard"},
		{name: "8859/15", charset: hl7.Latin9, family: "Œuvrard", bytes: "\xbcuvrard"},
		{name: "8859/1", charset: hl7.Latin1, family: "Lefèvre", bytes: "Lef\xe8vre"},
		{name: "8859/1 has no ligature", charset: hl7.Latin1, family: "Œuvrard", fails: "PID-5"},
		{name: "ASCII has no accents", charset: hl7.ASCII, family: "Lefèvre", fails: "PID-5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, err := pam.DialectByName("")
			require.NoError(t, err)
			g := pam.NewGenerator(1, noon)
			p, err := g.Patient(pam.PatientSpec{Identity: pam.Provisional, Family: tc.family, Given: "Jean"})
			require.NoError(t, err)
			st, err := g.Stay(pam.StaySpec{})
			require.NoError(t, err)
			j := pam.NewJourney(g, d, tc.charset, pam.Partners{}, p, st)
			m, err := j.Message("admission", "A01", pam.Change{})
			if tc.fails != "" {
				var encoding *pam.EncodingError
				require.True(t, errors.As(err, &encoding))
				require.Equal(t, tc.fails, encoding.Location.String())
				require.Contains(t, encoding.Hint("en"), "ascii")
				require.Equal(t, pam.None, j.State())
				return
			}
			require.NoError(t, err)
			require.Contains(t, string(m.Bytes()), "~"+tc.bytes+"^Jean^", show(m))
			require.Equal(t, tc.family, m.Get("PID-5[.7=D].1"))
			require.Regexp(t, traitForm, m.Get("PID-5[.7=L].1"))
			require.Equal(t, string(tc.charset), m.Get("MSH-18"))
		})
	}
}
