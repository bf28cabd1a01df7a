package inspect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/inspect"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

var update = flag.Bool("update", false, "write the golden files")

// sample returns a message of the catalogue, changed.
func sample(t testing.TB, name string, edits ...string) []byte {
	t.Helper()
	list, err := rules.Example{Messages: []string{name}, Edits: edits}.Build()
	require.NoError(t, err)
	return list[0].Bytes()
}

func source(name string, data ...[]byte) inspect.Source {
	return inspect.Source{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(bytes.Join(data, nil))), nil }}
}

func judge(t testing.TB) *rules.Judge {
	t.Helper()
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	return j
}

// inspected writes what is found in some sources in a format.
func inspected(t testing.TB, format, lang string, sources ...inspect.Source) string {
	t.Helper()
	var out bytes.Buffer
	w, err := inspect.NewWriter(&out, format, inspect.Style{Lang: lang, Least: rules.Should})
	require.NoError(t, err)
	require.NoError(t, inspect.Run(t.Context(), inspect.Options{Judge: judge(t)}, sources, w.Write))
	require.NoError(t, w.Close())
	return out.String()
}

func sources(t testing.TB) []inspect.Source {
	return []inspect.Source{
		source("good.hl7", sample(t, "A01")),
		source("bad & worse.hl7", sample(t, "A02", "ZBE-9 = X", "PV1-3 ="), []byte("nothing that is a message\r"), sample(t, "A03")),
		source("empty.hl7"),
		source("text.hl7", []byte("\nno message at all\n"), sample(t, "A03")),
		{Name: "missing.hl7", Open: func() (io.ReadCloser, error) { return os.Open("testdata/missing") }},
	}
}

func TestFormats(t *testing.T) {
	for _, format := range inspect.Formats() {
		for _, lang := range []string{"fr", "en"} {
			t.Run(format+" "+lang, func(t *testing.T) {
				got := inspected(t, format, lang, sources(t)...)
				path := filepath.Join("testdata", format+"."+lang)
				if *update {
					require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err, "run the test with -update to make it")
				require.Equal(t, string(want), got)
			})
		}
	}
}

func TestNDJSONKeepsItsSchema(t *testing.T) {
	data, err := os.ReadFile("../../../docs/validate.schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("validate.json", doc))
	schema, err := c.Compile("validate.json")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(inspected(t, "ndjson", "fr", sources(t)...)), "\n")
	require.Len(t, lines, 7)
	for _, line := range lines {
		object, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(object))
	}
}

// TestTextTellsWhatIsUnreadable where it stands alone.
func TestTextTellsWhatIsUnreadable(t *testing.T) {
	var out strings.Builder
	w, err := inspect.NewWriter(&out, "text", inspect.Style{Lang: "en", Unreadable: true, Failed: true})
	require.NoError(t, err)
	require.NoError(t, inspect.Run(t.Context(), inspect.Options{Judge: judge(t)}, sources(t)[2:], w.Write))
	require.NoError(t, w.Close())
	require.Equal(t, `unreadable empty.hl7
    no message in this file
    hint: a message begins with MSH|^~\&

unreadable text.hl7:2
    byte 1 (line 2): 17 bytes belong to no message: "no message at all"
    hint: a message begins with MSH|^~\& at the beginning of a line or of an MLLP frame

unreadable missing.hl7
    no such file
    hint: `+"`-`"+` reads the standard input

1 message(s): 1 pass, 0 warn, 0 fail · 3 unreadable
`, out.String())
}

// TestFailed: only what is wrong, and the summary of all.
func TestFailed(t *testing.T) {
	var out strings.Builder
	w, err := inspect.NewWriter(&out, "text", inspect.Style{Lang: "en", Failed: true, Least: rules.Must})
	require.NoError(t, err)
	list := []inspect.Source{source("good", sample(t, "A01")), source("warned", sample(t, "A01", "MSH-21 =")), source("bad", sample(t, "A01", "ZBE-9 = X"))}
	require.NoError(t, inspect.Run(t.Context(), inspect.Options{Judge: judge(t)}, list, w.Write))
	require.NoError(t, w.Close())
	require.NotContains(t, out.String(), "good")
	require.Contains(t, out.String(), "warn warned")
	require.Contains(t, out.String(), "FAIL bad")
	require.Contains(t, out.String(), "3 message(s): 1 pass, 1 warn, 1 fail")
}

// TestInterrupted: a report that is not of everything says so.
func TestInterrupted(t *testing.T) {
	for format, want := range map[string]string{
		"text": "interrupted: 1 message(s) judged", "sarif": `"executionSuccessful":false,"toolExecutionNotifications":[{"level":"error","message":{"text":"The run was interrupted."}}]`,
		"json": "\n]", "ndjson": `"verdict":"pass"`, "junit": "</testsuites>",
	} {
		t.Run(format, func(t *testing.T) {
			var out strings.Builder
			w, err := inspect.NewWriter(&out, format, inspect.Style{Lang: "en"})
			require.NoError(t, err)
			require.NoError(t, inspect.Run(t.Context(), inspect.Options{Judge: judge(t)}, sources(t)[:1], w.Write))
			w.Interrupted()
			require.NoError(t, w.Close())
			require.Contains(t, out.String(), want)
		})
	}
}

