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
	rows []*Record           // to be inserted
	run  func(*sql.Tx) error // what else there is to do, nil for nothing
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
	err := s.pass(ctx, &job{rows: rs})
	if err != nil {
		for _, r := range rs {
			r.ID = 0
		}
	}
	return err
}

// several is how many rows one statement inserts where there are as many: what a
// statement costs beside its rows is about what a row costs.
const several = 8

// insert writes rows and sets their IDs, which follow each other: there is one
// writer.
func (s *Store) insert(tx *sql.Tx, rs []*Record) error {
	for len(rs) > 0 {
		n, stmt := 1, s.stmts.insert
		if len(rs) >= several {
			n, stmt = several, s.stmts.insertSeveral
		}
		args := make([]any, 0, n*width)
		for _, r := range rs[:n] {
			args = append(args, r.values(s.opt.NoContent)...)
		}
		result, err := tx.Stmt(stmt).Exec(args...)
		if err != nil {
			return err
		}
		last, err := result.LastInsertId()
		if err != nil {
			return err
		}
		for i, r := range rs[:n] {
			r.ID = last - int64(n-1-i)
		}
		rs = rs[n:]
	}
	return nil
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
	return s.pass(ctx, &job{run: run})
}

// pass hands a job to the writer and waits for it.
func (s *Store) pass(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
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
	for careful := false; len(batch) > 0; {
		culprit, err := s.try(batch, careful)
		if culprit >= len(batch) { // one of the rows, nobody knows whose
			careful = true
			continue
		}
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
// cannot be, culprit is its index, or the number of jobs when that is not known:
// carefully it would be. Otherwise culprit is negative. Nothing here
// ends with a context: database/sql would give up the connection, and with it a
// store in memory.
func (s *Store) try(batch []*job, careful bool) (culprit int, err error) {
	tx, err := s.write.BeginTx(context.Background(), nil)
	if err != nil {
		return -1, err
	}
	if culprit, err := s.runAll(tx, batch, careful); err != nil {
		s.rollback(tx)
		if ofDisk(err) {
			return -1, err
		}
		return culprit, err
	}
	if err := tx.Commit(); err != nil {
		s.rollback(nil)
		return -1, err
	}
	return -1, nil
}

func (s *Store) runAll(tx *sql.Tx, batch []*job, careful bool) (culprit int, err error) {
	if !careful {
		var rows []*Record
		for _, j := range batch {
			rows = append(rows, j.rows...)
		}
		if err := s.insert(tx, rows); err != nil {
			return len(batch), err
		}
	}
	for i, j := range batch {
		if careful {
			if err := s.insert(tx, j.rows); err != nil {
				return i, err
			}
		}
		if j.run == nil {
			continue
		}
		if err := j.run(tx); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// rollback ends a transaction that failed. One whose COMMIT failed may still be
// open in SQLite though database/sql has forgotten it, and would make every
// later one fail.
func (s *Store) rollback(tx *sql.Tx) {
	if tx == nil || tx.Rollback() != nil {
		_, _ = s.write.Exec("ROLLBACK") // an error: SQLite had rolled back itself
	}
}
