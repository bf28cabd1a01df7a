package inspect_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/inspect"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
)

// FuzzRun inspects any bytes: nothing panics, nothing is dropped in silence, and
// every format remains what it is, whatever the messages and the name of their
// file hold.
func FuzzRun(f *testing.F) {
	good, worse, ack := sample(f, "A01"), sample(f, "A02", "ZBE-9 = X", "PV1-3 ="), sample(f, "ACK")
	f.Add("a.hl7", good)
	f.Add("b & <c>.hl7", bytes.Join([][]byte{good, []byte("rubbish\r"), worse, ack}, nil))
	f.Add("\xff\x00\x1b[2J", append(append([]byte("\x0b"), good...), "\x1c\r\x0bMSH|^~\\&|"...))
	f.Add("", []byte("MSH|^~\\&|||||||ADT^A01|\xff\x00\x07|P|2.5|||||||8859/1\rPID|||\xe9\x1b\r"))
	f.Add("-", []byte("\xff\xfeM\x00S\x00H\x00"))
	j := judge(f)
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		for _, format := range inspect.Formats() {
			for _, lang := range []string{"fr", "en"} {
				checkFormat(t, format, written(t, j, format, lang, name, data))
			}
		}
	})
}

// written is what a format makes of one stream.
func written(t *testing.T, j *rules.Judge, format, lang, name string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := inspect.NewWriter(&out, format, inspect.Style{Lang: lang, Least: rules.Info, Width: 40, Color: true})
	require.NoError(t, err)
	tracker := sequence.New(sequence.Options{Patients: 4})
	o := inspect.Options{Judge: j, MaxMessage: 4096, Workers: 2, Follow: tracker.Follow}
	var sum inspect.Summary
	end := int64(0)
	err = inspect.Run(t.Context(), o, []inspect.Source{source(name, data)}, func(i *inspect.Item) error {
		require.NotEqual(t, i.Err == nil, i.Report == nil)
		require.GreaterOrEqual(t, i.Offset, end, "items are in the order of the stream")
		end = i.Offset
		sum.Add(i, false)
		return w.Write(i)
	})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	if len(bytes.TrimSpace(data)) > 0 && bytes.Contains(data, []byte("MSH|^~\\&|")) {
		require.NotZero(t, sum.Messages()+sum.Unreadable)
	}
	return out.Bytes()
}

// checkFormat holds what was written to its format.
func checkFormat(t *testing.T, format string, out []byte) {
	t.Helper()
	switch format {
	case "json", "sarif":
		require.True(t, json.Valid(out), "%s", out)
	case "ndjson":
		for line := range bytes.Lines(out) {
			require.True(t, json.Valid(line), "%s", line)
		}
	case "junit":
		d := xml.NewDecoder(bytes.NewReader(out))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
	case "text":
		plain := bytes.ReplaceAll(out, []byte("\x1b["), nil) // the colours are ours
		require.NotContains(t, string(plain), "\x1b")
	}
}
