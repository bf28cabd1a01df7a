// Package store keeps messages and their answers in a file, so that a receiver
// can promise what an acknowledgement promises: the message is in safe hands.
//
// # The promise
//
// [Store.Add] returns when the disk has the record. A process that is killed at
// any moment, or a machine that loses its power, loses nothing that Add returned
// nil for. The file is an SQLite database with a write-ahead log that is synced
// at each commit.
//
// # Group commit
//
// Syncing a disk takes about as long for one record as for a hundred. So one
// goroutine writes: it gathers what many goroutines want to have written while
// the transaction before is on its way to the disk, and writes that in one
// transaction. A sender that waits for its acknowledgement waits for one sync,
// or two; thirty-two senders share them. When the disk fails, everybody of the
// transaction is told, and nobody's record is there.
//
// Add, [Store.Enqueue], [Store.Settle], [Store.SetState] and [Store.Purge] all
// go that way, so that whatever one call writes is there as a whole or not at
// all. Between being called and being taken by the writer a call can be
// abandoned by its context; from then on it waits for the disk, because the
// answer to "is it stored?" is yes or no, never perhaps.
//
// # One owner
//
// One program at a time has the right to write to a file; another one that opens
// it is told, with an [Error] of kind [Owned]. The right ends with the program,
// also with one that is killed. Who opens with [Options].MustExist does not ask for
// it, and is let in beside the owner: to read, and to purge.
//
// # What a row says
//
// A [Record] is one exchange: who, when, which event, what was answered, and the
// two messages. With [Options].NoContent the messages are not kept: what remains
// is the functional trace that the French rules on traces want. A row never has
// a trait of a patient beside the message: patients go by an [Alias].
//
// # Outbox
//
// A sender keeps what is still to be sent in the same table: see [Store.Enqueue].
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Memory is the path of a store that is gone when it is closed.
const Memory = ":memory:"

// Options say how a store is opened.
type Options struct {
	// NoContent leaves Message and Answer out of what is written.
	NoContent bool
	// MustExist refuses to make a store where there is none, and leaves it to
	// another program to be the one that writes: for those who read, or purge.
	MustExist bool
	// MaxBytes bounds the file; what would make it longer fails as on a full disk.
	// 0 is no bound but that of the disk. A file that is longer stays as it is. A
	// store in memory forgets its oldest records instead; 0 is 512 MiB there.
	MaxBytes int64
	// Queue is how many calls may wait for the writer; further ones wait for a
	// place. 0 is 1024.
	Queue int
}

// A Store is a file of records. It is safe for concurrent use.
type Store struct {
	path   string
	opt    Options
	memory *memory // nil: a file
	owner  *owner  // nil: another one may be it
	read   *sql.DB
	write  *sql.DB // one connection
	stmts  statements

	queue   chan *job
	closing chan struct{} // closed by Close
	gone    chan struct{} // closed by the writer when it has written what was waiting
	once    sync.Once
	err     error // of closing
}

// Open opens the store at path, or makes one. A file of another program is an
// error, and so is a store of a later version of pamlab, or one to which another
// program writes.
func Open(ctx context.Context, path string, opt Options) (*Store, error) {
	if path == "" {
		return nil, &Error{Kind: Missing, Path: path, Err: fs.ErrNotExist}
	}
	s := &Store{path: path, opt: opt, queue: make(chan *job, cmp.Or(opt.Queue, 1024)), closing: make(chan struct{}), gone: make(chan struct{})}
	if path == Memory {
		s.memory = newMemory(opt.MaxBytes)
		close(s.gone)
		return s, nil
	}
	if err := prepareFile(path, opt.MustExist); err != nil {
		return nil, err
	}
	if err := s.connect(ctx); err != nil {
		_ = s.closeFiles() // the first error is the one that counts
		return nil, s.explain(err)
	}
	go s.writeAll() // Close waits for it
	return s, nil
}

// prepareFile makes a file that only its owner can read, before SQLite would
// make one for everybody. What SQLite writes beside it has the same mode.
func prepareFile(path string, mustExist bool) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return &Error{Kind: Foreign, Path: path}
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist) || mustExist:
		return fileError(path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Kind: NoFolder, Path: path, Err: err}
	case err != nil:
		return fileError(path, err)
	}
	if err := f.Close(); err != nil {
		return fileError(path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the name of a new file survive a loss of power.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return nil // no folder that can be read; the file itself will tell
	}
	defer dir.Close()
	_ = dir.Sync() // not every system can
	return nil
}

// connect opens the database, looks whether it is ours, and prepares it.
func (s *Store) connect(ctx context.Context) (err error) {
	if err := s.identify(ctx); err != nil {
		return err
	}
	if !s.opt.MustExist {
		if s.owner, err = own(s.path); err != nil {
			return err
		}
	}
	if s.write, err = sql.Open("sqlite", s.dsn()); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if err := os.Chmod(s.path, 0o600); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", s.dsn()+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	return s.prepare(ctx)
}

// dsn names the database with what every connection to it needs. The pages that
// a purge frees are overwritten: they held what people said of their health.
func (s *Store) dsn() string {
	const always = "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=secure_delete(1)&_pragma=foreign_keys(1)"
	return s.name() + always + "&_pragma=page_size(8192)&_pragma=auto_vacuum(2)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=wal_autocheckpoint(2000)"
}

// name is the file as SQLite takes it, whatever letters are in it.
func (s *Store) name() string {
	path := s.path
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}

// Close writes what is waiting, ends the writer and closes the file.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		<-s.gone
		s.err = s.closeFiles()
	})
	return s.err
}

func (s *Store) closeFiles() error {
	var err error
	if s.read != nil {
		err = s.read.Close()
	}
	if s.write != nil {
		s.stmts.close()
		err = errors.Join(err, s.write.Close())
	}
	if s.owner != nil {
		err = errors.Join(err, s.owner.leave())
	}
	return err
}

// Path is where the store is.
func (s *Store) Path() string { return s.path }

// HasContent reports whether messages are kept, and not only their trace.
func (s *Store) HasContent() bool { return !s.opt.NoContent }

// limit applies Options.MaxBytes, which SQLite counts in pages.
func (s *Store) limit(ctx context.Context) error {
	if s.opt.MaxBytes <= 0 {
		return nil
	}
	var size, pages int64
	if err := s.write.QueryRowContext(ctx, "PRAGMA page_size").Scan(&size); err != nil {
		return err
	}
	most := max(s.opt.MaxBytes/max(size, 1), 1)
	return s.write.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count=%d", most)).Scan(&pages)
}

// nanos and moment turn times into numbers and back; the zero time is 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}
