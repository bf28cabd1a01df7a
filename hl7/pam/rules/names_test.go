package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBeginsWithName(t *testing.T) {
	for _, tc := range []struct {
		list, name string
		want       bool
	}{
		{"JEANNE MARIE CECILE", "JEANNE", true},
		{"JEAN PIERRE MARIE", "JEAN-PIERRE", true},
		{"JEAN-PIERRE MARIE", "JEAN PIERRE", true},
		{"JEAN-PIERRE MARIE", "JEAN", true},
		{"N'GOLO", "N GOLO", true},
		{"N’GOLO", "N'GOLO", true},
		{"ÉLODIE  ANNE", "elodie", true},
		{"LŒTITIA", "LOETITIA", true},
		{"JEANNE", "JEANNE", true},
		{"JEANNE MARIE", "JEAN", false},
		{"MARIE CECILE", "JEANNE", false},
		{"MARIE JEANNE", "JEANNE", false},
		{"JEAN", "JEAN PAUL", false},
	} {
		require.Equal(t, tc.want, beginsWithName(tc.list, tc.name), "%s in %s", tc.name, tc.list)
	}
}
