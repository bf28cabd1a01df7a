package hl7_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/internal/corpus"
)

// refused lists the files of the corpus that are not one message, with the
// kind of error that says so.
var refused = map[string]hl7.ErrorKind{
	"odd/cosyte-raw-batch-multi.hl7":                hl7.KindBatch,
	"odd/cosyte-raw-mixed-terminators-stream.hl7":   hl7.KindSeveral,
	"odd/cosyte-raw-mllp-framing-stripped.hl7":      hl7.KindFramed,
	"odd/effortless-raw-mllp-framed.hl7":            hl7.KindFramed,
	"odd/effortless-raw-utf16-ack.hl7":              hl7.KindUTF16,
	"odd/effortless-hash-separator.hl7":             hl7.KindDelimiters,
	"invalid/cosyte-duplicate-required-segment.hl7": hl7.KindSeveral,
}

// told lists what the parser says about odd files that it reads.
var told = map[string]hl7.OddityKind{
	"odd/cosyte-raw-crlf-line-endings.hl7":   hl7.OddCRLF,
	"odd/cosyte-raw-lf-line-endings.hl7":     hl7.OddLineFeed,
	"odd/cosyte-raw-mixed-line-endings.hl7":  hl7.OddLineFeed,
	"odd/cosyte-raw-no-trailing-newline.hl7": hl7.OddNoTerminator,
	"odd/zato-msh2-missing-tilde-greek.hl7":  hl7.OddShortDelimiters,
	"invalid/cosyte-segment-case.hl7":        hl7.OddSegmentName,
}

// misread lists files whose bytes are not of the character set of MSH-18.
var misread = map[string]hl7.ErrorKind{
	"odd/cosyte-unicode-names.hl7":       hl7.KindUndecodable,
	"ack/meddatabridge-aa-a28.hl7":       hl7.KindUndecodable,
	"invalid/cosyte-unknown-charset.hl7": hl7.KindUnknownCharset,
}

// messages lists how many messages files contain that have not just one.
var messages = map[string]int{
	"odd/cosyte-raw-batch-multi.hl7":                3,
	"odd/cosyte-raw-mixed-terminators-stream.hl7":   2,
	"invalid/cosyte-duplicate-required-segment.hl7": 2,
}

func TestCorpus(t *testing.T) {
	dir := corpus.Dir(t)
	files := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".hl7" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		name = filepath.ToSlash(name)
		files[name] = true
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			testCorpusFile(t, name, data)
		})
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(files), 200, "the corpus has more files than that")
	for _, named := range []map[string]hl7.ErrorKind{refused, misread} {
		for name := range named {
			require.True(t, files[name], "%s is in the corpus no more", name)
		}
	}
	for name := range told {
		require.True(t, files[name], "%s is in the corpus no more", name)
	}
}

func testCorpusFile(t *testing.T, name string, data []byte) {
	original := string(data)
	m, err := hl7.Parse(data)
	if kind, ok := refused[name]; ok {
		var e *hl7.Error
		require.True(t, errors.As(err, &e), "got %v", err)
		require.Equal(t, kind, e.Kind)
		require.NotEmpty(t, e.Hint("en"))
		testCorpusSplit(t, name, data)
		return
	}
	require.NoError(t, err)
	require.Equal(t, original, string(m.Bytes()), "round trip")
	if kind, ok := told[name]; ok {
		require.Contains(t, kinds(m.Oddities()), kind)
	}
	if kind, ok := misread[name]; ok {
		var e *hl7.Error
		require.True(t, errors.As(m.CheckText(), &e))
		require.Equal(t, kind, e.Kind)
	}
	if !strings.Contains(name, "-raw-") {
		require.NotContains(t, kinds(m.Oddities()), hl7.OddNoTerminator)
		require.NotContains(t, kinds(m.Oddities()), hl7.OddLineFeed)
	}
	for s := range m.Segments() {
		for n := 1; n <= s.NumFields(); n++ {
			_ = s.Field(n).String()
		}
	}
	if strings.HasPrefix(name, "ack/") {
		r, err := hl7.ReadAck(data)
		require.NoError(t, err)
		require.True(t, r.Code.Valid())
		require.NotEmpty(t, r.MessageID)
	}
}

// testCorpusSplit checks that what is not one message can be split into some.
func testCorpusSplit(t *testing.T, name string, data []byte) {
	raws, err := hl7.Split(data)
	if name == "odd/effortless-raw-utf16-ack.hl7" {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	require.Len(t, raws, max(1, messages[name]))
	for _, r := range raws {
		require.Equal(t, string(data[r.Offset:r.Offset+len(r.Data)]), string(r.Data))
		if name == "odd/effortless-hash-separator.hl7" {
			continue
		}
		m, err := hl7.Parse(r.Data)
		require.NoError(t, err)
		require.Equal(t, "MSH", m.Segment(0).Name())
	}
}

func kinds(odd []hl7.Oddity) []hl7.OddityKind {
	var ks []hl7.OddityKind
	for _, o := range odd {
		ks = append(ks, o.Kind)
	}
	return ks
}
