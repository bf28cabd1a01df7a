package reference

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// dialogue sends messages on one connection, one block after the other, and
// returns every byte that comes back until the DMN closes it.
func dialogue(t *testing.T, opt Options, messages ...[]byte) string {
	t.Helper()
	r := start(t, ServerOptions{Options: opt})
	defer stop(t, r)
	conn, err := net.Dial("tcp", r.Addr())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	var out []byte
	for _, m := range messages {
		out = mllp.AppendFrame(out, m)
	}
	_, err = conn.Write(out)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	back, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(back)
}

// Every bug changes bytes on the wire, and these are the bytes.
func TestBugsOnTheWire(t *testing.T) {
	admission := []byte(strings.ReplaceAll(adt(v25, "A01", "M1").moved("1").text(), "É", "E"))
	second := []byte(strings.ReplaceAll(adt(v25, "A01", "M2").moved("2").text(), "É", "E"))
	unknown := []byte(strings.ReplaceAll(adt(v25, "A99", "M1").text(), "É", "E"))
	discard := []byte(strings.ReplaceAll(adt(v25, "A11", "M1").text(), "É", "E"))
	incomplete := []byte(strings.ReplaceAll(adt(v25, "A01", "M1").of("").text(), "É", "E"))
	correction := []byte(strings.ReplaceAll(adt(v25, "Z99", "M1").with(func(s *segments) {
		s.zbe = zbe("9", "20260105", "UPDATE", "N", "A01")
	}).text(), "É", "E"))
	accented := adt(v25, "A01", "M1").with(func(s *segments) { s.charset = "8859/1" })
	clinic := []byte(strings.NewReplacer("|CHU|", "|H\xf4pital|", "É", "E").Replace(accented.text()))
	unicode := adt(v25, "A01", "M1").with(func(s *segments) { s.charset = "UNICODE UTF-8" })
	oeuvre := []byte(strings.Replace(unicode.text(), "|CHU|", "|œuvre|", 1))

	faulty := []byte(strings.ReplaceAll(adt(v25, "A01", "M1").with(func(s *segments) { s.evn, s.pv1 = "", pv1("", "") }).text(), "É", "E"))
	old := []byte(strings.Replace(string(admission), "|P|2.5|", "|P|2.2|", 1))
	training := []byte(strings.Replace(string(admission), "|P|2.5|", "|Q|2.5|", 1))

	const (
		msh = `MSH|^~\&|DMN|SERVICE|GAM|CHU|20260105120000||ACK^`
		one = "|260105120000-1|P|2.5\r"
		two = "|260105120000-2|P|2.5\r"
		aa1 = "\v" + msh + "A01^ACK" + one + "MSA|AA|M1\r\x1c\r"
	)
	tests := []struct {
		bug      string
		messages [][]byte
		want     string
	}{
		{alwaysAA, [][]byte{unknown}, "\v" + msh + "A99^ACK" + one + "MSA|AA|M1\r\x1c\r"},
		{noERR, [][]byte{unknown}, "\v" + msh + "A99^ACK" + one + "MSA|AR|M1\r\x1c\r"},
		{aeForAR, [][]byte{unknown}, "\v" + msh + "A99^ACK" + one +
			"MSA|AE|M1\rERR||MSH^1^9^1^2|201^Unsupported trigger event^HL70357|E||||unknown trigger event\r\x1c\r"},
		{commitCodes, [][]byte{admission}, "\v" + msh + "A01^ACK" + one + "MSA|CA|M1\r\x1c\r"},
		{skipsChecks, [][]byte{incomplete}, aa1},
		{dropsZ99, [][]byte{correction}, "\v" + msh + "Z99^ACK" + one + "MSA|AA|M1\r\x1c\r"},
		{secondAdmission, [][]byte{admission, second}, aa1 + "\v" + msh + "A01^ACK" + two + "MSA|AA|M2\r\x1c\r"},
		{refusesDiscards, [][]byte{discard}, "\v" + msh + "A11^ACK" + one +
			"MSA|AE|M1\rERR|||207^Application internal error^HL70357|E||||unknown patient: nothing to change\r\x1c\r"},
		{forgetsDuplicate, [][]byte{admission, admission}, aa1 + "\v" + msh + "A01^ACK" + two +
			"MSA|AE|M1\rERR||PV1^1^19|205^Duplicate key identifier^HL70357|E||||an admission is already open for this patient\r\x1c\r"},
		{arForAE, [][]byte{incomplete}, "\v" + msh + "A01^ACK" + one + "MSA|AR|M1\rERR||PID^1^3|101^Required field missing^HL70357|E\r\x1c\r"},
		{wrongCondition, [][]byte{unknown}, "\v" + msh + "A99^ACK" + one +
			"MSA|AR|M1\rERR||MSH^1^9^1^2|207^Application internal error^HL70357|E||||unknown trigger event\r\x1c\r"},
		{noPlace, [][]byte{unknown}, "\v" + msh + "A99^ACK" + one +
			"MSA|AR|M1\rERR|||201^Unsupported trigger event^HL70357|E||||unknown trigger event\r\x1c\r"},
		{firstFaultOnly, [][]byte{faulty}, "\v" + msh + "A01^ACK" + one +
			"MSA|AE|M1\rERR||EVN^1|100^Segment sequence error^HL70357|E||||segment missing\r\x1c\r"},
		{anyVersion, [][]byte{old}, "\v" + msh + "A01|260105120000-1|P|2.2\rMSA|AA|M1\r\x1c\r"},
		{anyProcessing, [][]byte{training}, "\v" + msh + "A01^ACK|260105120000-1|Q|2.5\rMSA|AA|M1\r\x1c\r"},

		{wrongMSA2, [][]byte{admission}, "\v" + msh + "A01^ACK" + one + "MSA|AA|M1X\r\x1c\r"},
		{echoControlID, [][]byte{admission}, "\v" + msh + "A01^ACK|M1|P|2.5\rMSA|AA|M1\r\x1c\r"},
		{constantID, [][]byte{admission}, "\v" + msh + "A01^ACK|ACK|P|2.5\rMSA|AA|M1\r\x1c\r"},
		{noSwap, [][]byte{admission}, "\v" + `MSH|^~\&|GAM|CHU|DMN|SERVICE|20260105120000||ACK^A01^ACK` + one + "MSA|AA|M1\r\x1c\r"},
		{wrongVersion, [][]byte{admission}, "\v" + msh + "A01^ACK|260105120000-1|P|2.2\rMSA|AA|M1\r\x1c\r"},
		{ackTrigger, [][]byte{admission}, "\v" + msh + "A01^ACK_A01" + one + "MSA|AA|M1\r\x1c\r"},
		{oldERR, [][]byte{unknown}, "\v" + msh + "A99" + one +
			"MSA|AR|M1|unknown trigger event\rERR|MSH^1^9^201&Unsupported trigger event&HL70357\r\x1c\r"},
		{fillsMSA3, [][]byte{admission}, "\v" + msh + "A01^ACK" + one + "MSA|AA|M1|Message processed\r\x1c\r"},
		{latin1AsUTF8, [][]byte{admission}, "\v" + msh + "A01^ACK|260105120000-1|P|2.5||||||UNICODE UTF-8\rMSA|AA|M1|Message trait\xe9\r\x1c\r"},
		{latin1AsUTF8, [][]byte{clinic}, "\v" + strings.Replace(msh, "CHU", "H\xf4pital", 1) +
			"A01^ACK|260105120000-1|P|2.5||||||UNICODE UTF-8\rMSA|AA|M1\r\x1c\r"},
		{latin1AsUTF8, [][]byte{oeuvre}, "\v" + strings.Replace(msh, "CHU", "\xbduvre", 1) +
			"A01^ACK|260105120000-1|P|2.5||||||UNICODE UTF-8\rMSA|AA|M1\r\x1c\r"},
		{questionMarks, [][]byte{clinic}, "\v" + strings.Replace(msh, "CHU", "H?pital", 1) +
			"A01^ACK|260105120000-1|P|2.5||||||\rMSA|AA|M1\r\x1c\r"},
		{lineFeeds, [][]byte{admission}, "\v" + msh + "A01^ACK|260105120000-1|P|2.5\nMSA|AA|M1\n\x1c\r"},
		{forgetsCR, [][]byte{admission}, "\v" + msh + "A01^ACK" + one + "MSA|AA|M1\x1c\r"},

		{noStartBlock, [][]byte{admission}, aa1[1:]},
		{noEndBlock, [][]byte{admission}, "\v" + msh + "A01^ACK" + one + "MSA|AA|M1\r\r"},
		{noFrameCR, [][]byte{admission}, aa1[:len(aa1)-1]},
		{garbageBefore, [][]byte{admission}, "garbage\r\n" + aa1},
		{doubleAnswer, [][]byte{admission}, aa1 + aa1},
		{neverAnswers, [][]byte{admission}, ""},
	}
	tried := map[string]bool{closesAfterAnswer: true, closesAfterRefusal: true, slowAnswer: true}
	for _, b := range slices.Concat(wireBugs(), tlsBugs()) {
		tried[b.Name] = true // in wirefaults_test.go and tlsfaults_test.go
	}
	for _, tt := range enhancedBugs {
		tried[tt.bug] = true
	}
	for _, tt := range tests {
		tried[tt.bug] = true
		t.Run(tt.bug, func(t *testing.T) {
			require.Equal(t, tt.want, dialogue(t, Options{Bugs: []string{tt.bug}}, tt.messages...))
			require.NotEqual(t, tt.want, dialogue(t, Options{}, tt.messages...))
		})
	}
	for _, b := range Bugs() {
		require.True(t, tried[b.Name], "bug %s has no test", b.Name)
	}
}

