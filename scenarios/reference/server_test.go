package reference

import (
	"context"
	"crypto/tls"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// start runs a lenient DMN until the end of the test, unless stop is called
// before.
func start(t *testing.T, opt ServerOptions) *Running {
	t.Helper()
	opt.Lenient = true
	if opt.Now == nil {
		opt.Now = noon
	}
	if opt.Logger == nil {
		opt.Logger = quiet()
	}
	r, err := Start(context.Background(), opt)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, r) })
	return r
}

// stop stops a DMN, the only one that runs, and wants all its goroutines gone.
func stop(t *testing.T, r *Running) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, r.Stop(ctx))
	noLeak(t)
}

// noLeak wants every goroutine of a server gone. One that is through with its
// work may need a moment to be no more.
func noLeak(t *testing.T) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if left = serverGoroutines(); len(left) == 0 {
			return
		}
	}
	t.Errorf("goroutines left:\n%s", strings.Join(left, "\n\n"))
}

func serverGoroutines() []string {
	buf := make([]byte, 1<<20)
	all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	return slices.DeleteFunc(all, func(stack string) bool {
		return !strings.Contains(stack, "mllp.(*Server)") && !strings.Contains(stack, "mllp.(*serverConn)") &&
			!strings.Contains(stack, "reference.Start.func") && !strings.Contains(stack, "reference.(*wire") &&
			!strings.Contains(stack, "reference.(*outbox)")
	})
}

func client(t *testing.T, addr string, config *tls.Config) *mllp.Client {
	t.Helper()
	c := &mllp.Client{Addr: addr, TLSConfig: config, AnswerTimeout: 5 * time.Second}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// do sends a message and returns the acknowledgement.
func do(t *testing.T, c *mllp.Client, m segments) *hl7.Receipt {
	t.Helper()
	response, err := c.Do(t.Context(), m.bytes(t))
	require.NoError(t, err)
	r, err := hl7.ReadAck(response.Payload)
	require.NoError(t, err)
	return r
}

func TestPlainServer(t *testing.T) {
	seen := make(chan Outcome, 1)
	r := start(t, ServerOptions{Options: Options{Observe: func(x Exchange) { seen <- x.Outcome }}})
	c := client(t, r.Addr(), nil)
	for _, step := range []struct {
		message segments
		code    hl7.AckCode
		outcome Outcome
	}{
		{adt(v25, "A01", "1").moved("1"), "AA", Applied},
		{adt(v25, "A01", "1").moved("1"), "AA", Repeated},
		{adt(v25, "A01", "2").moved("2"), "AE", Refused},
		{adt(v25, "A99", "3"), "AR", Refused},
		{adt(v25, "A13", "4"), "AA", Discarded},
	} {
		require.Equal(t, step.code, do(t, c, step.message).Code)
		require.Equal(t, step.outcome, <-seen)
	}
	require.Equal(t, Inpatient, only(t, r.DMN).Status)
}

// What cannot be answered properly is refused, and the connection goes on.
func TestConnectionSurvivesRefusals(t *testing.T) {
	r := start(t, ServerOptions{})
	c := client(t, r.Addr(), nil)
	for _, message := range [][]byte{
		[]byte("PID|||4711\r"),
		[]byte("\xff\xfe"),
		adt(v25, "A01", "").bytes(t),
		[]byte("MSH|"),
		[]byte(strings.Replace(adt(v25, "A01", "1").text(), "ADT", "ORU", 1)),
	} {
		response, err := c.Do(t.Context(), message)
		require.NoError(t, err, "%q", message)
		require.EqualValues(t, 1, response.Conn.ID, "%q closed the connection", message)
		ack, err := hl7.ReadAck(response.Payload)
		require.NoError(t, err)
		require.False(t, ack.Code.Positive())
		require.NotEmpty(t, ack.Errors)
	}
	require.Equal(t, hl7.AA, do(t, c, adt(v25, "A28", "9")).Code)
}

func TestMutualTLS(t *testing.T) {
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	files := func(role string) mllp.Files {
		f := mllp.Files{CA: filepath.Join(dir, "ca.pem")}
		if role != "" {
			f.Cert, f.Key = filepath.Join(dir, role+".pem"), filepath.Join(dir, role+"-key.pem")
		}
		return f
	}
	gam, err := files("gam").ClientConfig()
	require.NoError(t, err)
	nobody, err := files("").ClientConfig()
	require.NoError(t, err)
	device := files("dmn")

	t.Run("identified client", func(t *testing.T) {
		subject := make(chan string, 1)
		r := start(t, ServerOptions{TLS: &device, Options: Options{Observe: func(x Exchange) {
			subject <- x.Conn.TLS.PeerCertificates[0].Subject.CommonName
		}}})
		require.Equal(t, hl7.AA, do(t, client(t, r.Addr(), gam), adt(v25, "A01", "1")).Code)
		require.Contains(t, <-subject, "gam")
	})
	t.Run("anonymous client is turned away", func(t *testing.T) {
		r := start(t, ServerOptions{TLS: &device})
		_, err := client(t, r.Addr(), nobody).Do(t.Context(), adt(v25, "A01", "1").bytes(t))
		var refused *mllp.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, mllp.HandshakeRefused, refused.Kind)
		require.Empty(t, r.DMN.State().Patients)
	})
	t.Run("bug accepts-anonymous", func(t *testing.T) {
		r := start(t, ServerOptions{TLS: &device, Options: Options{Bugs: []string{acceptsAnonymous}}})
		require.Equal(t, hl7.AA, do(t, client(t, r.Addr(), nobody), adt(v25, "A01", "1")).Code)
		require.Equal(t, hl7.AE, do(t, client(t, r.Addr(), gam), adt(v25, "A01", "2")).Code)
	})
}

