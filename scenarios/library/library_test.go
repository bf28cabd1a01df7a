package library_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/library"
)

func TestEveryScenarioLoadsUnderItsOwnID(t *testing.T) {
	require.NotEmpty(t, library.IDs())
	for _, id := range library.IDs() {
		t.Run(id, func(t *testing.T) {
			s, err := library.Load(id)
			require.NoError(t, err)
			require.Equal(t, id, s.ID)
			require.NotEmpty(t, s.Title.FR)
			require.NotEmpty(t, s.Title.EN)
		})
	}
}
