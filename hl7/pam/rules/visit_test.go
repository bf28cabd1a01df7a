package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// TestNatures: what becomes of the letters of ZBE-9, in a message that has all
// they announce.
func TestNatures(t *testing.T) {
	for _, c := range []struct {
		name, message, nature string
		settings              []string
		want                  []string
	}{
		{"a code of the list", "A01", "SM", nil, nil},
		{"letters in another order", "A01", "SMH", nil, []string{"info fr.zbe-9.order ZBE-9.1"}},
		{"another order, judged strictly", "A01", "HM", []string{"zbe9_combinations=error"}, []string{"must fr.zbe-9.order ZBE-9.1"}},
		{"another order, for advice", "A01", "HM", []string{"zbe9_combinations=warning"}, []string{"info fr.zbe-9.order ZBE-9.1"}},
		{"another order, not judged", "A01", "HM", []string{"zbe9_combinations=off"}, nil},
		{"a combination that is not in the list", "A01", "MD", nil, []string{"should fr.zbe-9.combination ZBE-9.1"}},
		{"a combination, judged strictly", "A01", "MD", []string{"zbe9_combinations=error"}, []string{"must fr.zbe-9.combination ZBE-9.1"}},
		{"a combination, not judged", "A01", "MD", []string{"zbe9_combinations=off"}, nil},
		{"an unknown letter", "A01", "HMX", nil, []string{"must fr.zbe-9.table ZBE-9.1"}},
		{"small letters", "A01", "hms", nil, []string{"must fr.zbe-9.table ZBE-9.1"}},
		{"a code with its text", "A01", "HMS^Toutes", nil, nil},
		{"correction of the status", "Z99", "C", nil, nil},
		{"correction with others, as vendors send it", "Z99", "HMSC", nil, []string{"should fr.zbe-9.combination ZBE-9.1"}},
		{"correction in an admission", "A01", "C", nil, []string{"must fr.zbe-9.correction ZBE-9"}},
		{"nothing", "A01", "", nil, []string{"must fr.zbe-9.required ZBE-9"}},
		{"nothing, tolerated", "A01", "", []string{"tolerant=on"}, []string{"should fr.zbe-9.required ZBE-9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := rules.Example{Messages: []string{c.message}, Settings: c.settings, Edits: []string{"ZBE-9 = " + c.nature}}
			require.Equal(t, c.want, about(judge(t, e, rules.Info), "zbe-9"))
		})
	}
}

// TestOneFaultOfTheMovement: what follows from a fault is not told beside it.
func TestOneFaultOfTheMovement(t *testing.T) {
	for _, c := range []struct {
		name, message string
		edits         []string
		want          []string
	}{
		{"no action", "A11", []string{"ZBE-4 ="}, []string{"must fr.zbe.field ZBE-4"}},
		{"wrong action", "A11", []string{"ZBE-4 = INSERT"}, []string{"must fr.zbe-4.cancel ZBE-4"}},
		{"insert with Z99", "Z99", []string{"ZBE-4 = INSERT"}, []string{"must fr.zbe-4.update ZBE-4"}},
		{"cancel with Z99", "Z99", []string{"ZBE-4 = CANCEL"}, []string{"must fr.zbe-4.update ZBE-4"}},
		{"an action in the place of the event", "A01", []string{"ZBE-6 = INSERT"}, []string{"must fr.zbe-6.empty ZBE-6"}},
		{"cancellation of nothing", "A12", []string{"ZBE-6 ="}, []string{"must fr.zbe-6.required ZBE-6"}},
		{"cancellation of an unknown event", "A12", []string{"ZBE-6 = A99"}, []string{"must fr.zbe-6.cancelled ZBE-6"}},
		{"class change taken back by its opposite", "A07", []string{"ZBE-4 = CANCEL", "ZBE-6 = A06"}, nil},
		{"class change taken back by itself", "A07", []string{"ZBE-4 = CANCEL", "ZBE-6 = A07"}, []string{"must fr.zbe-6.cancelled ZBE-6"}},
		{"class N in a movement", "A01", []string{"PV1-2 = N"}, []string{"must fr.pv1-2.class PV1-2"}},
		{"unknown class", "A01", []string{"PV1-2 = Q"}, []string{"must fr.table.closed PV1-2"}},
		{"no movement at all", "A02", []string{"- ZBE"}, []string{"must fr.zbe.required ZBE"}},
		{"correction of a discharge that does not say of what", "Z99/A03", []string{"ZBE-6 ="}, []string{"must fr.zbe-6.required ZBE-6"}},
		{"correction of a discharge that names no insertion", "Z99/A03", []string{"- ZFM", "ZBE-6 = A13"}, []string{"must fr.zbe-6.corrected ZBE-6"}},
		{"a unit by its name alone", "A01", []string{"ZBE-7 = CHIRURGIE"}, []string{"must fr.zbe-7.code ZBE-7.10"}},
		{"unknown type of a unit", "A01", []string{"ZBE-7.7 = XX"}, []string{"must fr.zbe-7.type ZBE-7.7"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, rules.Example{Messages: []string{c.message}, Edits: c.edits}, rules.Should))
		})
	}
}