func TestStartErrors(t *testing.T) {
	_, err := Start(t.Context(), ServerOptions{Options: Options{Bugs: []string{"no-er"}}})
	var unknown *UnknownNameError
	require.ErrorAs(t, err, &unknown)

	_, err = Start(t.Context(), ServerOptions{TLS: &mllp.Files{CA: "missing.pem"}})
	var file *mllp.FileError
	require.ErrorAs(t, err, &file)

	r := start(t, ServerOptions{})
	_, err = Start(t.Context(), ServerOptions{Addr: r.Addr()})
	var taken *net.OpError
	require.ErrorAs(t, err, &taken)
}

func TestStopEndsWhatIsInFlight(t *testing.T) {
	asked := make(chan struct{})
	r, err := Start(context.Background(), ServerOptions{Options: Options{
		Logger: quiet(), Bugs: []string{slowAnswer}, Delay: time.Hour,
		Observe: func(Exchange) { close(asked) },
	}})
	require.NoError(t, err)
	failed := make(chan error, 1)
	c := client(t, r.Addr(), nil)
	c.AnswerTimeout = time.Minute
	message := adt(v25, "A01", "1").bytes(t)
	go func() {
		_, err := c.Do(context.Background(), message)
		failed <- err
	}()
	<-asked
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, r.Stop(ctx), context.Canceled)
	require.Error(t, <-failed)
	noLeak(t)
	stop(t, r) // once more
}

func TestContextEndsTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Start(ctx, ServerOptions{Options: Options{Logger: quiet()}})
	require.NoError(t, err)
	c := client(t, r.Addr(), nil)
	do(t, c, adt(v25, "A28", "1"))
	cancel()
	r.tasks.Wait()
	stop(t, r)
	_, err = c.Do(t.Context(), adt(v25, "A28", "2").bytes(t))
	require.Error(t, err)
}

func TestConfigure(t *testing.T) {
	r := start(t, ServerOptions{Configure: func(s *mllp.Server) { s.IdleTimeout = time.Millisecond }})
	conn, err := net.Dial("tcp", r.Addr())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = conn.Read(make([]byte, 1))
	require.EqualError(t, err, "EOF")
}
