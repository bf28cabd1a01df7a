package reference

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// message is an A28 as text of ASCII.
func message(id string) string {
	return strings.ReplaceAll(adt(v25, "A28", id).text(), "É", "E")
}

func framed(text string) string { return "\v" + text + "\x1c\r" }

// wide is text in UTF-16.
func wide(text string, littleEndian bool) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if littleEndian {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return string(out)
}

// wireBug is what a bug makes of bytes that come in one write, and then the end
// of the stream; and what is made of them otherwise. See said.
type wireBug struct {
	bug   string
	sent  string
	then  string
	usual string
}

func wireTable() []wireBug {
	m := message
	one, two, three := framed(m("M1")), framed(m("M2")), framed(m("M3"))
	headless, empty := framed("PID|||1\r"), framed("")
	accented := adt(v25, "A28", "M1").with(func(s *segments) { s.charset = "UNICODE UTF-8" }).text()
	latin := strings.ReplaceAll(accented, "É", "\xc9")
	long := framed(m("M1") + strings.Repeat("ZZZ|"+strings.Repeat("x", 1019)+"\r", 128))
	return []wireBug{
		{diesOnEmptyBlock, one + empty + two, "AA M1", "AA M1, AA M2"},
		{diesOnEmptyBlock, one + headless + two, "AA M1", "AA M1, AR, AA M2"},

		{mergesUnterminated, "\v" + m("M1") + two, "AA M1", "AA M2"},
		{mergesUnterminated, "\v" + m("M1") + "\x1c" + two + three, "AA M1, AA M3", "AA M2, AA M3"},
		{mergesUnterminated, one + two, "AA M1, AA M2", "AA M1, AA M2"},

		{takesLFEnd, "\v" + m("M1") + "\x1c\n", "AA M1", ""},
		{takesLFEnd, "\v" + m("M1") + "\x1c", "AA M1", ""},
		{takesLFEnd, "\v" + m("M1") + "\x1c\n" + two, "AA M1, AA M2", "AA M2"},
		{takesLFEnd, "\v" + m("M1") + "\x1c" + two, "AA M1, AA M2", "AA M2"},
		{takesLFEnd, "\v" + m("M1") + "ZZZ|a\x1cb\r\x1c\r", "AA M1", "AA M1"},

		{splitsOnFS, "\v" + m("M1") + "\x1c", "AA M1", ""},
		{splitsOnFS, framed(m("M1")+"ZZZ|\x1cx\rZZZ|a\x1c\vPID|||1\r") + two, "AA M1, AR, AA M2", "AR, AA M2"},
		{splitsOnFS, one + two, "AA M1, AA M2", "AA M1, AA M2"},

		{noStartNeeded, m("M1") + "\x1c\r", "AA M1", ""},
		{noStartNeeded, m("M1") + "\x1c\r" + m("M2") + "\x1c\r" + three, "AA M1, AA M2, AA M3", "AA M3"},
		{noStartNeeded, "\r\n" + one + "\r" + two, "AA M1, AA M2", "AA M1, AA M2"},

		{oneRead, one + two, "AA M1, AA M2", "AA M1, AA M2"}, // the rest in TestPieces
		{dropsSlow, one + two, "AA M1, AA M2", "AA M1, AA M2"},
		{losesSecond, one + two + three, "AA M1", "AA M1, AA M2, AA M3"},
		{outOfOrder, one + two + three, "AA M3, AA M2, AA M1", "AA M1, AA M2, AA M3"},
		{answersAgain, one + two + three, "AA M1, AA M1, AA M2, AA M1, AA M2, AA M3", "AA M1, AA M2, AA M3"},

		{deafAfterBad, one + headless + two, "AA M1", "AA M1, AR, AA M2"},
		{deafAfterBad, one + empty + two, "AA M1", "AA M1, AA M2"},
		{closesOnGarbage, one + "hello" + two, "AA M1", "AA M1, AA M2"},
		{closesOnGarbage, "\r" + one, "", "AA M1"},
		{answersGarbage, "GET / HTTP/1.1\r\n\r\n", "AA", ""},
		{answersGarbage, one + headless + empty + two, "AA M1, AA, AA, AA M2", "AA M1, AR, AA M2"},

		{readsUTF16, framed(wide(m("M1"), true)) + two, "AA M1, AA M2", "AR, AA M2"},
		{readsUTF16, framed(wide(m("M1"), false)), "AA M1", "AR"},
		{readsUTF16, framed("\xff\xfe" + wide(m("M1"), true)), "AA M1", "AR"},
		{readsUTF16, framed("\xfe\xff" + wide(accented, false)), "AA M1", "AR"},
		{ignoresCharset, framed(latin), "AA M1", "AE M1"},
		{ignoresCharset, framed(accented), "AA M1", "AA M1"},

		{noAnswerAfterHalfClose, one, "", "AA M1"},
		{swallowsEverything, long, "AA M1", ""},
		{buffersAnswers, one + two, "AA M1, AA M2", "AA M1, AA M2"},
		{starves, one + two, "AA M1, AA M2", "AA M1, AA M2"},
	}
}

