package capture_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/capture"
	"github.com/pamlab/pamlab/internal/corpus"
)

// several lists how many messages are in the files of the corpus that have not
// one.
var several = map[string]int{
	"odd/cosyte-raw-batch-multi.hl7":                3,
	"odd/cosyte-raw-mixed-terminators-stream.hl7":   2,
	"invalid/cosyte-duplicate-required-segment.hl7": 2,
	"odd/effortless-raw-utf16-ack.hl7":              0,
}

// unread lists the files of the corpus with something in them that is not a
// message.
var unread = map[string]capture.Kind{
	"odd/effortless-raw-utf16-ack.hl7": capture.KindUTF16,
}

// TestCorpus reads each file alone, and all of them as one stream, bare and
// framed.
func TestCorpus(t *testing.T) {
	dir := corpus.Dir(t)
	var all bytes.Buffer
	var messages []string
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".hl7" {
			return err
		}
		files++
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		name = filepath.ToSlash(name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			testCorpusFile(t, name, data)
		})
		if _, odd := several[name]; odd || bytes.IndexByte(data, 0x0b) >= 0 {
			return nil
		}
		messages = append(messages, string(data))
		if len(messages)%3 == 0 {
			data = []byte("\x0b" + string(data) + "\x1c\r")
		}
		all.Write(data)
		all.WriteString("\r\n")
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 200, "the corpus has more files than that")

	got, err := readAll(&all, 0)
	require.NoError(t, err)
	require.Len(t, got, len(messages))
	for i, e := range got {
		require.Equal(t, capture.Kind(""), e.Kind)
		require.Equal(t, strings.TrimRight(messages[i], "\r\n"), strings.TrimRight(e.Data, "\r\n"))
	}
}

func testCorpusFile(t *testing.T, name string, data []byte) {
	checkAgainstOracle(t, data, capture.DefaultMaxMessage)
	events, err := readAll(bytes.NewReader(data), 0)
	require.NoError(t, err)
	want := 1
	if n, ok := several[name]; ok {
		want = n
	}
	n := 0
	for _, e := range events {
		if e.Kind != "" {
			require.Equal(t, unread[name], e.Kind, "%q", e.Data)
			continue
		}
		n++
		require.False(t, e.Truncated)
		require.Equal(t, string(data[e.Offset:][:e.Size]), e.Data)
		if _, err := hl7.Parse([]byte(e.Data)); name != "odd/effortless-hash-separator.hl7" {
			require.NoError(t, err)
		}
	}
	require.Equal(t, want, n)
}
