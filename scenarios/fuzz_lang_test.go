package scenarios

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

// slowLoad is how long the loader may take, with the race detector, on a busy
// machine. The slowest file takes half a second by itself; what grows faster than
// its size takes hours.
const slowLoad = time.Minute

func addSeeds(f *testing.F, patterns ...string) {
	f.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(data)
		}
	}
}

// FuzzLoad: whatever the file, a scenario or problems inside the file, in both
// languages; never a panic.
func FuzzLoad(f *testing.F) {
	addSeeds(f, "testdata/lang/good/everything.yaml", "testdata/lang/bad/*.yaml", "library/*/*.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			t.Skip("size is not what is looked for")
		}
		start := time.Now()
		s, err := LoadFS(fstest.MapFS{"s.yaml": {Data: data}, "x.hl7": {Data: []byte("MSH|^~\\&|")}}, "s.yaml")
		require.Less(t, time.Since(start), slowLoad)
		if err == nil {
			require.NotEmpty(t, s.Cases)
			return
		}
		var problems Problems
		require.ErrorAs(t, err, &problems)
		requirePlaces(t, problems, data)
		require.NotEmpty(t, problems.In("fr"))
		require.NotEmpty(t, problems.In("en"))
	})
}

// FuzzLoadCandidate does the same for candidate files and overrides.
func FuzzLoadCandidate(f *testing.F) {
	for _, override := range []string{"candidate.address=127.0.0.1:1", "safety.allow_hosts=a,b", "tls.identities.a.cert=b", "x", "a.b.c.d=e"} {
		for _, pattern := range []string{"testdata/lang/candidate/good/*.yaml", "testdata/lang/candidate/bad/*.yaml"} {
			files, err := filepath.Glob(pattern)
			require.NoError(f, err)
			for _, file := range files {
				data, err := os.ReadFile(file)
				require.NoError(f, err)
				f.Add(data, override)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, override string) {
		if len(data) > 64<<10 {
			t.Skip("size is not what is looked for")
		}
		start := time.Now()
		c, err := readCandidate("candidate.yaml", data, []string{override})
		require.Less(t, time.Since(start), slowLoad)
		if err == nil {
			require.NotEmpty(t, c.Dialect.Name)
			require.Positive(t, c.Limits.Ack)
			return
		}
		var problems Problems
		require.ErrorAs(t, err, &problems)
		requirePlaces(t, problems, data)
		require.NotEmpty(t, problems.In("fr"))
	})
}

// FuzzTemplate: a text compiles or has a fault inside it.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"", "x", "{{now}}", "{{ now + 1h }}", "{{a.sent.PID-3[.5=PI].1}}", "{{", "}}", "{{}}", "{{a.b}}", "é{{ patient.ipp }}é", "{{now - 2d}}{{x",
		"{{a.ack.ERR[*]-3(2).1 + 1d}}", "{{case.x}}", "{{\t}}", "{{ . }}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, fault := compileTemplate(text, Source{}, func(int, int) Source { return Source{} })
		if fault != nil {
			require.GreaterOrEqual(t, fault.offset, 0)
			require.LessOrEqual(t, fault.offset, len([]rune(text)))
			require.NotEmpty(t, fault.message.FR)
			require.NotEmpty(t, fault.message.EN)
			return
		}
		rendered, err := template.Render(&fakeEnv{values: map[string]string{}})
		if literal, ok := template.Literal(); ok {
			require.NoError(t, err)
			require.Equal(t, text, literal)
			require.Equal(t, text, rendered)
		}
	})
}
