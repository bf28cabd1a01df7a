//go:build unix

package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

// The program itself, as a process of its own: what signals do cannot be seen
// from inside.
func TestMainProcess(t *testing.T) {
	if os.Getenv("PAMLAB_TEST_MAIN") == "" {
		return // it is for the tests below, in a process of its own
	}
	os.Args = append([]string{"pamlab"}, strings.Split(os.Getenv("PAMLAB_TEST_MAIN"), "\n")...)
	main()
}

// silentPeer accepts and never answers.
func silentPeer(t *testing.T) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go misbehave(c, "silent")
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMainProcess$")
	cmd.Env = append(os.Environ(), "PAMLAB_TEST_MAIN="+strings.Join(args, "\n"), "LANG=C")
	return cmd
}

// What is interrupted still leaves its reports: by Ctrl-C, by a terminal that
// closes, by a reader of the output that goes away.
func TestReportsAreWrittenWhateverEndsTheRun(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, cmd *exec.Cmd, out *os.File){
		"interrupt": func(t *testing.T, cmd *exec.Cmd, _ *os.File) { require.NoError(t, cmd.Process.Signal(os.Interrupt)) },
		"hang-up":   func(t *testing.T, cmd *exec.Cmd, _ *os.File) { require.NoError(t, cmd.Process.Signal(syscall.SIGHUP)) },
		"closed pipe": func(t *testing.T, cmd *exec.Cmd, out *os.File) {
			require.NoError(t, out.Close())
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := silentPeer(t)
			junit := filepath.Join(t.TempDir(), "junit.xml")
			cmd := process(t, "run", "identity", "--report", "junit="+junit, "--set=candidate.address=127.0.0.1:"+port, "--set=limits.ack=60s")
			read, write, err := os.Pipe()
			require.NoError(t, err)
			cmd.Stdout = write
			require.NoError(t, cmd.Start())
			require.NoError(t, write.Close())
			_, err = bufio.NewReader(read).ReadString('\n') // it has begun
			require.NoError(t, err)
			end(t, cmd, read)
			_ = cmd.Wait()
			require.Equal(t, scenarios.ExitInterrupted, cmd.ProcessState.ExitCode())
			require.FileExists(t, junit)
		})
	}
}
