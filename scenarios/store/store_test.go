package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/internal/leak"
	"github.com/pamlab/pamlab/scenarios/store"
)

// No test may leave a goroutine of this package behind.
func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		os.Exit(child(path))
	}
	os.Exit(leak.Check(m.Run(), "pamlab/scenarios/store."))
}

// open opens a store that the test closes.
func open(t testing.TB, path string, opt store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path, opt)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func file(t testing.TB) string { return filepath.Join(t.TempDir(), "dmn.db") }

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// record is one with every field filled.
func record(n int) *store.Record {
	return &store.Record{
		Time: noon.Add(time.Duration(n) * time.Second), Direction: store.Received, Listener: "127.0.0.1:2575", Peer: "gam.example",
		Connection: 7, ControlID: fmt.Sprint("M", n), Type: "A02", Patient: store.Alias(fmt.Sprint(n % 3)), Verdict: "fail",
		Findings: []string{"fr.pv1-41.event", "hl7.required"}, Ack: "AE", Destination: "dmn", State: store.Done, Attempts: 2,
		Error: "no answer", Took: 1500 * time.Microsecond, Repeated: true, Memo: []byte("a memo"), Message: []byte("MSH|^~\\&|\r"), Answer: []byte("MSH|\rMSA|AE\r"),
	}
}