var acknowledged = regexp.MustCompile(`\rMSA\|([A-Z]{2})\|?([^\r|]*)`)

// said lists the answers of a DMN, each a good block: "AA M1, AR".
func said(t *testing.T, back []byte) string {
	t.Helper()
	var list []string
	for r := mllp.NewReader(bytes.NewReader(back), 0); ; {
		f, err := r.ReadFrame()
		require.Empty(t, f.Oddities, "%q", back)
		if err == io.EOF {
			return strings.Join(list, ", ")
		}
		require.NoError(t, err, "%q", back)
		found := acknowledged.FindSubmatch(f.Payload)
		require.NotNil(t, found, "%q", f.Payload)
		list = append(list, strings.TrimSpace(string(found[1])+" "+string(found[2])))
	}
}

// say sends bytes in one write, then the end of the stream, and returns what
// comes back.
func say(t *testing.T, addr string, config *tls.Config, sent string) string {
	t.Helper()
	plain, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer plain.Close()
	require.NoError(t, plain.SetDeadline(time.Now().Add(20*time.Second)))
	var conn interface {
		net.Conn
		CloseWrite() error
	} = plain.(*net.TCPConn)
	if config != nil {
		config = config.Clone()
		config.ServerName = "localhost"
		conn = tls.Client(plain, config)
	}
	if _, err = conn.Write([]byte(sent)); err == nil {
		err = conn.CloseWrite()
	}
	back, readErr := io.ReadAll(conn)
	if err = errors.Join(err, readErr); err != nil && !hungUp(err) {
		require.NoError(t, err)
	}
	return said(t, back)
}

// hungUp reports an end that the DMN has made in the middle of what we sent.
func hungUp(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrUnexpectedEOF)
}

func TestBugsOfReading(t *testing.T) {
	lab := laboratory{t.TempDir()}
	_, err := pki.Init(lab.dir, pki.Options{})
	require.NoError(t, err)
	gam, err := lab.identity("gam").ClientConfig()
	require.NoError(t, err)
	device := lab.identity("dmn")
	tried := map[string]bool{}
	for _, secure := range []bool{false, true} {
		opt, config, how := ServerOptions{MaxMessage: 64 << 10}, (*tls.Config)(nil), "plain/"
		if secure {
			opt.TLS, config, how = &device, gam, "TLS/"
		}
		for _, tt := range wireTable() {
			tried[tt.bug] = true
			t.Run(how+tt.bug, func(t *testing.T) {
				for bug, want := range map[string]string{"": tt.usual, tt.bug: tt.then} {
					opt := opt
					opt.Bugs, err = ParseBugs(bug)
					require.NoError(t, err)
					r := start(t, opt)
					require.Equal(t, want, say(t, r.Addr(), config, tt.sent), "%s: %q", bug, tt.sent)
					stop(t, r)
				}
			})
		}
	}
	for _, b := range wireBugs() {
		require.True(t, tried[b.Name], "bug %s has no test", b.Name)
	}
}
