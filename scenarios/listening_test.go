package scenarios

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestListening(t *testing.T) {
	list, err := ParseListening(filepath.Join("etc", "dmn.yaml"), []byte(`
listeners:
  - name: urgences
    address: 127.0.0.1:0
    dialect: adt-2.3.1
    application: DMN-URG
    supports: [A01, A03]
    lenient: true
  - name: bloc
    address: 127.0.0.1:2576
    bugs: [always-aa]
    reply: rules.yaml
    tls: {ca: pki/ca.pem, cert: /etc/dmn.pem, key: pki/key.pem, crl: [pki/crl.pem]}
`))
	require.NoError(t, err)
	require.Equal(t, []Listening{
		{Name: "urgences", Address: "127.0.0.1:0", Dialect: "adt-2.3.1", Application: "DMN-URG", Supports: []string{"A01", "A03"}, Lenient: true},
		{Name: "bloc", Address: "127.0.0.1:2576", Bugs: []string{"always-aa"}, Reply: filepath.Join("etc", "rules.yaml"), TLS: &TLS{
			CA: filepath.Join("etc", "pki", "ca.pem"), Cert: "/etc/dmn.pem", Key: filepath.Join("etc", "pki", "key.pem"), CRL: []string{filepath.Join("etc", "pki", "crl.pem")},
		}},
	}, list)
}

func TestListeningFaults(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"none", "listeners: []", "dmn.yaml:1:12: it takes 1 to 64 listeners"},
		{"no address", "listeners:\n  - name: a", `dmn.yaml:2:5: the key "address" is missing`},
		{"bad address", "listeners:\n  - {name: a, address: here}", `dmn.yaml:2:24: "here" is no address`},
		{"twins", "listeners:\n  - {name: a, address: \"127.0.0.1:1\"}\n  - {name: a, address: \"127.0.0.1:2\"}", `dmn.yaml:3:12: two listeners are called "a"`},
		{"unknown key", "listeners:\n  - {name: a, address: \"127.0.0.1:1\", adress: x}", `unknown key "adress"`},
		{"unknown dialect", "listeners:\n  - {name: a, address: \"127.0.0.1:1\", dialect: klingon}", "klingon"},
		{"half an identity", "listeners:\n  - {name: a, address: \"127.0.0.1:1\", tls: {ca: x}}", `the key "cert" is missing`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseListening("dmn.yaml", []byte(tt.text))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func FuzzListening(f *testing.F) {
	f.Add("listeners:\n  - {name: a, address: \"127.0.0.1:1\", tls: {ca: x, cert: y, crl: [z]}}")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = ParseListening("dmn.yaml", []byte(text))
	})
}
