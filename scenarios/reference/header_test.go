package reference

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// What the header announces and the DMN does not take is a rejection (AR), with
// the code of its field, never an error that a correction of the data would mend.
func TestHeaderIsRejected(t *testing.T) {
	for name, c := range map[string]struct {
		message *hl7.Message
		code    int
	}{
		"type":                  {sample(t, "A01", "MSH-9.1", "ORU"), hl7.ConditionMessageType},
		"structure":             {sample(t, "A01", "MSH-9.3", "ADT_A05"), hl7.ConditionMessageType},
		"event":                 {sample(t, "A01", "MSH-9.2", "A99"), hl7.ConditionEvent},
		"processing id":         {sample(t, "A01", "MSH-11.1", "X"), hl7.ConditionProcessingID},
		"processing mode":       {sample(t, "A01", "MSH-11.2", "X"), hl7.ConditionProcessingID},
		"newer version":         {sample(t, "A01/pam-2.5", "MSH-12.1", "2.8"), hl7.ConditionVersion},
		"no version of HL7":     {sample(t, "A01/2.3.1", "MSH-12.1", "2.3.9"), hl7.ConditionVersion},
		"version that ended":    {sample(t, "A01/2.3.1", "MSH-12.1", "2.2"), hl7.ConditionVersion},
		"of another country":    {sample(t, "A01", "MSH-12.2", "DEU"), hl7.ConditionVersion},
		"without the extension": {sample(t, "A01", "MSH-12.2", ""), hl7.ConditionVersion},
	} {
		t.Run(name, func(t *testing.T) {
			r := answerTo(t, strict(t, Options{}), c.message)
			require.Equal(t, hl7.AR, r.Code)
			require.Len(t, r.Errors, 1)
			require.Equal(t, c.code, r.Errors[0].Code)
		})
	}
}
