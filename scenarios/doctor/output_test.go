package doctor_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/doctor"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// What changes from one run to the next is replaced by a word of its own.
var changing = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`<1 ms|\b\d+ ms|\b\d+(\.\d)? s\b`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d UTC`), "DATE"},
}

// The output, in both languages, of an examination where all is well and of some
// where much is not.
func TestOutput(t *testing.T) {
	h := newHouse(t)
	root := newAuthority(t, "root", nil)
	much := &tls.Config{
		MinVersion: tls.VersionTLS10,
		Certificates: []tls.Certificate{root.server(t, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = c.NotBefore.AddDate(-1, 0, 0), time.Now().Add(-time.Minute)
			c.IPAddresses, c.DNSNames = nil, []string{"dmn.example.test", "\x1b[31mred"}
		})},
	}
	cases := []struct {
		name string
		opt  func(t *testing.T) doctor.Options
	}{
		{"well", func(t *testing.T) doctor.Options { return doctor.Options{Addr: startDMN(t, &h), Files: h.files("gam")} }},
		{"plain", func(t *testing.T) doctor.Options { return doctor.Options{Addr: startDMN(t, nil)} }},
		{"peer-tls", func(t *testing.T) doctor.Options { return doctor.Options{Addr: startDMN(t, &h)} }},
		{"much", func(t *testing.T) doctor.Options {
			return doctor.Options{Files: h.files("gam"), Addr: tlsServer(t, much, func(m []byte) []byte {
				return bytes.ReplaceAll(acknowledgeAt(time.Now().Add(time.Hour))(m), []byte("MSA|AR"), []byte("MSA|AA"))
			})}
		}},
		{"closed", func(t *testing.T) doctor.Options {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			return doctor.Options{Addr: l.Addr().String()}
		}},
	}
	for _, c := range cases {
		opt := c.opt(t)
		r := examine(t, opt)
		for _, lang := range []string{"en", "fr"} {
			t.Run(c.name+" "+lang, func(t *testing.T) {
				got := printed(r, lang)
				for _, change := range changing {
					got = change.what.ReplaceAllString(got, change.by)
				}
				golden := filepath.Join("testdata", c.name+"."+lang+".txt")
				if *update {
					require.NoError(t, os.MkdirAll("testdata", 0o755))
					require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				require.Equal(t, string(want), got)
				require.False(t, strings.ContainsRune(got, 0x1b), "what a peer sent must not reach the terminal")
			})
		}
	}
}

const schemaFile = "../../docs/doctor.schema.json"

// validate holds a report to the published schema, with members that it does not
// name forbidden: readers have to accept new ones, we have to document them.
func validate(t *testing.T, r *doctor.Report) {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	forbidOthers(doc)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(schemaFile, doc))
	schema, err := c.Compile(schemaFile)
	require.NoError(t, err)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value), "%s", text)
}

func forbidOthers(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, is := n["properties"].(map[string]any); is {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			forbidOthers(child)
		}
	case []any:
		for _, child := range n {
			forbidOthers(child)
		}
	}
}

// writeCertificates writes a PEM file.
func writeCertificates(t *testing.T, list ...*x509.Certificate) string {
	t.Helper()
	var b bytes.Buffer
	for _, c := range list {
		require.NoError(t, pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	path := filepath.Join(t.TempDir(), "certificates.pem")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

func readFull(r io.Reader, b []byte) (int, error) { return io.ReadFull(r, b) }