// TestFrenchRulesElsewhere: what the rules of France say of other bases and
// versions, and how settings weigh them.
func TestFrenchRulesElsewhere(t *testing.T) {
	for _, c := range []struct {
		name, message   string
		edits, settings []string
		want            []string
	}{
		{"2.3.1 without the housing unit", "A01/fr-2.3.1", []string{"PV1-3.1 ="}, nil, []string{"must fr.pv1-3.housing PV1-3.1"}},
		{"2.3.1 with a wrong nature", "A01/fr-2.3.1", []string{"ZBE-9 = X"}, nil, []string{"must fr.zbe-9.table ZBE-9.1"}},
		{"2.3.1 with the account status too early", "A01/fr-2.3.1", []string{"PV1-41 = D"}, nil, []string{"must fr.pv1-41.event PV1-41"}},
		{"not in France", "A01/pam-2.5", []string{"PV1-41 = D", "PV1-44 ="}, nil, nil},
		{"remote monitoring", "A01/V", nil, nil, nil},
		{"2.10 with the authorisations of the DMP", "A01/2.10", []string{"ZFA-4 = N"}, nil, nil},
		{"2.11 with the authorisations of the DMP", "A01", []string{"ZFA-4 = N"}, nil, []string{"must fr.zfa.not-used ZFA-4"}},
		{"an unknown discharge", "A03", []string{"PV1-36 = Z"}, nil, []string{"should fr.table.user PV1-36"}},
		{"an unknown discharge, judged strictly", "A03", []string{"PV1-36 = Z"}, []string{"closed_tables_user_defined=error"}, []string{"must fr.table.user PV1-36"}},
		{"an unknown discharge, not judged", "A03", []string{"PV1-36 = Z"}, []string{"closed_tables_user_defined=off"}, nil},
		{"delete, tolerated", "A11", []string{"ZBE-4 = DELETE"}, []string{"tolerant=on"}, []string{"should fr.zbe-4.code ZBE-4"}},
		{"historic cancellation", "A12", []string{"ZBE-5 = Y"}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, rules.Example{Messages: []string{c.message}, Edits: c.edits, Settings: c.settings}, rules.Should))
		})
	}
}

// TestMovementTime: ZBE-2 and EVN-6 are compared as far as both go, and as
// instants where both have a zone.
func TestMovementTime(t *testing.T) {
	for _, c := range []struct {
		name, movement, event string
		ok                    bool
	}{
		{"the same", "20260302100000", "20260302100000", true},
		{"to the minute", "202603021000", "20260302100000", true},
		{"another minute", "202603021001", "20260302100000", false},
		{"one zone left out", "20260302100000+0100", "20260302100000", true},
		{"two zones, one instant", "20260302100000+0100", "20260302090000+0000", true},
		{"two zones, two instants", "20260302100000+0100", "20260302100000+0000", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := rules.Example{Messages: []string{"A02"}, Edits: []string{"ZBE-2 = " + c.movement, "EVN-6 = " + c.event}}
			found := about(judge(t, e, rules.Should), "zbe-2.event-time")
			require.Equal(t, c.ok, len(found) == 0, "%v", found)
		})
	}
}

// TestUnwantedField: a field that should not be there is the one fault, whatever
// stands in it.
func TestUnwantedField(t *testing.T) {
	e := rules.Example{Messages: []string{"A01", "ACK"}, Edits: []string{"MSA-3 = un^texte^avec des accents circonflexes"}}
	require.Equal(t, []string{"should ack.msa-text MSA-3"}, judge(t, e, rules.Info))
}

// TestAnswers: what any acknowledgement owes, whatever the answer calls itself.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []string
		edits    []string
		want     []string
	}{
		{"accepted", []string{"A01", "ACK"}, nil, nil},
		{"refused", []string{"A01", "ACK/AE"}, nil, nil},
		{"2.3.1", []string{"A01/2.3.1", "ACK/2.3.1"}, nil, nil},
		{"2.3.1, refused", []string{"A01/2.3.1", "ACK/2.3.1"}, []string{"MSA-1 = AE", "+ ERR|PID^1^3^101&Required field missing&HL70357 after MSA"}, nil},
		{"2.3.1, refused without a code", []string{"A01/2.3.1", "ACK/2.3.1"}, []string{"MSA-1 = AE", "+ ERR|PID^1^3 after MSA"}, []string{"must ack.err-form ERR-1"}},
		{"2.3.1, code of the other class", []string{"A01/2.3.1", "ACK/2.3.1"}, []string{"MSA-1 = AE", "+ ERR|^^^200&Unsupported&HL70357 after MSA"}, []string{"should ack.err-class ERR-1.4.1"}},
		{"enhanced mode", []string{"A01", "ACK"}, []string{"1: MSH-15 = AL", "MSA-1 = CA"}, nil},
		{"no code", []string{"A01", "ACK"}, []string{"MSA-1 ="}, []string{"must ack.code MSA-1"}},
		{"an unknown code", []string{"A01", "ACK"}, []string{"MSA-1 = OK"}, []string{"must ack.code MSA-1"}},
		{"not an acknowledgement", []string{"A01", "A02"}, []string{"- ZFM"}, []string{"must ack.type MSH-9.1"}},
		{"nobody knows what it answers", []string{"ACK"}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := judge(t, rules.Example{Messages: c.messages, Edits: c.edits}, rules.Should)
			if c.name == "not an acknowledgement" {
				require.Subset(t, found, c.want)
				return
			}
			require.Equal(t, c.want, found)
		})
	}
}

// about keeps the findings whose rule has a text in its id.
func about(found []string, text string) []string {
	var kept []string
	for _, f := range found {
		if strings.Contains(f, text) {
			kept = append(kept, f)
		}
	}
	return kept
}
