package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// lines hands out what a command writes, line by line.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		l <- strings.TrimSuffix(line, "\n")
	}
	return len(b), nil
}

func (l lines) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-l:
		return line
	case <-time.After(20 * time.Second):
		t.Fatal("nothing more is written")
	}
	return ""
}

// aDesk lets `pamlab desk` run and returns its lines, where it takes orders, and
// how it is ended.
func aDesk(t *testing.T, args ...string) (out lines, url string, end func() int) {
	t.Helper()
	out = make(lines, 100)
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"desk", "--http", "127.0.0.1:0", "--lang", "en"}, args...), strings.NewReader(""), out, out, func(string) (string, bool) { return "", false })
	}()
	head := regexp.MustCompile(`^(http://127\.0\.0\.1:\d+) → `).FindStringSubmatch(out.next(t))
	require.NotNil(t, head)
	return out, head[1], func() int { cancel(); return <-code }
}

func post(t *testing.T, url, body string) (status int, answer string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	q.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(q)
	require.NoError(t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(b)
}

// What the desk is told over HTTP arrives over mutual TLS.
func TestDesk(t *testing.T) {
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	at := func(name string) string { return filepath.Join(dir, name) }
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{TLS: &mllp.Files{CA: at("ca.pem"), Cert: at("dmn.pem"), Key: at("dmn-key.pem")}})
	require.NoError(t, err)
	defer stopDMN(dmn)
	identity := []string{"--to", dmn.Addr(), "--tls-ca", at("ca.pem"), "--tls-cert", at("gam.pem"), "--tls-key", at("gam-key.pem"), "--tls-server-name", "dmn.test"}

	out, url, end := aDesk(t, identity...)
	status, answer := post(t, url+"/events", `[{"event": "A01", "patient": "p1"}, {"event": "A03", "patient": "p1"}]`)
	require.Equal(t, http.StatusAccepted, status, answer)
	require.Regexp(t, `^\d\d:\d\d:\d\d  A01 Admit inpatient  p1  AA$`, out.next(t))
	require.Regexp(t, `  A03 Discharge or end of visit  p1  AA$`, out.next(t))
	status, answer = post(t, url+"/events", `{"event": "A03", "patient": "p1"}`)
	require.Equal(t, http.StatusConflict, status, answer)
	require.Equal(t, 0, end())
	require.Equal(t, "0 waiting, 0 parked", out.next(t))

	out, url, end = aDesk(t, append(identity, "--bugs", "gam-no-zbe")...)
	_, _ = post(t, url+"/events", `{"event": "A01", "patient": "p2"}`)
	require.Regexp(t, `  A01 Admit inpatient  p2  AE$`, out.next(t))
	require.Equal(t, 1, end())
	require.Equal(t, "0 waiting, 1 parked", out.next(t))
}

// The scenarios for a GAM are played at the desk as at anybody else's system.
func TestRunAtADesk(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := l.Addr().String()
	require.NoError(t, l.Close()) // the run listens there
	file := filepath.Join(t.TempDir(), "candidate.yaml")
	for _, tt := range []struct {
		bug  string
		code int
		says string
	}{
		{"", 0, `passed +gam/ins `},
		{"gam-ins-without-vali", 1, `failed +gam/ins (?s:.*)PID-32`},
	} {
		_, url, end := aDesk(t, "--to", at, "--bugs", tt.bug)
		require.NoError(t, os.WriteFile(file, []byte("candidate: {role: gam}\nharness: {listen: \""+at+"\"}\nendpoints: {events: \""+url+"\"}\n"), 0o600))
		var out bytes.Buffer
		code := run(t.Context(), []string{"run", "gam/ins", "-c", file, "--no-input", "--lang", "en"}, strings.NewReader(""), &out, &out, func(string) (string, bool) { return "", false })
		require.Equal(t, tt.code, code, "%s", out.String())
		require.Regexp(t, tt.says, out.String())
		end()
	}
}