// TestSARIFRegions: a region is where the bytes of the finding stand in the
// file, and its line is theirs, whatever ends lines and whatever stands before.
func TestSARIFRegions(t *testing.T) {
	bad := sample(t, "A01", "ZBE-9 = X")
	lf := bytes.ReplaceAll(bad, []byte("\r"), []byte("\n"))
	crlf := bytes.ReplaceAll(bad, []byte("\r"), []byte("\r\n"))
	for name, text := range map[string][]byte{
		"CR": bad, "LF": lf, "CR LF": crlf, "mark": append([]byte("\xef\xbb\xbf\r\n"), crlf...),
		"framed": append(append([]byte("text\r\n\x0b"), bad...), "\x1c\r"...), "empty lines": bytes.ReplaceAll(bad, []byte("\r"), []byte("\n\n")),
	} {
		t.Run(name, func(t *testing.T) {
			var log struct {
				Runs []struct {
					Results []struct {
						RuleID    string
						Locations []struct {
							PhysicalLocation struct {
								Region struct{ StartLine, ByteOffset, ByteLength int }
							}
						}
					}
				}
			}
			require.NoError(t, json.Unmarshal([]byte(inspected(t, "sarif", "en", source("x", text))), &log))
			found := false
			for _, r := range log.Runs[0].Results {
				if r.RuleID != "fr.zbe-9.table" {
					continue
				}
				found = true
				at := r.Locations[0].PhysicalLocation.Region
				require.Equal(t, "X", string(text[at.ByteOffset:][:at.ByteLength]))
				before := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text[:at.ByteOffset]))
				require.Equal(t, 1+strings.Count(before, "\n"), at.StartLine)
			}
			require.True(t, found)
		})
	}
}

// TestSARIFIsBounded: what is no message is kept for the end, not all of it.
func TestSARIFIsBounded(t *testing.T) {
	got := inspected(t, "sarif", "fr", source("x", bytes.Repeat([]byte("x\r\x0b\x06\x1c\r"), 1500)))
	require.Equal(t, 1001, strings.Count(got, `{"level":"error","message"`))
	require.Contains(t, got, "Et 500 autres qui ne sont pas des messages.")
}

func TestJUnitIsXML(t *testing.T) {
	for _, list := range [][]inspect.Source{nil, sources(t)} {
		d := xml.NewDecoder(strings.NewReader(inspected(t, "junit", "en", list...)))
		for {
			if _, err := d.Token(); err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
		}
	}
}

