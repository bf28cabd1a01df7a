package listen_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/internal/leak"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/listen"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// No test may leave a goroutine of these packages behind.
func TestMain(m *testing.M) {
	os.Exit(leak.Check(m.Run(), "pamlab/scenarios/"))
}

// sample is a conformant message of an event.
func sample(t testing.TB, trigger string, edits ...string) []byte {
	t.Helper()
	list, err := rules.Example{Messages: []string{trigger}, Edits: edits}.Build()
	require.NoError(t, err)
	return list[0].Bytes()
}

// with returns the message with another control id.
func with(t testing.TB, message []byte, id string) []byte {
	t.Helper()
	m, err := hl7.Parse(bytes.Clone(message))
	require.NoError(t, err)
	require.NoError(t, m.SetText(hl7.MustPath("MSH-10"), id))
	return m.Bytes()
}

func openStore(t testing.TB, path string, opt store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path, opt)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// start starts listeners, and returns a function that stops them.
func start(t testing.TB, opt listen.Options, listeners ...listen.Listener) (*listen.Server, func()) {
	t.Helper()
	opt.Logger = slog.New(slog.DiscardHandler)
	s, err := listen.Start(t.Context(), listeners, opt)
	require.NoError(t, err)
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			require.NoError(t, s.Stop(ctx))
		}
	}
	t.Cleanup(stop)
	return s, stop
}

