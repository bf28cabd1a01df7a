package store

import (
	"context"
	"database/sql"
	"sync/atomic"
)

// most is how many calls share one transaction at most, so that a long queue
// does not make the first of them wait for the last.
const most = 512

// A job is one call on its way through the writer.
type job struct {
	run  func(*sql.Tx) error
	done chan error
	hold atomic.Int32 // free, taken by the writer, or withdrawn by its caller
}

const (
	free int32 = iota
	taken
	withdrawn
)

// Add writes a record and sets its ID. It returns nil when the disk has it.
func (s *Store) Add(ctx context.Context, r *Record) error {
	return s.AddAll(ctx, r)
}

// AddAll writes records in their order, in one transaction, and sets their IDs.
// Either all of them are there or none is.
func (s *Store) AddAll(ctx context.Context, rs ...*Record) error {
	if s.memory != nil {
		return s.inMemory(ctx, func() error { return s.memory.add(rs, s.opt.NoContent, false) })
	}
	err := s.do(ctx, func(tx *sql.Tx) error {
		for _, r := range rs {
			if err := s.insert(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for _, r := range rs {
			r.ID = 0
		}
	}
	return err
}

func (s *Store) insert(tx *sql.Tx, r *Record) error {
	result, err := tx.Stmt(s.stmts.insert).Exec(r.values(s.opt.NoContent)...)
	if err != nil {
		return err
	}
	r.ID, err = result.LastInsertId()
	return err
}

// inMemory is what do is for a store in memory.
func (s *Store) inMemory(ctx context.Context, run func() error) error {
	select {
	case <-s.closing:
		return &Error{Kind: Closed, Path: s.path}
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return run()
}

// do has the writer run a job and waits for it.
func (s *Store) do(ctx context.Context, run func(*sql.Tx) error) error {
	j := &job{run: run, done: make(chan error, 1)}
	select {
	case <-s.closing: // first: the queue may have room as well
		return &Error{Kind: Closed, Path: s.path}
	default:
	}
	select {
	case s.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return &Error{Kind: Closed, Path: s.path}
	}
	select {
	case err := <-j.done:
		return s.explain(err)
	case <-ctx.Done():
	case <-s.gone:
	}
	if j.hold.CompareAndSwap(free, withdrawn) {
		if err := ctx.Err(); err != nil {
			return err
		}
		return &Error{Kind: Closed, Path: s.path}
	}
	return s.explain(<-j.done)
}

// writeAll is the writer.
func (s *Store) writeAll() {
	defer close(s.gone)
	batch := make([]*job, 0, most)
	for {
		select {
		case j := <-s.queue:
			batch = s.gather(batch[:0], j)
			s.commit(batch)
		case <-s.closing:
			for {
				select {
				case j := <-s.queue:
					s.commit(s.gather(batch[:0], j))
				default:
					return
				}
			}
		}
	}
}

// gather takes everything that waits, beginning with j.
func (s *Store) gather(batch []*job, j *job) []*job {
	for {
		if j.hold.CompareAndSwap(free, taken) {
			batch = append(batch, j)
		}
		if len(batch) == most {
			return batch
		}
		select {
		case j = <-s.queue:
		default:
			return batch
		}
	}
}

// commit runs jobs in one transaction and tells each what became of it. A job
// that fails for a reason of its own does not spoil the others'; a disk that
// fails does.
func (s *Store) commit(batch []*job) {
	for len(batch) > 0 {
		culprit, err := s.try(batch)
		if culprit < 0 {
			for _, j := range batch {
				j.done <- err
			}
			return
		}
		batch[culprit].done <- err
		batch = append(batch[:culprit], batch[culprit+1:]...)
	}
}

// try runs jobs in one transaction. If it is the fault of one of them that it
// cannot be, culprit is its index; otherwise culprit is negative. Nothing here
// ends with a context: database/sql would give up the connection, and with it a
// store in memory.
func (s *Store) try(batch []*job) (culprit int, err error) {
	tx, err := s.write.BeginTx(context.Background(), nil)
	if err != nil {
		return -1, err
	}
	for i, j := range batch {
		if err := j.run(tx); err != nil {
			s.rollback(tx)
			if ofDisk(err) {
				return -1, err
			}
			return i, err
		}
	}
	if err := tx.Commit(); err != nil {
		s.rollback(nil)
		return -1, err
	}
	return -1, nil
}

// rollback ends a transaction that failed. One whose COMMIT failed may still be
// open in SQLite though database/sql has forgotten it, and would make every
// later one fail.
func (s *Store) rollback(tx *sql.Tx) {
	if tx == nil || tx.Rollback() != nil {
		_, _ = s.write.Exec("ROLLBACK") // an error: SQLite had rolled back itself
	}
}
