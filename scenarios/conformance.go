package scenarios

import "github.com/pamlab/pamlab/hl7/pam/rules"

// judges hold messages against the rules of HL7, IHE PAM and France, with the
// settings of the candidate file.
type judges struct {
	// ours judges by the candidate's dialect, which is what we build in;
	// announced by what each message says that it is.
	ours, announced *rules.Judge
	fault           error // why there are none: a fault of the program
}

func newJudges(c *Candidate) judges {
	ours, err := rules.New(rules.Options{Dialect: c.profile(), Settings: c.Conformance})
	if err != nil {
		return judges{fault: err}
	}
	announced, err := rules.New(rules.Options{Settings: c.Conformance})
	return judges{ours, announced, err}
}
