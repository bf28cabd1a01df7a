package explain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules/explain"
)

// TestNames: the names that findings, hints and partners lead to.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		name, asked string
		fr, en      []string // what the pages say
	}{
		{"excluded in France", "A08", []string{"A08 · n'est pas un événement de PAM.fr", "A08 est exclu en France", "fr.msh-9.a08", "pam-2.5"}, []string{"A08 is excluded in France", "A31, Z99"}},
		{"not of PAM", "a17", []string{"HL7 connaît cet événement", "ADT^A17^ADT_A17", "hl7.msh-9.event"}, []string{"HL7 knows this event"}},
		{"of the past", "Z80", []string{"Z80 n'existe plus depuis PAM.fr 2.7", "fr.msh-9.z80"}, []string{"no longer exists", "A02, A12"}},
		{"excluded event in MSH-9", "ADT^A08^ADT_A01", []string{"A08 est exclu en France"}, []string{"A08 is excluded"}},
		{"date and time", "DTM", []string{"AAAA[MM[JJ[HH[MM[SS]]]]]", "20260302100500"}, []string{"YYYY[MM[DD[HH[MM[SS]]]]]", "20260302100500"}},
		{"date", "DT", []string{"AAAA[MM[JJ]]", "20260302"}, []string{"YYYY[MM[DD]]"}},
		{"number", "NM", []string{"ni virgule", "72.5"}, []string{"no comma", "72.5"}},
		{"order", "SI", []string{"1 à 4 chiffres"}, []string{"1 to 4 digits"}},
		{"text", "ST", []string{"sans espace au début", `\F\`}, []string{"without a blank"}},
		{"code of HL7", "ID", []string{"tel que la table du champ l'écrit"}, []string{"as the table of the field writes it"}},
		{"code of users", "IS", []string{"VALI"}, []string{"VALI"}},
		{"component", "PID-5.7", []string{"PID-5.7 · Type de nom", "XPN.7", "Codes de la table 0200", "fr.xpn-7.code", "PID-5 · Nom du patient"}, []string{"PID-5.7 · Name Type Code", "Codes of table 0200", "PID-5 · Patient Name"}},
		{"sub-component", "PID-3[2].4.2", []string{"PID-3.4.2 · Identifiant universel", "HD.2", "fr.hd-2.finess", "PID-3 · Identifiants du patient"}, []string{"PID-3.4.2 · Universal ID"}},
		{"component of a type", "XPN.7", []string{"XPN.7 · Type de nom", "Composants de XPN"}, []string{"XPN.7 · Name Type Code"}},
		{"component with components", "PID-3.4", []string{"PID-3.4 · Autorité d'affectation", "Composants de HD"}, []string{"Components of HD"}},
		{"date of a component", "TS.1", []string{"AAAA[MM", "20260302100500"}, []string{"YYYY[MM"}},
		{"structure", "adt_a01", []string{"ADT_A01 · structure de message", "Admission hospitalisé", "Z99", "INSURANCE( IN1"}, []string{"ADT_A01 · message structure"}},
		{"event in MSH-9", "ADT^A01", []string{"A01 · Admission hospitalisé"}, []string{"A01 · "}},
		{"the whole MSH-9", "ADT^A01^ADT_A01", []string{"A01 · Admission hospitalisé"}, []string{"A01 · "}},
		{"acknowledgement", "ACK^A01^ACK", []string{"ACK · "}, []string{"ACK · "}},
		{"table of HL7", "HL70203", []string{"0203 · Type d'identifiant"}, []string{"0203 · "}},
		{"open question", "q-07", []string{"Q-07 · question ouverte", "zbe9_combinations", "fr.zbe-9.combination", "ZBE-9"}, []string{"open question"}},
		{"dialect", "pam-fr-2.11", []string{"PAM.fr 2.11.2 sur HL7 2.5", "HL7, IHE PAM, France", "MSH-12.3", "--dialect pam-fr-2.11"}, []string{"layers", "announces version 2.11"}},
		{"profile", "pam-fr-2.7", []string{"annonce la version 2.7"}, []string{"announces version 2.7"}},
		{"dialect without France", "PAM-2.5", []string{"sans aucun signe de la France"}, []string{"without any sign of France"}},
		{"mixed dialect", "adt-2.3.1+pid-2.5.1", []string{"après PID-30"}, []string{"behind PID-30"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			requirePage(t, load(t, ""), c.asked)
			for lang, words := range map[string][]string{"fr": c.fr, "en": c.en} {
				text := page(t, c.asked, lang)
				for _, w := range words {
					require.Contains(t, text, w)
				}
			}
		})
	}
}

// TestDidYouMean: what is said of names that are almost one.
func TestDidYouMean(t *testing.T) {
	for _, c := range []struct{ asked, near, fr, en string }{
		{"A99", "A09", "« A99 » n'est pas un événement de PAM.fr", "A99 is no event of PAM.fr"},
		{"B01", "A01", "n'est pas un événement", "is no event"},
		{"zbe9", "ZBE-9", "", ""},
		{"zbe_9", "ZBE-9", "", ""},
		{"fr.zbe9", "fr.zbe-9.bed", "", ""},
		{"PID-99", "PID-39", "PID-99 n'existe pas : PID a 39 champs", "PID-99 does not exist: PID has 39 fields"},
		{"zbe-10", "ZBE-9", "ZBE-10 n'existe pas : ZBE a 9 champs", "ZBE-10 does not exist: ZBE has 9 fields"},
		{"PID-5.99", "XPN", "PID-5.99 n'existe pas : PID-5 est du type XPN", "PID-5.99 does not exist: PID-5 is of type XPN"},
		{"PID-8.2", "PID-8", "PID-8.2 n'existe pas : PID-8 est du type IS", "PID-8.2 does not exist"},
		{"ins_kee", "ins_key", "", ""},
		{"PI", "PID", "", ""},
	} {
		t.Run(c.asked, func(t *testing.T) {
			_, err := explain.Find(load(t, ""), c.asked, "en")
			var unknown *explain.UnknownError
			require.ErrorAs(t, err, &unknown)
			require.Contains(t, unknown.Near, c.near)
			require.Contains(t, unknown.In("fr"), c.fr)
			require.Contains(t, unknown.In("en"), c.en)
			require.Contains(t, unknown.Hint("en"), "did you mean")
		})
	}
}
