package leak

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLeftIn(t *testing.T) {
	release, begun := make(chan struct{}), make(chan struct{})
	go func() {
		close(begun)
		<-release
	}()
	<-begun
	defer close(release)
	require.Empty(t, leftIn([]string{"pamlab/mllp."}))
	require.Empty(t, leftIn(nil))
	stacks := leftIn([]string{"testing.(*T).Run"})
	require.NotEmpty(t, stacks, "the goroutine that runs the tests is in package testing")
	require.Contains(t, stacks[0], "testing.(*T).Run")
}

func TestCheckKeepsAFailure(t *testing.T) {
	require.Equal(t, 2, Check(2, "testing.(*T).Run"))
	require.Equal(t, 0, Check(0, "nobody is here"))
}
