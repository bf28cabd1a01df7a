package report_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/report"
)

func TestParseSpec(t *testing.T) {
	tests := []struct {
		spec string
		want []report.Target
	}{
		{"junit=out.xml", []report.Target{{Format: "junit", Path: "out.xml"}}},
		{"junit=out.xml,json=out.json", []report.Target{{Format: "junit", Path: "out.xml"}, {Format: "json", Path: "out.json"}}},
		{"junit=out.xml, text=-", []report.Target{{Format: "junit", Path: "out.xml"}, {Format: "text", Path: "-"}}},
		{"json=a=b.json", []report.Target{{Format: "json", Path: "a=b.json"}}},
		{`json=C:\reports\out.json`, []report.Target{{Format: "json", Path: `C:\reports\out.json`}}},
	}
	for _, test := range tests {
		t.Run(test.spec, func(t *testing.T) {
			got, err := report.ParseSpec(test.spec)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestParseSpecErrors(t *testing.T) {
	tests := []struct{ spec, en, fr, hint string }{
		{"junti=out.xml", "unknown report format “junti”", "format de rapport inconnu «\u00a0junti\u00a0»", "did you mean “junit”?"},
		{"xml=out.xml", "unknown report format “xml”", "format de rapport inconnu «\u00a0xml\u00a0»", "the formats are json, junit, text"},
		{"JUnit=out.xml", "unknown report format “JUnit”", "format de rapport inconnu «\u00a0JUnit\u00a0»", "did you mean “junit”?"},
		{"out.xml", "“out.xml” is not of the form format=path", "«\u00a0out.xml\u00a0» n’est pas de la forme format=chemin", "junit=report.xml"},
		{"", "“” is not of the form format=path", "«\u00a0\u00a0» n’est pas de la forme format=chemin", "junit=report.xml"},
		{"junit=a.xml,", "“” is not of the form format=path", "«\u00a0\u00a0» n’est pas de la forme format=chemin", "junit=report.xml"},
		{"junit=", "the path of the report “junit” is missing", "il manque le chemin du rapport «\u00a0junit\u00a0»", "junit=-"},
		{"json", "the path of the report “json” is missing", "il manque le chemin du rapport «\u00a0json\u00a0»", "json=-"},
		{"junit=-,json=-", "two reports would go to “-”", "deux rapports iraient dans «\u00a0-\u00a0»", "a path of its own"},
		{"junit=a,json=./a", "two reports would go to “./a”", "deux rapports iraient dans «\u00a0./a\u00a0»", "a path of its own"},
		{"\x1b[2J=x", "unknown report format “␛[2J”", "format de rapport inconnu «\u00a0␛[2J\u00a0»", "the formats are"},
	}
	for _, test := range tests {
		t.Run(test.spec, func(t *testing.T) {
			_, err := report.ParseSpec(test.spec)
			var wrong *report.SpecError
			require.ErrorAs(t, err, &wrong)
			require.EqualError(t, err, test.en)
			require.Equal(t, test.fr, wrong.In("fr"))
			require.Contains(t, wrong.Hint("en"), test.hint)
			require.NotEqual(t, wrong.Hint("en"), wrong.Hint("fr"))
		})
	}
}

func TestEveryFormatWrites(t *testing.T) {
	journal := everyVerdict().play(t)
	for _, name := range report.Formats() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "new", "folder", "report")
			require.NoError(t, report.Target{Format: name, Path: path}.Write(bytes.NewReader(journal), io.Discard, "fr"))
			written, err := os.ReadFile(path)
			require.NoError(t, err)

			var stdout bytes.Buffer
			require.NoError(t, report.Target{Format: name, Path: "-"}.Write(bytes.NewReader(journal), &stdout, "fr"))
			require.Equal(t, stdout.String(), string(written))
			require.NotEmpty(t, written)
		})
	}
}

// TestWriteIsAllOrNothing: a report that cannot be made leaves the one that was
// there, and nothing beside it.
func TestWriteIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.xml")
	require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o600))
	target := report.Target{Format: "junit", Path: path}

	err := target.Write(strings.NewReader("garbage\n"), io.Discard, "en")
	var failed *report.FileError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, target, failed.Target)
	require.Contains(t, err.Error(), "journal line 1")
	require.Equal(t, "yesterday", content(t, path))
	require.Len(t, entries(t, dir), 1)

	require.NoError(t, target.Write(bytes.NewReader(everyVerdict().play(t)), io.Discard, "en"))
	require.Contains(t, content(t, path), "<testsuites")
	require.Len(t, entries(t, dir), 1, "no temporary file stays")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "a report that was protected stays so")
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	tests := []struct {
		name   string
		target report.Target
		fr     string
	}{
		{"a folder", report.Target{Format: "json", Path: dir}, "c’est un dossier"},
		{"a file as folder", report.Target{Format: "json", Path: filepath.Join(file, "out.json")}, "n’a pas pu être écrit"},
		{"a format that does not exist", report.Target{Format: "html", Path: file}, "format de rapport inconnu"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.target.Write(bytes.NewReader(everyVerdict().play(t)), io.Discard, "fr")
			var failed *report.FileError
			require.ErrorAs(t, err, &failed)
			require.Contains(t, failed.In("fr"), test.fr)
			require.NotEmpty(t, failed.Hint("fr"))
		})
	}
	require.Empty(t, content(t, file))
}

func TestWriteStdoutFails(t *testing.T) {
	err := report.Target{Format: "json", Path: "-"}.Write(bytes.NewReader(everyVerdict().play(t)), failing{fs.ErrPermission}, "en")
	require.ErrorIs(t, err, fs.ErrPermission)
}

// TestWriteKeepsWhatIsNoFile: a device must not be replaced by a file, a link
// must stay a link.
func TestWriteKeepsWhatIsNoFile(t *testing.T) {
	journal := everyVerdict().play(t)
	require.NoError(t, report.Target{Format: "json", Path: os.DevNull}.Write(bytes.NewReader(journal), io.Discard, "en"))
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.False(t, info.Mode().IsRegular())

	dir := t.TempDir()
	link, file := filepath.Join(dir, "latest.xml"), filepath.Join(dir, "run-7.xml")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	if err := os.Symlink(file, link); err != nil {
		t.Skip("this system has no symbolic links here:", err)
	}
	require.NoError(t, report.Target{Format: "junit", Path: link}.Write(bytes.NewReader(journal), io.Discard, "en"))
	info, err = os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&fs.ModeSymlink)
	require.Contains(t, content(t, file), "<testsuites")
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	return list
}

func FuzzParseSpec(f *testing.F) {
	f.Add("junit=out.xml,json=-")
	f.Add("junti=\x00,,=")
	f.Fuzz(func(t *testing.T, spec string) {
		targets, err := report.ParseSpec(spec)
		if err != nil {
			require.Empty(t, targets)
			return
		}
		require.Len(t, targets, strings.Count(spec, ",")+1)
		for _, target := range targets {
			require.Contains(t, report.Formats(), target.Format)
			require.NotEmpty(t, target.Path)
		}
	})
}
