package profile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

// TestTypesSpeakFrench: whatever type a French message may have, it and its
// components have French names, also where a variant changes them.
func TestTypesSpeakFrench(t *testing.T) {
	for _, name := range []string{"pam-fr-2.11", "pam-fr-2.3.1", "adt-2.3.1"} {
		p, err := profile.Load(name)
		require.NoError(t, err)
		for _, typ := range p.Version.Types() {
			if typ.Name == "DT" {
				continue // a date in both languages
			}
			require.NotEqual(t, typ.Description, p.TypeName(typ.Name).FR, "%s %s", name, typ.Name)
			for _, c := range typ.Components {
				require.Truef(t, differs(p, typ, c.Number), "%s %s.%d has no French name: %s", name, typ.Name, c.Number, c.Name)
			}
		}
	}
}

// differs says whether a component has a French name of its own, or is called
// by a word that both languages have.
func differs(p *profile.Profile, typ *schema.TypeDef, n int) bool {
	both := map[string]bool{"Date": true, "Segment": true, "Suffixe": true}
	c := p.ComponentName(typ.Name, n)
	return c.FR != typ.Component(n).Name || both[c.FR]
}

func TestTypeNames(t *testing.T) {
	p, err := profile.Load("")
	require.NoError(t, err)
	require.Equal(t, "Identifiant avec autorité d'affectation", p.TypeName("CX").FR)
	require.Equal(t, "Extended Composite ID with Check Digit", p.TypeName("CX").EN)
	require.Equal(t, "Emplacement du patient", p.TypeName("PL-PV1-3").FR)
	require.Equal(t, "Type d'identifiant", p.ComponentName("CX-IN1-49", 5).FR)
	require.Equal(t, "Unité d'hébergement", p.ComponentName("PL-PV1-3", 1).FR)
	require.Zero(t, p.TypeName("NOT"))
}

// TestNamesOfProfiles: whoever asks which profiles there are hears of all of
// them, those with long headings too.
func TestNamesOfProfiles(t *testing.T) {
	for _, name := range []string{"adt-2.3.1", "pam-2.5", "pam-fr-2.7", "pam-fr-2.11.2"} {
		require.Contains(t, profile.Names(), name)
	}
}