func client(t testing.TB, addr string) *mllp.Client {
	t.Helper()
	c := &mllp.Client{Addr: addr, AnswerTimeout: 10 * time.Second}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// send sends a message and returns its acknowledgement.
func send(t testing.TB, c *mllp.Client, message []byte) *hl7.Receipt {
	t.Helper()
	r, err := c.Do(t.Context(), message)
	require.NoError(t, err)
	ack, err := hl7.ReadAck(r.Payload)
	require.NoError(t, err)
	return ack
}

func records(t testing.TB, s *store.Store) (all []*store.Record) {
	t.Helper()
	for r, err := range s.List(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

// What is in the store before the answer leaves is the message and that answer.
func TestStoredBeforeAcknowledged(t *testing.T) {
	kept := openStore(t, store.Memory, store.Options{})
	seen := make(chan listen.Exchange, 3)
	s, stop := start(t, listen.Options{Store: kept, Validate: true, Observe: func(x listen.Exchange) { seen <- x }}, listen.Listener{Name: "dmn"})
	c := client(t, s.Addrs()[0])
	good, bad := sample(t, "A01"), sample(t, "A01", "ZBE-1 =")
	require.Equal(t, hl7.AA, send(t, c, good).Code)
	require.Len(t, records(t, kept), 1, "the sender has its answer, so the store has the message")
	require.Equal(t, hl7.AE, send(t, c, with(t, bad, "BAD")).Code)
	require.Equal(t, hl7.AR, send(t, c, []byte("nothing that anybody knows")).Code)
	stop()

	all := records(t, kept)
	require.Len(t, all, 3)
	first := all[0]
	require.Equal(t, store.Received, first.Direction)
	require.Equal(t, "dmn", first.Listener)
	require.Equal(t, "127.0.0.1", first.Peer)
	require.Equal(t, "A01", first.Type)
	require.Equal(t, "pass", first.Verdict)
	require.Equal(t, "AA", first.Ack)
	require.Equal(t, good, first.Message)
	require.Contains(t, string(first.Answer), "MSA|AA|"+first.ControlID)
	require.Regexp(t, `^P-[0-9A-Z]{8}$`, first.Patient)
	require.Equal(t, "fail", all[1].Verdict)
	require.NotEmpty(t, all[1].Findings)
	require.Equal(t, []string{"AE", "AR"}, []string{all[1].Ack, all[2].Ack})
	require.Equal(t, "fail", all[2].Verdict)
	for _, r := range all {
		require.Equal(t, r.ID, (<-seen).Record.ID)
	}
}

// A disk that is full means AR 207 and no effect; when it has room again, the
// same message is taken as if it had never come.
func TestStoreFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dmn.db")
	kept := openStore(t, path, store.Options{MaxBytes: 64 << 10})
	s, _ := start(t, listen.Options{Store: kept, Validate: true}, listen.Listener{Name: "dmn"})
	c := client(t, s.Addrs()[0])
	admission := sample(t, "A01")
	require.Equal(t, hl7.AA, send(t, c, admission).Code)
	stored := 1
	for ; ; stored++ {
		require.Less(t, stored, 1000, "the file has a bound")
		ack := send(t, c, with(t, sample(t, "A31"), fmt.Sprint("U", stored)))
		if ack.Code == hl7.AA {
			continue
		}
		require.Equal(t, hl7.AR, ack.Code)
		require.Equal(t, hl7.ConditionInternal, ack.Errors[0].Code)
		break
	}
	require.Len(t, records(t, kept), stored, "nothing that was refused is there, nothing acknowledged is missing")
	other := with(t, sample(t, "A01"), "OTHER")
	require.Equal(t, hl7.AR, send(t, c, other).Code, "while the disk is full the device is not asked")

	n, err := kept.Purge(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(stored), n)
	require.Equal(t, hl7.AA, send(t, c, other).Code, "what the store lost is forgotten, and what was refused had no effect")
}

// After a restart, a message that was answered is answered the same, and what the
// device knew it knows.
func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dmn.db")
	admission := with(t, sample(t, "A01"), "ONE")
	second := with(t, admission, "TWO") // while the first is open
	var state reference.State
	for life := range 3 {
		kept := openStore(t, path, store.Options{})
		s, stop := start(t, listen.Options{Store: kept, Validate: true}, listen.Listener{Name: "dmn"})
		c := client(t, s.Addrs()[0])
		if life == 0 {
			require.Equal(t, hl7.AA, send(t, c, admission).Code)
		}
		refused := send(t, c, second) // the first thing that a later life hears
		require.Equal(t, hl7.AE, refused.Code, life)
		require.Equal(t, hl7.ConditionDuplicateKey, refused.Errors[0].Code)
		require.Equal(t, hl7.AA, send(t, c, admission).Code, life)
		if life == 0 {
			state = s.State(0)
			require.Len(t, state.Patients, 1)
		}
		require.Equal(t, state, s.State(0))
		stop()
		require.NoError(t, kept.Close())
	}
}

// Without content the record begins empty after a restart, but a message that was
// answered is still answered the same, and not applied.
func TestRestartWithoutContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.db")
	admission := with(t, sample(t, "A01"), "ONE")
	known := with(t, admission, "TWO") // while the first is open
	silent := with(t, sample(t, "A31", "MSH-15 = AL", "MSH-16 = NE"), "THREE")
	bad := with(t, sample(t, "A01", "ZBE-1 ="), "FOUR")
	never := with(t, sample(t, "A01", "MSH-9.2 = A99"), "FIVE")
	var first []*hl7.Receipt
	for life := range 3 {
		kept := openStore(t, path, store.Options{NoContent: true})
		s, stop := start(t, listen.Options{Store: kept, Validate: true}, listen.Listener{Name: "dmn"})
		c := client(t, s.Addrs()[0])
		var answers []*hl7.Receipt
		for _, m := range [][]byte{admission, known, silent, bad, never} {
			answers = append(answers, send(t, c, m))
		}
		if life == 0 {
			first = answers
			require.Equal(t, []hl7.AckCode{hl7.AA, hl7.AE, hl7.CA, hl7.AE, hl7.AR}, codes(answers))
			require.Len(t, s.State(0).Patients, 1)
		}
		require.Equal(t, codes(first), codes(answers), life)
		for i := range first {
			require.Equal(t, conditions(first[i]), conditions(answers[i]), "where and what was wrong: %d", i)
		}
		for i, r := range records(t, kept)[5*life:] {
			require.Equal(t, life > 0 && i < 4, r.Repeated, "a rejection is not for ever: %d", i)
			require.Nil(t, r.Message)
			require.Nil(t, r.Answer)
		}
		if life > 0 {
			require.Empty(t, s.State(0).Patients, "nothing of it is applied")
		}
		if life == 2 {
			other := with(t, sample(t, "A01", "PID-3.1 = 4712"), "ONE")
			require.Equal(t, hl7.AA, send(t, c, other).Code)
			require.Len(t, s.State(0).Patients, 1, "the same MSH-10 and another content is another message")
		}
		stop()
		require.NoError(t, kept.Close())
	}
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	m, err := hl7.Parse(admission)
	require.NoError(t, err)
	for _, trait := range []string{m.Get("PID-5.1"), m.Get("PID-3.1"), m.Get("PV1-19.1")} {
		require.NotEmpty(t, trait)
		require.NotContains(t, string(file), trait)
	}
}

