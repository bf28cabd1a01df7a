package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

// The scenarios for a GAM wait for one place to listen at: side by side, each would
// be told with the time that it waited for another.
func TestScenariosForAGAMOneAtATime(t *testing.T) {
	o := &runOptions{jobs: 4}
	require.Equal(t, 1, o.atOnce(scenarios.GAM, false))
	require.Equal(t, 4, o.atOnce(scenarios.GAM, true))
	require.Equal(t, 4, o.atOnce(scenarios.DMN, false))
}
