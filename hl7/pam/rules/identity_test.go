package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// TestINSLayer: the profiles in which an INS may travel are judged by the rules
// on it.
func TestINSLayer(t *testing.T) {
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		require.NoError(t, err)
		if p.PAM != "" || name == "adt-2.3.1+pid-2.5.1" {
			require.Contains(t, p.Layers, "ins", name)
		} else {
			require.NotContains(t, p.Layers, "ins", name)
		}
	}
}

// TestIdentityFaults: one fault is one finding, and what is allowed is none.
func TestIdentityFaults(t *testing.T) {
	const ins = "PID-3[2]"
	for _, tc := range []struct {
		name     string
		of       string // the message that is edited
		edits    []string
		settings []string
		want     []string // at the levels must and should
	}{
		// the number: the vectors of the national digest
		{name: "NIR", of: "A28", edits: []string{ins + ".1 = 260058815400233"}},
		{name: "NIR of 1976", of: "A28", edits: []string{ins + ".1 = 276037510669326"}},
		{name: "NIR of a man", of: "A28", edits: []string{ins + ".1 = 185057800608491"}},
		{name: "Corse-du-Sud", of: "A28", edits: []string{ins + ".1 = 118052A00400364"}},
		{name: "Haute-Corse", of: "A28", edits: []string{ins + ".1 = 299122B03300169"}},
		{name: "unknown place", of: "A28", edits: []string{ins + ".1 = 208019999999926"}},
		{name: "key as printed", of: "A28", edits: []string{ins + ".1 = 260058815400244"}, want: []string{"must ins.pid-3.key PID-3[2].1"}},
		{name: "key as printed, second", of: "A28", edits: []string{ins + ".1 = 276037510669380"}, want: []string{"must ins.pid-3.key PID-3[2].1"}},
		{name: "key for advice", of: "A28", edits: []string{ins + ".1 = 260058815400244"}, settings: []string{"ins_key=warning"}, want: []string{"should ins.pid-3.key PID-3[2].1"}},
		{name: "key not judged", of: "A28", edits: []string{ins + ".1 = 260058815400244"}, settings: []string{"ins_key=off"}},
		{name: "Corsica with the key of 20", of: "A28", edits: []string{ins + ".1 = 118052A00400365"}, want: []string{"must ins.pid-3.key PID-3[2].1"}},
		{name: "without key", of: "A28", edits: []string{ins + ".1 = 2600588154002"}, want: []string{"must ins.pid-3.length PID-3[2].1"}},
		{name: "too long", of: "A28", edits: []string{ins + ".1 = 2600588154002333"}, want: []string{"must ins.pid-3.length PID-3[2].1"}},
		{name: "small letter", of: "A28", edits: []string{ins + ".1 = 118052a00400364"}, want: []string{"must ins.pid-3.format PID-3[2].1"}},
		{name: "letter in the wrong place", of: "A28", edits: []string{ins + ".1 = 11805A200400364"}, want: []string{"must ins.pid-3.format PID-3[2].1"}},
		{name: "letter in the key", of: "A28", edits: []string{ins + ".1 = 2600588154002A3"}, want: []string{"must ins.pid-3.format PID-3[2].1"}},

		// its authority
		{name: "OID of the INS-C", of: "A28", edits: []string{ins + ".4.2 = 1.2.250.1.213.1.4.2"}, want: []string{"must ins.pid-3.oid PID-3[2].4.2"}},
		{name: "unknown OID and namespace", of: "A28", edits: []string{ins + ".4.1 = INSEE", ins + ".4.2 = 1.2.3"}, want: []string{"must ins.pid-3.oid PID-3[2].4.2"}},
		{name: "no OID", of: "A28", edits: []string{ins + ".4.2 =", ins + ".4.3 ="}, want: []string{"must ins.pid-3.oid PID-3[2].4.2"}},
		{name: "no authority", of: "A28", edits: []string{ins + ".4 ="}, want: []string{"must fr.cx-4.missing PID-3[2].4"}},
		{name: "no namespace", of: "A28", edits: []string{ins + ".4.1 ="}, want: []string{"must ins.pid-3.namespace PID-3[2].4.1"}},
		{name: "namespace of the NIA", of: "A28", edits: []string{ins + ".4.1 = ASIP-SANTE-INS-NIA"}, want: []string{"must ins.pid-3.namespace PID-3[2].4.1"}},
		{name: "NIA", of: "A28", edits: []string{ins + ".4.1 = ASIP-SANTE-INS-NIA", ins + ".4.2 = 1.2.250.1.213.1.4.9"}},
		{name: "no type of OID", of: "A28", edits: []string{ins + ".4.3 ="}, want: []string{"must fr.hd-3.missing PID-3[2].4.3"}},
		{name: "OID as a type", of: "A28", edits: []string{ins + ".4.3 = OID"}, want: []string{"must ins.pid-3.iso PID-3[2].4.3"}},
		{name: "no type of identifier", of: "A28", edits: []string{ins + ".5 ="}, want: []string{"must ins.pid-3.type PID-3[2].5"}},
		{name: "dates", of: "A28", edits: []string{ins + ".8 = 20301231"}, want: []string{"must ins.pid-3.dates PID-3[2].8"}},

		// its environment
		{name: "test in production", of: "A28", edits: []string{ins + ".4.2 = 1.2.250.1.213.1.4.11"}, want: []string{"must ins.pid-3.test-oid PID-3[2].4.2"}},
		{name: "test announced", of: "A28", edits: []string{"MSH-11 = T", ins + ".4.2 = 1.2.250.1.213.1.4.10"}},
		{name: "test in test", of: "A28", edits: []string{ins + ".4.2 = 1.2.250.1.213.1.4.10"}, settings: []string{"ins_environment=test"}},
		{name: "test anywhere", of: "A28", edits: []string{ins + ".4.2 = 1.2.250.1.213.1.4.10"}, settings: []string{"ins_environment=any"}},
		{name: "production in test", of: "A28", settings: []string{"ins_environment=test"}, want: []string{"should ins.pid-3.production-oid PID-3[2].4.2"}},
		{name: "production anywhere", of: "A28", settings: []string{"ins_environment=any"}},
		{name: "NIA in test", of: "A28", edits: []string{ins + ".4.1 = ASIP-SANTE-INS-NIA", ins + ".4.2 = 1.2.250.1.213.1.4.9"}, settings: []string{"ins_environment=test"}},

		// the status
		{name: "INS without status", of: "A28", edits: []string{"PID-32 ="}, want: []string{"must ins.pid-32.vali PID-32"}},
		{name: "INS of a retrieved identity", of: "A28", edits: []string{"PID-32 = PROV"}, want: []string{"must ins.pid-32.vali PID-32"}},
		{name: "INS and QUAL", of: "A28", edits: []string{"PID-32 = VALI~QUAL"}, want: []string{"must fr.pid-32.code PID-32[2]"}},
		{name: "no status", of: "A28/prov", edits: []string{"PID-32 ="}, want: []string{"should fr.pid-32.missing PID-32"}},
		{name: "no status, strictly", of: "A28/prov", edits: []string{"PID-32 ="}, settings: []string{"pid32_required=error"}, want: []string{"must fr.pid-32.missing PID-32"}},
		{name: "no status, freely", of: "A28/prov", edits: []string{"PID-32 ="}, settings: []string{"pid32_required=off"}},
		{name: "AL of IHE", of: "A28/prov", edits: []string{"PID-32 = AL"}, want: []string{"should fr.pid-32.code PID-32"}},
		{name: "doubtful homonym", of: "A28/prov", edits: []string{"PID-32 = PROV~DOUT~HOMA"}},
		{name: "validated homonym", of: "A28", edits: []string{"PID-32 = VALI~HOMA"}},
		{name: "doubtful alone", of: "A28/prov", edits: []string{"PID-32 = DOUT"}, want: []string{"should fr.pid-32.attribute-alone PID-32"}},
		{name: "fictitious and validated", of: "A28/prov", edits: []string{"PID-32 = VALI~FICT"}, want: []string{"must fr.pid-32.doubtful PID-32"}},

		// names
		{name: "pseudonym alone", of: "A28/prov", edits: []string{"PID-5.7 = S"}},
		{name: "unspecified alone", of: "A28/prov", edits: []string{"PID-5.7 = U"}, want: []string{"must fr.pid-5.legal-name PID-5"}},
		{name: "unspecified alone, leniently", of: "A28/prov", edits: []string{"PID-5.7 = U"}, settings: []string{"pid5_legal_name=warning"}, want: []string{"should fr.pid-5.legal-name PID-5"}},
		{name: "unspecified alone with an INS", of: "A28", edits: []string{"PID-5[1].7 = U"}, settings: []string{"pid5_legal_name=warning"}, want: []string{"must ins.pid-5.birth-name PID-5"}},
		{name: "unknown patient", of: "A28/prov", edits: []string{"PID-31 = Y", "PID-5.7 = U"}},
		{name: "type forbidden in France", of: "A28/prov", edits: []string{"PID-5.7 = M"}, want: []string{"must fr.xpn-7.code PID-5.7"}},
		{name: "type forbidden in France, tolerated", of: "A28/prov", edits: []string{"PID-6 = MOULIN^^^^^^M"}, settings: []string{"tolerant=on"}},
		{name: "shifted by one", of: "A28/prov", edits: []string{"PID-5 = RIVIERE^ELODIE^^^^Mme^^L"}, want: []string{"must fr.xpn.shifted PID-5.8"}},
		{name: "no type of name", of: "A28", edits: []string{"PID-5[1].7 ="}, want: []string{"must fr.xpn-7.missing PID-5.7"}},
		{name: "no birth name", of: "A28/prov", edits: []string{"PID-5 = ^^^^^^L"}, want: []string{"should fr.pid-5.empty-name PID-5.1"}},
		{name: "name nulled", of: "A28/prov", edits: []string{`PID-5[2] = ""^ELODIE^^^^^D`}},
		{name: "only a given name is used", of: "A28/prov", edits: []string{"PID-5[2] = ^LILI^^^^^D"}},
		{name: "accent in a strict trait", of: "A28", edits: []string{"PID-5[1].2 = ANDRÉ"}, want: []string{"should ins.pid-5.strict PID-5.2"}},
		{name: "all in small letters", of: "A28", edits: []string{"PID-5[1].1 = lemoine", "PID-5[1].2 = andre", "PID-5[1].3 = andre paul"}, want: []string{"should ins.pid-5.strict PID-5.1"}},

		// dates and places
		{name: "month alone with an INS", of: "A28", edits: []string{"PID-7 = 200101"}, want: []string{"must ins.pid-7.date PID-7"}},
		{name: "no date with an INS", of: "A28", edits: []string{"PID-7 ="}, want: []string{"must ins.pid-7.date PID-7"}},
		{name: "month alone without", of: "A28/prov", edits: []string{"PID-7 = 200801"}},
		{name: "time of birth", of: "A28", edits: []string{"PID-7 = 200101141230"}},
		{name: "Corsican commune", of: "A28", edits: []string{"PID-11[2].9 = 2B033"}},
		{name: "unknown commune", of: "A28", edits: []string{"PID-11[2].9 = 99999"}},
		{name: "commune of four digits", of: "A28", edits: []string{"PID-11[2].9 = 9352"}, want: []string{"must ins.pid-11.cog PID-11[2].9"}},
		{name: "department 2C", of: "A28", edits: []string{"PID-11[2].9 = 2C033"}, want: []string{"must ins.pid-11.cog PID-11[2].9"}},
		{name: "code of another address", of: "A28", edits: []string{"PID-11[1].9 = CEDEX 03"}},
		{name: "no birth place", of: "A28", edits: []string{"PID-11[2] ="}, want: []string{"must ins.pid-11.birth-place PID-11"}},
		{name: "unknown type of the mother's identifier", of: "A28/prov", edits: []string{"PID-21 = 100003^^^CHU&990000017&N^XX"}, want: []string{"must fr.cx-5.code PID-21.5"}},
		{name: "birth order in words", of: "A28/prov", edits: []string{"PID-25 = A"}, want: []string{"must hl7.type.format PID-25"}},
		{name: "update to the minute", of: "A31", edits: []string{"PID-33 = 202603011600"}},

		// A47
		{name: "INS changed", of: "A47"},
		{name: "INS deleted", of: "A47/ins"},
		{name: "INS deleted, identity still validated", of: "A47/ins", edits: []string{"PID-32 = VALI"}},
		{name: "deletion without traits", of: "A47/ins", edits: []string{"PID-7 =", "PID-8 = U", "PID-11[2] ="}},
		{name: "deletion with a wrong authority", of: "A47/ins", edits: []string{ins + ".4.2 = 1.2.250.1.213.1.4.9"}, want: []string{"must ins.pid-3.namespace PID-3[2].4.1"}},
		{name: "nothing changes", of: "A47", edits: []string{"MRG-1.1 = 101019935200169"}, want: []string{"must ins.mrg-1.same MRG-1.1"}},
		{name: "changed without VALI", of: "A47", edits: []string{"PID-32 = PROV"}, want: []string{"must ins.pid-32.vali PID-32"}},
		{name: "old INS without type", of: "A47", edits: []string{"MRG-1.5 ="}, want: []string{"must ins.mrg-1.type MRG-1.5"}},
		{name: "deleted by A31", of: "A31", edits: []string{ins + `.1 = ""`, "PID-32 = PROV"}, want: []string{"must ins.pid-3.deletion PID-3[2].1"}},

		// types
		{name: "authority of nothing but a type", of: "A28/prov", edits: []string{"PID-3 = 100002^^^&&N^PI"}, want: []string{"must fr.hd.unnamed PID-3.4.1"}},
		{name: "authority without name", of: "A28/prov", edits: []string{"PID-3 = 100002^^^&990000017&N^PI"}, want: []string{"should fr.hd-1.missing PID-3.4.1"}},
		{name: "authority without name, strictly", of: "A28/prov", edits: []string{"PID-3 = 100002^^^&990000017&N^PI"}, settings: []string{"hd1_required=error"}, want: []string{"must fr.hd-1.missing PID-3.4.1"}},
		{name: "facility with a type only", of: "A28/prov", edits: []string{"PID-34 = 990000017^^M"}, want: []string{"must fr.hd-2.missing PID-34.2"}},
		{name: "old place of a telephone number", of: "A28/prov", edits: []string{"PID-13 = ^PRN^PH^^^^0199001234"}, want: []string{"must fr.xtn.not-used PID-13.7"}},
		{name: "address deleted", of: "A28/prov", edits: []string{`PID-13 = ""`}},
		{name: "country of two letters", of: "A28/prov", edits: []string{"PID-11.6 = FR"}, want: []string{"must fr.xad-6.letters PID-11.6"}},
		{name: "unknown country, strictly", of: "A28/prov", edits: []string{"PID-11.6 = ZZZ"}, settings: []string{"closed_tables_user_defined=error"}, want: []string{"must fr.table.country PID-11.6"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := rules.Example{Messages: []string{tc.of}, Edits: tc.edits, Settings: tc.settings}
			if len(tc.want) == 0 {
				require.Empty(t, judge(t, e, rules.Should))
				return
			}
			require.Equal(t, tc.want, judge(t, e, rules.Should))
		})
	}
}

// TestWordsOfKey: the finding about a wrong key says which one is right.
func TestWordsOfKey(t *testing.T) {
	list, err := rules.Example{Messages: []string{"A28"}, Edits: []string{"PID-3[2].1 = 260058815400244"}}.Build()
	require.NoError(t, err)
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	var r rules.Report
	j.Message(&r, list[0])
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Rule.ID == "ins.pid-3.key" {
			require.Equal(t, "PID-3[2].1 vaut « 260058815400244 » : la clé de ces treize premiers caractères serait 33", f.Message("fr"))
			require.Equal(t, "the key 33", f.Expected("en"))
			return
		}
	}
	t.Fatal("the wrong key is not found")
}
