package inspect_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/inspect"
)

// memoryOf is how many bytes are held at most while a stream is inspected and
// written as JUnit, the one format that has to keep something. It looks after
// every so many items.
func memoryOf(t *testing.T, src inspect.Source, maxMessage, every int) (most int64, items int) {
	t.Helper()
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	o := inspect.Options{Judge: judge(t), MaxMessage: maxMessage, Workers: 2}
	w, err := inspect.NewWriter(io.Discard, "junit", inspect.Style{Lang: "fr"})
	require.NoError(t, err)
	// The first message has the catalogue and the profile read, which stay.
	none := func(*inspect.Item) error { return nil }
	require.NoError(t, inspect.Run(t.Context(), o, []inspect.Source{source("first", sample(t, "A01"))}, none))
	before := live()
	require.NoError(t, inspect.Run(t.Context(), o, []inspect.Source{src}, func(i *inspect.Item) error {
		if items++; items%every == 0 {
			most = max(most, live()-before)
			t.Logf("%d items: %d KiB", items, most>>10)
		}
		return w.Write(i)
	}))
	require.NoError(t, w.Close())
	return most, items
}

// TestConstantMemory: 64 MiB of messages pass through the memory of some.
func TestConstantMemory(t *testing.T) {
	size := int64(64 << 20)
	if testing.Short() || underRace {
		size = 4 << 20
	}
	text := sample(t, "A01", "ZBE-9 = X")
	open := func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(&repeated{text: text}, size)), nil
	}
	messages := int(size) / len(text)
	most, items := memoryOf(t, inspect.Source{Name: "long", Open: open}, 0, messages/8)
	require.InDelta(t, messages, items, 1)
	require.Less(t, most, int64(12<<20))
}

// TestHugeMessagesAreLetGo: a huge message is forgotten with its batch, however
// few messages follow it there.
func TestHugeMessagesAreLetGo(t *testing.T) {
	const rounds = 24
	small := sample(t, "A01")
	huge := append(append(bytes.Clone(small), "NTE|1||"...), append(bytes.Repeat([]byte("x"), 2<<20), '\r')...)
	var parts []io.Reader
	for n := rounds; n > 0; n-- { // the huge one stands nearer to the beginning of its batch each time
		parts = append(parts, bytes.NewReader(bytes.Repeat(small, n)), bytes.NewReader(huge))
	}
	most, _ := memoryOf(t, inspect.Source{Name: "huge", Open: opened(parts)}, 4<<20, rounds*rounds/2)
	require.Less(t, most, int64(rounds<<20))
}

func opened(parts []io.Reader) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(io.MultiReader(parts...)), nil }
}

// TestHugeHeadersAreNotRemembered: messages are remembered for the
// acknowledgements that answer them; one whose header is as long as a message
// may be is not.
func TestHugeHeadersAreNotRemembered(t *testing.T) {
	const messages = 64
	var parts []io.Reader
	filling := bytes.Repeat([]byte("x"), 256<<10)
	for i := range messages {
		parts = append(parts, bytes.NewReader([]byte("MSH|^~\\&|")), bytes.NewReader(filling),
			bytes.NewReader(fmt.Appendf(nil, "|||||||ADT^A01|%d|P|2.5\r", i)))
	}
	most, items := memoryOf(t, inspect.Source{Name: "headers", Open: opened(parts)}, 0, messages)
	require.Equal(t, messages, items)
	require.Less(t, most, int64(messages<<18))
}

// TestLongFilesAreSeveralSuites: JUnit's counters stand before the cases.
func TestLongFilesAreSeveralSuites(t *testing.T) {
	text := bytes.Repeat(sample(t, "A02", "ZBE-9 = X", "PV1-3 ="), 4000)
	got := inspected(t, "junit", "en", source("long.hl7", text))
	suites := bytes.Count([]byte(got), []byte(`<testsuite name="long.hl7"`))
	require.Greater(t, suites, 1)
	require.Equal(t, 4000, bytes.Count([]byte(got), []byte("<testcase ")))
	require.Equal(t, suites, bytes.Count([]byte(got), []byte("</testsuite>")))
}