func list(t testing.TB, s *store.Store, f store.Filter) (all []*store.Record) {
	t.Helper()
	for r, err := range s.List(t.Context(), f) {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

func ids(rs []*store.Record) string {
	var names []string
	for _, r := range rs {
		names = append(names, r.ControlID)
	}
	return strings.Join(names, " ")
}

func TestEveryFieldComesBack(t *testing.T) {
	for _, path := range []string{store.Memory, file(t)} {
		s := open(t, path, store.Options{})
		r := record(1)
		require.NoError(t, s.Add(t.Context(), r))
		require.Equal(t, int64(1), r.ID)
		got, err := s.Get(t.Context(), r.ID)
		require.NoError(t, err)
		require.True(t, r.Time.Equal(got.Time))
		got.Time = r.Time
		require.Equal(t, r, got)
		_, err = s.Get(t.Context(), 2)
		var missing *store.Error
		require.ErrorAs(t, err, &missing)
		require.Equal(t, store.NotFound, missing.Kind)
		require.Equal(t, "no message has the number 2", missing.Error())
	}
}

// TestFilters: a file and a memory choose alike.
func TestFilters(t *testing.T) {
	for name, path := range map[string]string{"memory": store.Memory, "file": file(t)} {
		t.Run(name, func(t *testing.T) { filters(t, open(t, path, store.Options{})) })
	}
}

func filters(t *testing.T, s *store.Store) {
	for n := range 6 {
		r := record(n)
		switch n {
		case 1:
			r.Type, r.Direction = "A03", store.Sent
		case 2:
			r.Verdict, r.State = "pass", store.Waiting
		case 3:
			r.Destination, r.State, r.Ack = "other", store.Parked, "AR"
		}
		require.NoError(t, s.Add(t.Context(), r))
	}
	for _, tt := range []struct {
		name string
		f    store.Filter
		want string
	}{
		{"all", store.Filter{}, "M0 M1 M2 M3 M4 M5"},
		{"type", store.Filter{Type: "A03"}, "M1"},
		{"patient", store.Filter{Patient: store.Alias("1")}, "M1 M4"},
		{"verdict", store.Filter{Verdict: "pass"}, "M2"},
		{"answer", store.Filter{Ack: "AR"}, "M3"},
		{"control id", store.Filter{ControlID: "M4"}, "M4"},
		{"destination", store.Filter{Destination: "other"}, "M3"},
		{"waiting", store.Filter{State: store.Waiting}, "M2"},
		{"parked", store.Filter{State: store.Parked}, "M3"},
		{"direction", store.Filter{Direction: store.Sent}, "M1"},
		{"since", store.Filter{Since: noon.Add(4 * time.Second)}, "M4 M5"},
		{"until", store.Filter{Until: noon.Add(2 * time.Second)}, "M0 M1"},
		{"after", store.Filter{After: 4}, "M4 M5"},
		{"limit", store.Filter{Limit: 2}, "M0 M1"},
		{"together", store.Filter{Type: "A02", Since: noon.Add(2 * time.Second), Limit: 2}, "M2 M3"},
		{"nothing", store.Filter{Type: "A99"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, ids(list(t, s, tt.f)))
			limit := tt.f.Limit
			tt.f.Limit = 0
			n, err := s.Count(t.Context(), tt.f)
			require.NoError(t, err)
			if limit == 0 {
				require.Len(t, strings.Fields(tt.want), int(n))
			} else {
				require.GreaterOrEqual(t, int(n), limit)
			}
		})
	}
}

// A list is read page by page: more than one page comes back whole, and what a
// reader adds meanwhile does not wait for it.
func TestListIsReadInPages(t *testing.T) {
	for _, path := range []string{store.Memory, file(t)} {
		s := open(t, path, store.Options{})
		var rs []*store.Record
		for n := range 300 {
			rs = append(rs, record(n))
		}
		require.NoError(t, s.Enqueue(t.Context(), rs...))
		seen := 0
		for r, err := range s.List(t.Context(), store.Filter{}) {
			require.NoError(t, err)
			require.Equal(t, int64(seen+1), r.ID)
			if seen++; seen == 200 {
				require.NoError(t, s.Add(t.Context(), record(301)))
			}
		}
		require.Equal(t, 301, seen)
		for range s.List(t.Context(), store.Filter{}) {
			break // the reader may stop
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	path := file(t)
	s := open(t, path, store.Options{Queue: 4})
	var senders sync.WaitGroup
	var mu sync.Mutex
	given := map[int64]string{}
	for sender := range 16 {
		senders.Go(func() {
			for n := range 10 {
				r := record(sender*100 + n)
				if err := s.Add(t.Context(), r); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				given[r.ID] = r.ControlID
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	require.Len(t, given, 160, "each record has its own id")
	again := open(t, path, store.Options{MustExist: true})
	for _, r := range list(t, again, store.Filter{}) {
		require.Equal(t, given[r.ID], r.ControlID)
	}
}

func TestNoContent(t *testing.T) {
	path := file(t)
	s := open(t, path, store.Options{NoContent: true})
	require.NoError(t, s.Add(t.Context(), record(1)))
	got := list(t, s, store.Filter{})[0]
	require.Nil(t, got.Message)
	require.Nil(t, got.Answer)
	require.Equal(t, "M1", got.ControlID)
	require.Equal(t, "a memo", string(got.Memo))

	out := record(2)
	require.NoError(t, s.Enqueue(t.Context(), out))
	waiting, err := s.Waiting(t.Context(), "dmn", 0, 10)
	require.NoError(t, err)
	require.Equal(t, out.Message, waiting[0].Message, "what is to be sent is kept until it is")
	waiting[0].State = store.Done
	require.NoError(t, s.Settle(t.Context(), waiting...))
	got, err = s.Get(t.Context(), out.ID)
	require.NoError(t, err)
	require.Nil(t, got.Message)
}

// A file of an earlier version has what is in it, and takes what is new.
func TestEarlierVersion(t *testing.T) {
	path := file(t)
	database(t, path, earlier+"PRAGMA application_id=1885433196; PRAGMA user_version=1;"+
		`INSERT INTO messages VALUES (7, 1, 'received', 'dmn', '', 0, 'OLD', 'A01', '', '', '', 'AA', '', '', 0, '', 0, 'MSH', 'ACK')`)
	for range 2 {
		s := open(t, path, store.Options{})
		require.NoError(t, s.Add(t.Context(), record(1)))
		require.NoError(t, s.Close())
	}
	all := list(t, open(t, path, store.Options{MustExist: true}), store.Filter{})
	require.Equal(t, "OLD M1 M1", ids(all))
	require.Equal(t, "ACK", string(all[0].Answer))
	require.False(t, all[0].Repeated)
	require.True(t, all[1].Repeated)
	require.Equal(t, record(1).Memo, all[2].Memo)
}

// earlier is the table of version 1.
const earlier = `
CREATE TABLE messages (
	id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, direction TEXT NOT NULL, listener TEXT NOT NULL, peer TEXT NOT NULL,
	connection INTEGER NOT NULL, control_id TEXT NOT NULL, type TEXT NOT NULL, patient TEXT NOT NULL, verdict TEXT NOT NULL,
	findings TEXT NOT NULL, ack TEXT NOT NULL, destination TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
	error TEXT NOT NULL, took INTEGER NOT NULL, message BLOB, answer BLOB);
CREATE TABLE "values" (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
`

func TestFilesAreTheirOwners(t *testing.T) {
	path := file(t)
	s := open(t, path, store.Options{})
	require.NoError(t, s.Add(t.Context(), record(1)))
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Len(t, files, 4, "the database, its log, the index of the log, and whose it is")
	for _, name := range files {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), name)
	}
}

func TestPathsOfEveryForm(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"a b.db", "a?b=c.db", "a#b.db", "a%20b.db", "É.db"} {
		s := open(t, name, store.Options{})
		require.NoError(t, s.Add(t.Context(), record(1)))
		_, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
	}
}

func TestContextIsHonoured(t *testing.T) {
	s := open(t, store.Memory, store.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Add(ctx, record(1))
	n, countErr := s.Count(t.Context(), store.Filter{})
	require.NoError(t, countErr)
	if err == nil { // the writer was faster, and then it is there
		require.Equal(t, int64(1), n)
	} else {
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, n)
	}
	for _, err := range s.List(ctx, store.Filter{}) {
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
}

func TestClosed(t *testing.T) {
	s, err := store.Open(t.Context(), file(t), store.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice is once")
	var closed *store.Error
	require.ErrorAs(t, s.Add(t.Context(), record(1)), &closed)
	require.Equal(t, store.Closed, closed.Kind)
}

func TestAddAllIsInOrderAndWhole(t *testing.T) {
	s, err := store.Open(t.Context(), store.Memory, store.Options{})
	require.NoError(t, err)
	defer s.Close()
	one, two := &store.Record{ControlID: "1"}, &store.Record{ControlID: "2"}
	require.NoError(t, s.AddAll(t.Context(), one, two))
	require.Greater(t, one.ID, int64(0))
	require.Equal(t, one.ID+1, two.ID)
	n, err := s.Count(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

// database makes a file of SQLite that is not ours.
func database(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(script)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// Who names a file in a folder that is not there is told of the folder.
func TestNoFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "dmn.db")
	for _, test := range []struct {
		mustExist bool
		kind      store.ErrorKind
	}{{false, store.NoFolder}, {true, store.Missing}} {
		_, err := store.Open(t.Context(), path, store.Options{MustExist: test.mustExist})
		failed, ok := errors.AsType[*store.Error](err)
		require.True(t, ok, err)
		require.Equal(t, test.kind, failed.Kind)
		for _, lang := range []string{"fr", "en"} {
			require.Contains(t, failed.In(lang), path)
			require.NotEmpty(t, failed.Hint(lang))
		}
	}
}