func TestBugsThatCloseTheConnection(t *testing.T) {
	good, bad := adt(v25, "A28", "1"), adt(v25, "A99", "2")
	tests := []struct {
		bug    string
		first  segments
		closes bool
	}{
		{"", good, false},
		{"", bad, false},
		{closesAfterAnswer, good, true},
		{closesAfterAnswer, bad, true},
		{closesAfterRefusal, good, false},
		{closesAfterRefusal, bad, true},
	}
	for _, tt := range tests {
		t.Run(tt.bug+" "+tt.first.trigger, func(t *testing.T) {
			bugs, err := ParseBugs(tt.bug)
			require.NoError(t, err)
			r := start(t, ServerOptions{Options: Options{Bugs: bugs}})
			conn, err := net.Dial("tcp", r.Addr())
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
			in := mllp.NewReader(conn, 1<<20)
			say := func(m segments) error {
				if _, err := conn.Write(mllp.AppendFrame(nil, m.bytes(t))); err != nil {
					return err
				}
				_, err := in.ReadFrame()
				return err
			}
			require.NoError(t, say(tt.first), "the first answer comes in any case")
			if tt.closes {
				_, err := in.ReadFrame()
				require.ErrorIs(t, err, io.EOF)
				return
			}
			require.NoError(t, say(adt(v25, "A28", "3")))
		})
	}
}

func TestSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDMN(t, Options{Bugs: []string{slowAnswer}})
		listener := newPipe()
		server := &mllp.Server{Handler: d, Logger: quiet()}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		conn := listener.dial()
		begin := time.Now()
		_, err := conn.Write(mllp.AppendFrame(nil, adt(v25, "A28", "1").bytes(t)))
		require.NoError(t, err)
		_, err = mllp.NewReader(conn, 1<<20).ReadFrame()
		require.NoError(t, err)
		require.Equal(t, DefaultDelay, time.Since(begin))
		require.NoError(t, conn.Close())
		require.NoError(t, server.Shutdown(t.Context()))
		require.ErrorIs(t, <-served, mllp.ErrServerClosed)
	})
}

// pipe is a listener whose connections are net.Pipes: in memory, for synctest.
type pipe struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipe() *pipe { return &pipe{make(chan net.Conn, 1), make(chan struct{})} }

func (p *pipe) dial() net.Conn {
	here, there := net.Pipe()
	p.conns <- there
	return here
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.TCPAddr{} }

func TestBugsCombine(t *testing.T) {
	d := newDMN(t, Options{Bugs: []string{noERR, aeForAR, noSwap}})
	require.Equal(t, lines(`MSH|^~\&|GAM|CHU|DMN|SERVICE|20260105120000||ACK^A99^ACK|260105120000-1|P|2.5`, "MSA|AE|M1"),
		exchange(t, d, adt(v25, "A99", "M1").bytes(t)))
}

