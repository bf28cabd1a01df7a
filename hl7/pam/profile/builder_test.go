package profile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

// tolerated are findings on our own messages that no rule makes a fault of:
// lengths of v2.3.1 that nobody keeps, a field that HL7 keeps for older versions.
var tolerated = schema.KindsOf(schema.TooLong, schema.FieldDeprecated, schema.NotSuggested)

// TestOurMessagesConform holds the messages of every dialect against the
// profile of its name.
func TestOurMessagesConform(t *testing.T) {
	for _, d := range pam.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			p, err := profile.Load(d.Name)
			require.NoError(t, err)
			found := map[string]string{}
			for seed := uint64(1); seed <= 20; seed++ {
				for _, m := range journey(t, d, seed) {
					for _, f := range hold(t, p, m) {
						if !tolerated.Has(f.Kind) && !p.Softens(&f) {
							found[fmt.Sprintf("%s %s %s %q", m.Header().Trigger, f.Kind, f.Location, m.Bytes()[f.Offset:f.Offset+f.Size])] = string(m.Bytes())
						}
					}
				}
			}
			for what, message := range found {
				t.Errorf("%s\n%s", what, strings.ReplaceAll(message, "\r", "\n"))
			}
		})
	}
}

func hold(t *testing.T, p *profile.Profile, m *hl7.Message) []schema.Finding {
	t.Helper()
	e := p.Event(m.Header().Trigger)
	require.NotNil(t, e, m.Header().Trigger)
	var match schema.Match
	e.Grammar.Match(m, &match)
	return append(match.Findings, schema.Checker{Version: p.Version}.Message(nil, m)...)
}

// journey builds messages of a stay from its creation to its cancellation.
func journey(t testing.TB, d pam.Dialect, seed uint64) []*hl7.Message {
	t.Helper()
	class, admission := "I", pam.Trigger("A01")
	if seed%2 == 0 {
		class, admission = "O", "A04"
	}
	g := pam.NewGenerator(seed, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	patient, err := g.Patient(pam.PatientSpec{})
	require.NoError(t, err)
	stay, err := g.Stay(pam.StaySpec{Class: class})
	require.NoError(t, err)
	j := pam.NewJourney(g, d, hl7.UTF8, pam.Partners{}, patient, stay)
	var messages []*hl7.Message
	for i, trigger := range []pam.Trigger{"A28", "A31", "A05", admission, "A02", "A12", "Z99", "A03", "A13", "A11", "A38"} {
		change := pam.Change{At: time.Duration(i) * time.Hour}
		if trigger == "A02" {
			change.Unit = &pam.Unit{Code: "9999", Label: "AUTRE"}
		}
		if ok, _ := d.Supports(trigger); !ok {
			continue
		}
		m, err := j.Message(fmt.Sprint(i), trigger, change)
		require.NoError(t, err, trigger)
		messages = append(messages, m)
	}
	return messages
}

// TestGoldenMessagesConform holds one message of every event of every dialect.
func TestGoldenMessagesConform(t *testing.T) {
	files, err := filepath.Glob("../testdata/golden/*/*.hl7")
	require.NoError(t, err)
	require.Greater(t, len(files), 150)
	for _, file := range files {
		p, err := profile.Load(filepath.Base(filepath.Dir(file)))
		require.NoError(t, err)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		m, err := hl7.Parse(data)
		require.NoError(t, err)
		if p.Event(m.Header().Trigger) == nil {
			require.Equal(t, "pam-2.5/A49.hl7", p.Name+"/"+filepath.Base(file), "IHE PAM does not have A49")
			continue
		}
		for _, f := range hold(t, p, m) {
			if !tolerated.Has(f.Kind) && !p.Softens(&f) {
				t.Errorf("%s: %s %s %q", file, f.Kind, f.Location, m.Bytes()[f.Offset:f.Offset+f.Size])
			}
		}
	}
}
