package doctor

import (
	"crypto/tls"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// What an examination offers is what every other command does.
func TestOurSuitesAreThoseOfTheOtherCommands(t *testing.T) {
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	config, err := mllp.Files{CA: filepath.Join(dir, "ca.pem")}.ClientConfig()
	require.NoError(t, err)
	ours := slices.DeleteFunc(ourSuites(), func(id uint16) bool { return id>>8 == tls.TLS_AES_128_GCM_SHA256>>8 }) // those of TLS 1.3 cannot be chosen
	require.ElementsMatch(t, config.CipherSuites, ours)
	require.Equal(t, config.MinVersion, ourOffer(nil).min)
}
