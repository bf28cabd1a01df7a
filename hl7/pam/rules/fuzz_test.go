package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// FuzzJudge judges whatever can be parsed: nothing panics, and each finding has
// words in both languages and lies within the message.
func FuzzJudge(f *testing.F) {
	for _, name := range rules.Samples() {
		m, err := rules.Sample(name)
		require.NoError(f, err)
		f.Add(m.Bytes())
	}
	f.Add([]byte("MSH|^~\\&|||||||ADT^A01|1|P|2.5\rPID\rPV1|||||||\rZBE|||||||||||||||"))
	f.Add([]byte("MSH|^~\\&|||||||ADT^A01|1|P|2.5\rZBE|||||INSERT|N||||HMS"))
	f.Add([]byte("MSH*:;!?*A*B*C*D*20260302**ADT:A01:ADT_A01*1*P*2.5:FRA:2.11\rPID***1::::PI;2::::INS"))
	var judges []*rules.Judge
	for _, dialect := range []string{"auto", "pam-fr-2.11", "pam-fr-2.7", "pam-fr-2.3.1", "pam-2.5", "adt-2.3.1", "adt-2.3.1+pid-2.5.1"} {
		j, err := rules.New(rules.Options{Dialect: dialect})
		require.NoError(f, err)
		judges = append(judges, j)
	}
	var report rules.Report
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := hl7.Parse(data)
		if err != nil {
			return
		}
		for _, j := range judges {
			j.Message(&report, m)
			report.Verdict(true)
			for i := range report.Findings {
				finding := &report.Findings[i]
				for _, lang := range []string{"fr", "en"} {
					require.NotEmpty(t, finding.Message(lang), finding.Rule.ID)
					require.NotEmpty(t, finding.Hint(lang), finding.Rule.ID)
					finding.Expected(lang)
				}
				require.GreaterOrEqual(t, finding.Offset, 0)
				require.LessOrEqual(t, finding.Offset+finding.Size, len(m.Bytes()), finding.Rule.ID)
				require.Less(t, finding.Segment, m.NumSegments()+1)
			}
		}
		j := judges[0]
		j.Ack(&report, m, m)
		require.NotEmpty(t, report.Why().EN)
	})
}