func TestOldERRInOldVersion(t *testing.T) {
	d := newDMN(t, Options{Bugs: []string{oldERR}})
	require.Contains(t, exchange(t, d, adt(v231, "A99", "M1").bytes(t)), "\nERR||MSH^1^9^1^2|201^")
}

func TestBugTexts(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range Bugs() {
		require.False(t, seen[b.Name], "%s twice", b.Name)
		seen[b.Name] = true
		require.NotEmpty(t, b.Text.In("fr"), b.Name)
		require.NotEmpty(t, b.Text.In("en"), b.Name)
		require.NotEqual(t, b.Text.In("fr"), b.Text.In("en"), b.Name)
	}
}

func TestParseBugs(t *testing.T) {
	tests := []struct {
		list string
		want []string
		err  string
		hint string
	}{
		{"", nil, "", ""},
		{"wrong-msa2", []string{wrongMSA2}, "", ""},
		{" wrong-msa2 , NO-ERR,", []string{wrongMSA2, noERR}, "", ""},
		{"wrong-msa", nil, `unknown bug "wrong-msa"`, `did you mean "wrong-msa2"?`},
		{"no-err,alwaysaa", nil, `unknown bug "alwaysaa"`, `did you mean "always-aa"?`},
		{"xyz", nil, `unknown bug "xyz"`, "there are: " + strings.Join(bugNames(), ", ")},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			got, err := ParseBugs(tt.list)
			require.Equal(t, tt.want, got)
			if tt.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.err)
			unknown, ok := errors.AsType[*UnknownNameError](err)
			require.True(t, ok)
			require.Equal(t, tt.hint, unknown.Hint("en"))
			require.NotEqual(t, unknown.Hint("en"), unknown.Hint("fr"))
			require.True(t, strings.HasPrefix(unknown.In("fr"), "défaut inconnu « "))
		})
	}
}

// Every answer of a DMN without faults is one that its own reader takes.
func FuzzAnswer(f *testing.F) {
	for _, m := range []segments{
		adt(v25, "A01", "1"), adt(vFR, "A02", "2").moved("1"), adt(v231, "A28", "3"),
		adt(vFR, "Z99", "4"), adt(v25, "A40", "5").with(func(s *segments) { s.mrg = "|" + other }),
		adt(v25, "A24", "6").with(func(s *segments) { s.pid += "\rPID" + pid(other) }),
	} {
		f.Add([]byte(m.text()))
	}
	f.Add([]byte("MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||8859/15\rPID|||\xff"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, message []byte) {
		d := newDMN(t, Options{})
		original := slices.Clone(message)
		for range 2 {
			h, v := d.judge(t.Context(), message)
			answer := d.compose(h, v)
			require.Equal(t, original, message, "the payload is the server's")
			if answer == nil {
				continue
			}
			ack, err := hl7.ReadAck(answer)
			require.NoError(t, err)
			require.True(t, ack.Code.Valid())
			require.NotContains(t, v.reason.EN, "internal error", "%q", message)
			require.Equal(t, ack.Code == hl7.AA || len(ack.Errors) > 0, true)
		}
	})
}
