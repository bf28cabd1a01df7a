package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// OpenSSL is the TLS of most partners. It shows our server, and is shown by our
// client, each identity of the catalogue.

func needOpenSSL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		missingPeer(t, "openssl is not installed")
	}
}

// testPKI makes a PKI with the catalogue of faults, and returns where its files
// are.
func testPKI(t *testing.T) func(name string) string {
	t.Helper()
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	_, err = pki.Bad(dir, pki.BadOptions{})
	require.NoError(t, err)
	return func(name string) string { return filepath.Join(dir, name) }
}

// identityArgs give OpenSSL an identity. It takes weak ones only when asked to.
func identityArgs(at func(string) string, name string) []string {
	cert := at("bad/" + name + ".pem")
	return []string{"-cert", cert, "-cert_chain", cert, "-key", at("bad/" + name + "-key.pem"), "-cipher", "DEFAULT@SECLEVEL=0"}
}

// cannotShow are the identities that OpenSSL refuses to show at all: it holds
// the key against the first certificate of the file.
var cannotShow = map[string]bool{"key-mismatch": true, "misordered-chain": true}

func TestInteropOpenSSLClientIsJudgedByOurServer(t *testing.T) {
	needOpenSSL(t)
	at := testPKI(t)
	dmn, err := reference.Start(t.Context(), reference.ServerOptions{
		Options: reference.Options{Lenient: true, Logger: slog.New(slog.DiscardHandler)},
		TLS: &mllp.Files{
			CA: at("ca.pem"), Cert: at("dmn.pem"), Key: at("dmn-key.pem"),
			Revocation: mllp.RevocationIfPresent, CRL: []string{at("crl.pem")},
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dmn.Stop(context.Background())) })
	frame := mllp.AppendFrame(nil, message(t, 1).Bytes())
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		for _, fault := range append(pki.Faults(), pki.Fault{Name: "nobody", FromClient: pki.MustRefuse}) {
			t.Run(strings.TrimPrefix(version, "-")+"/"+fault.Name, func(t *testing.T) {
				args := []string{"s_client", "-connect", dmn.Addr(), version, "-CAfile", at("ca.pem"), "-servername", "dmn.test",
					"-verify_hostname", "dmn.test", "-verify_return_error", "-quiet", "-no_ign_eof"}
				if fault.Name != "nobody" {
					args = append(args, identityArgs(at, fault.Name)...)
				}
				answer, said := sClient(t, frame, args)
				switch {
				case cannotShow[fault.Name]:
					require.Contains(t, said, "key values mismatch")
				case fault.FromClient == pki.MustAccept:
					require.Contains(t, answer, "MSA|AA|", said)
				case fault.FromClient == pki.MustRefuse, fault.Name == "revoked", fault.Name == "sha1":
					require.NotContains(t, answer, "MSA", said)
					require.Contains(t, said, "alert", "refused without a word")
				default: // open, or a recommendation
					t.Log(fault.Name, strings.Contains(answer, "MSA|AA|"), lastLine(said))
				}
			})
		}
	}
}

// sClient lets OpenSSL send one block; it returns what came back and what
// OpenSSL said.
func sClient(t *testing.T, frame []byte, args []string) (answer, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "openssl", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, _ = stdin.Write(frame) // OpenSSL may have given up already
	got, _ := mllp.NewReader(stdout, 0).ReadFrame()
	answer = string(got.Payload)
	_ = stdin.Close()
	_, _ = io.Copy(io.Discard, stdout)
	_ = cmd.Wait()
	return answer, stderr.String()
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// sServer starts OpenSSL as a TLS server that demands a client certificate, and
// returns its address. It speaks no MLLP: it never answers.
func sServer(t *testing.T, args ...string) string {
	t.Helper()
	addr := freePort(t).String()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "openssl", append([]string{"s_server", "-accept", addr, "-verify_return_error"}, args...)...)
	stdin, err := cmd.StdinPipe() // its end would end the server
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = io.Discard
	require.NoError(t, cmd.Start())
	drained := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		_ = stdin.Close()
		<-drained
		_ = cmd.Wait()
	})
	ready := make(chan struct{})
	go func() {
		defer close(drained)
		lines, once := bufio.NewScanner(out), false
		for lines.Scan() {
			if !once && strings.HasPrefix(lines.Text(), "ACCEPT") {
				once = true
				close(ready)
			}
		}
	}()
	select {
	case <-ready:
	case <-drained:
		t.Fatal("openssl s_server did not start")
	}
	return addr
}