func codes(acks []*hl7.Receipt) (all []hl7.AckCode) {
	for _, ack := range acks {
		all = append(all, ack.Code)
	}
	return all
}

// conditions are what an answer says of errors, in numbers.
func conditions(ack *hl7.Receipt) (all []string) {
	for _, e := range ack.Errors {
		all = append(all, fmt.Sprint(e.Location, e.Code, e.Text, e.Severity))
	}
	return all
}

func TestEnhancedMode(t *testing.T) {
	kept := openStore(t, store.Memory, store.Options{})
	s, _ := start(t, listen.Options{Store: kept}, listen.Listener{})
	c := client(t, s.Addrs()[0])
	ack := send(t, c, sample(t, "A01", "MSH-15 = AL", "MSH-16 = NE"))
	require.Equal(t, hl7.CA, ack.Code)
	require.Equal(t, "CA", records(t, kept)[0].Ack)
}

// Several devices at once have nothing in common but the store.
func TestSeveralListeners(t *testing.T) {
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	files := mllp.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	kept := openStore(t, store.Memory, store.Options{})
	s, _ := start(t, listen.Options{Store: kept, Validate: true},
		listen.Listener{Name: "plain"}, listen.Listener{Name: "mutual", TLS: &files}, listen.Listener{Name: "wrong", Bugs: []string{"always-aa"}})
	admission := sample(t, "A01")
	require.Equal(t, hl7.AA, send(t, client(t, s.Addrs()[0]), admission).Code)

	secure := client(t, s.Addrs()[1])
	secure.TLSConfig, err = mllp.Files{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "gam.pem"), Key: filepath.Join(dir, "gam-key.pem"), ServerName: "dmn.test",
	}.ClientConfig()
	require.NoError(t, err)
	require.Equal(t, hl7.AA, send(t, secure, with(t, admission, "TWO")).Code, "the patient is not admitted at this one")
	require.Equal(t, hl7.AA, send(t, client(t, s.Addrs()[2]), []byte("nothing")).Code)
	_, err = client(t, s.Addrs()[1]).Do(t.Context(), admission)
	require.Error(t, err, "no certificate, no service")

	all := records(t, kept)
	require.Equal(t, []string{"plain", "mutual", "wrong"}, []string{all[0].Listener, all[1].Listener, all[2].Listener})
	require.Contains(t, all[1].Peer, "gam", "the name of the certificate")
}

func TestStartFails(t *testing.T) {
	s, _ := start(t, listen.Options{}, listen.Listener{})
	_, err := listen.Start(t.Context(), []listen.Listener{{}, {Name: "twin", Addr: s.Addrs()[0]}}, listen.Options{})
	var failed *listen.StartError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "twin", failed.Listener)
	_, err = listen.Start(t.Context(), []listen.Listener{{Bugs: []string{"no-such-bug"}}}, listen.Options{})
	require.Error(t, err)
	_, err = listen.Start(t.Context(), []listen.Listener{{Dialect: "klingon"}}, listen.Options{Validate: true})
	require.Error(t, err)
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
