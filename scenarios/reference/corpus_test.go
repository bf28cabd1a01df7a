package reference

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/internal/corpus"
)

// TestCorpus gives every message that others have written to one DMN, folder by
// folder and in order: whatever they hold, each gets one answer that can be
// read, and none is an internal failure.
func TestCorpus(t *testing.T) {
	root := corpus.Dir(t)
	d := newDMN(t, Options{})
	answers := map[hl7.AckCode]int{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".hl7" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		messages, _ := hl7.Split(data) // what is no message is tried whole
		if len(messages) == 0 {
			messages = []hl7.Raw{{Data: data}}
		}
		for _, m := range messages {
			h, v := d.judge(t.Context(), m.Data)
			if v.outcome == Ignored {
				continue
			}
			for _, e := range v.errors {
				require.NotEqual(t, hl7.ConditionInternal, e.Code, path)
			}
			if h.AcceptAck == "NE" && h.ApplicationAck == "NE" {
				continue
			}
			ack, err := hl7.ReadAck(d.compose(h, v))
			require.NoError(t, err, path)
			require.Equal(t, h.ControlID, ack.MessageID, path)
			answers[ack.Code]++
		}
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, answers[hl7.AA])
	t.Logf("answers: %v", answers)
}