// show connects with an identity, sends a message and returns why no answer
// came.
func show(t *testing.T, addr string, files mllp.Files) *mllp.Error {
	t.Helper()
	config, err := files.ClientConfig()
	require.NoError(t, err)
	client := &mllp.Client{Addr: addr, TLSConfig: config, AnswerTimeout: 300 * time.Millisecond}
	defer client.Close()
	_, err = client.Do(t.Context(), message(t, 1).Bytes())
	failure, ok := errors.AsType[*mllp.Error](err)
	require.True(t, ok, "%v", err)
	return failure
}

// What OpenSSL says to a client that it refuses, and what we make of it.
func TestInteropOpenSSLServerRefusesOurIdentities(t *testing.T) {
	needOpenSSL(t)
	at := testPKI(t)
	alerts := map[string]string{}
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		addr := sServer(t, version, "-Verify", "3", "-CAfile", at("ca.pem"), "-cert", at("dmn.pem"), "-key", at("dmn-key.pem"))
		for _, fault := range append(pki.Faults(), pki.Fault{Name: "nobody", FromClient: pki.MustRefuse}) {
			files := mllp.Files{CA: at("ca.pem"), ServerName: "dmn.test"}
			if fault.Name != "nobody" {
				files.Cert, files.Key, files.AnyIdentity = at("bad/"+fault.Name+".pem"), at("bad/"+fault.Name+"-key.pem"), true
			}
			failure := show(t, addr, files)
			got := failure.Alert
			if failure.Kind == mllp.NoAnswer {
				got = "accepted"
			}
			alerts[strings.TrimPrefix(version, "-")+"/"+fault.Name] = got
			switch fault.FromClient {
			case pki.MustAccept:
				require.Equal(t, "accepted", got, fault.Name)
			case pki.MustRefuse:
				require.NotEqual(t, "accepted", got, fault.Name)
				require.True(t, failure.Remote, "%s: %v", fault.Name, failure)
				require.NotEmpty(t, failure.Hint("fr"), "%s: %v", fault.Name, failure)
			}
		}
	}
	t.Log(alerts)
}

// Our client refuses the servers that it must, and says why in both languages.
func TestInteropOurClientJudgesOpenSSLServers(t *testing.T) {
	needOpenSSL(t)
	at := testPKI(t)
	for _, fault := range pki.Faults() {
		if cannotShow[fault.Name] {
			continue
		}
		t.Run(fault.Name, func(t *testing.T) {
			addr := sServer(t, append(identityArgs(at, fault.Name), "-Verify", "3", "-CAfile", at("ca.pem"))...)
			failure := show(t, addr, mllp.Files{
				CA: at("ca.pem"), Cert: at("gam.pem"), Key: at("gam-key.pem"), ServerName: "dmn.test",
				Revocation: mllp.RevocationIfPresent, CRL: []string{at("crl.pem")},
			})
			accepted := failure.Kind == mllp.NoAnswer
			switch {
			case fault.FromServer == pki.MustAccept:
				require.True(t, accepted, "%v", failure)
			case fault.FromServer == pki.MustRefuse, fault.Name == "revoked", fault.Name == "sha1", fault.Name == "wrong-name", fault.Name == "cn-only":
				require.False(t, accepted)
				require.False(t, failure.Remote, "%v", failure)
				require.NotEqual(t, failure.In("fr"), failure.In("en"))
				require.NotEmpty(t, failure.Hint("fr"), "%v", failure)
			default:
				t.Log(fault.Name, failure)
			}
		})
	}
}
