package flatindex

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	require.Equal(t, []Token{{3, 2}, {5, 4}, {7, 3}, {9, 5}, {11, 1}}, Of([]byte("PID|1^2~3&4\r")))
}