// TestOrder: whatever the number of workers, items come in the order of the
// sources, and what is no message in its place among them.
func TestOrder(t *testing.T) {
	var list []inspect.Source
	for f := range 7 {
		var messages [][]byte
		for range 100 {
			messages = append(messages, sample(t, "A01"))
		}
		list = append(list, source(fmt.Sprint(f), messages...))
	}
	list = append(list, inspect.Source{Name: "missing", Open: func() (io.ReadCloser, error) { return os.Open("testdata/missing") }})
	for _, workers := range []int{1, 2, 8} {
		n := 0
		err := inspect.Run(t.Context(), inspect.Options{Judge: judge(t), Workers: workers}, list, func(i *inspect.Item) error {
			if i.Err != nil {
				require.Equal(t, "missing", i.File)
				require.Equal(t, 700, n)
				return nil
			}
			require.Equal(t, fmt.Sprint(n/100), i.File)
			require.Equal(t, n%100+1, i.Index)
			n++
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 700, n)
	}
}

// TestStopping: an error of the reader of the items, and the end of the
// context, end the run at once and leave nobody behind.
func TestStopping(t *testing.T) {
	endless := inspect.Source{Name: "endless", Open: func() (io.ReadCloser, error) { return io.NopCloser(&repeated{text: sample(t, "A01")}), nil }}
	broken := errors.New("no room left")
	require.ErrorIs(t, inspect.Run(t.Context(), inspect.Options{Judge: judge(t)}, []inspect.Source{endless}, func(*inspect.Item) error { return broken }), broken)

	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := inspect.Run(ctx, inspect.Options{Judge: judge(t)}, []inspect.Source{endless}, func(*inspect.Item) error {
		if n++; n == 100 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
}

// TestStoppingAmidARead: a source that has nothing to say and does not end keeps
// nobody from leaving.
func TestStoppingAmidARead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent, other := io.Pipe()
	defer other.Close()
	begun := make(chan struct{})
	waiting := inspect.Source{Name: "silent", Open: func() (io.ReadCloser, error) { close(begun); return silent, nil }}
	go func() { <-begun; cancel() }()
	err := inspect.Run(ctx, inspect.Options{Judge: judge(t)}, []inspect.Source{waiting}, func(i *inspect.Item) error {
		t.Errorf("%s: %v", i.File, i.Err)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
}

// TestLive: a message is told while its stream is silent, not when its batch is
// full; the time is that of the bubble.
func TestLive(t *testing.T) {
	j, frame := judge(t), append(append([]byte("\x0b"), sample(t, "A01")...), "\x1c\r"...)
	synctest.Test(t, func(t *testing.T) {
		in, out := io.Pipe()
		items, ended := make(chan int), make(chan error)
		live := inspect.Source{Name: "live", Open: func() (io.ReadCloser, error) { return in, nil }}
		go func() {
			ended <- inspect.Run(t.Context(), inspect.Options{Judge: j}, []inspect.Source{live}, func(i *inspect.Item) error {
				items <- i.Index
				return i.Err
			})
		}()
		for n := 1; n <= 3; n++ {
			begun := time.Now()
			_, err := out.Write(frame)
			require.NoError(t, err)
			require.Equal(t, n, <-items)
			require.LessOrEqual(t, time.Since(begun), time.Second)
		}
		require.NoError(t, out.Close())
		require.NoError(t, <-ended)
	})
}

// TestNothing: a source without message is told of, in its place and by its name.
func TestNothing(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "blank": "\r\n\n", "only a batch": "BHS|\rBTS|0\r", "a commit block": "\x0b\x06\x1c\r"} {
		t.Run(name, func(t *testing.T) {
			var got []string
			good := sample(t, "A01")
			list := []inspect.Source{source("a", good), source("b", []byte(text)), source("c", good), source("-", nil)}
			err := inspect.Run(t.Context(), inspect.Options{Judge: judge(t)}, list, func(i *inspect.Item) error {
				got = append(got, fmt.Sprintf("%s %d %v", i.File, i.Index, i.Err))
				if i.Err != nil {
					require.ErrorAs(t, i.Err, new(*inspect.NoMessageError))
				}
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, []string{"a 1 <nil>", "b 0 no message in this file", "c 1 <nil>", "- 0 no message in the standard input"}, got)
		})
	}
}

// TestSourceErrors: what the system says of a file, in the language of the reader.
func TestSourceErrors(t *testing.T) {
	_, missing := os.Open("testdata/missing")
	for _, c := range []struct {
		name         string
		err          error
		en, fr, hint string
	}{
		{"missing", missing, "no such file", "le fichier n'existe pas", "`-` reads the standard input"},
		{"forbidden", &os.PathError{Op: "open", Path: "x", Err: os.ErrPermission}, "permission denied", "accès refusé", ""},
		{"another", &os.PathError{Op: "read", Path: "x", Err: errors.New("input/output error")}, "input/output error", "input/output error", ""},
		{"one that speaks", &inspect.NoMessageError{Name: "x"}, "no message in this file", "aucun message dans ce fichier", `a message begins with MSH|^~\&`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &inspect.SourceError{Err: c.err}
			require.EqualError(t, e, c.en)
			require.Equal(t, c.fr, e.In("fr"))
			require.Equal(t, c.hint, e.Hint("en"))
			require.ErrorIs(t, e, c.err)
		})
	}
}

// repeated is a stream that says the same for ever.
type repeated struct {
	text []byte
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// TestPairs: an acknowledgement in a capture of both directions is judged with
// the message that it answers.
func TestPairs(t *testing.T) {
	got := inspected(t, "ndjson", "en", source("capture",
		sample(t, "A01"), sample(t, "ACK"), sample(t, "A02"), sample(t, "ACK", "MSA-2 = MSG00002", "MSH-10 = MSG00002")))
	lines := strings.Split(strings.TrimSpace(got), "\n")
	require.Len(t, lines, 4)
	require.NotContains(t, lines[1], `"must"`)
	require.Contains(t, lines[3], "ack.own-id")
}

// TestFollow: what only the messages before can tell is added in order.
func TestFollow(t *testing.T) {
	var order []string
	o := inspect.Options{Judge: judge(t), Follow: func(r *rules.Report) { order = append(order, r.Header().Trigger) }}
	require.NoError(t, inspect.Run(t.Context(), o, []inspect.Source{source("x", sample(t, "A01"), sample(t, "A02"), sample(t, "A03"))},
		func(*inspect.Item) error { return nil }))
	require.Equal(t, []string{"A01", "A02", "A03"}, order)
}

// TestPlaces: what is no message stands where it begins, and progress knows how
// much was read of how many files soever.
func TestPlaces(t *testing.T) {
	var places []string
	var read int64
	good := sample(t, "A01")
	o := inspect.Options{Judge: judge(t), Progress: func(n int64) { read = n }}
	err := inspect.Run(t.Context(), o, []inspect.Source{source("a", good), source("b", []byte("rubbish\r"), good)}, func(i *inspect.Item) error {
		places = append(places, fmt.Sprintf("%s#%d:%d@%d", i.File, i.Index, i.Line, i.Offset))
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"a#1:1@0", "b#0:1@0", "b#1:2@8"}, places)
	require.Equal(t, int64(2*len(good)+8), read)
}

func BenchmarkRun(b *testing.B) {
	j := judge(b)
	text := bytes.Repeat(sample(b, "A01"), 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		err := inspect.Run(b.Context(), inspect.Options{Judge: j}, []inspect.Source{source("x", text)}, func(*inspect.Item) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}
