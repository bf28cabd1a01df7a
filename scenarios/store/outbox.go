package store

import (
	"context"
	"database/sql"
)

// Enqueue writes records that are to be sent, in their order and as a whole, in
// state Waiting, and sets their IDs.
func (s *Store) Enqueue(ctx context.Context, rs ...*Record) error {
	if s.memory != nil {
		return s.inMemory(ctx, func() error { return s.memory.add(rs, false, true) })
	}
	return s.do(ctx, func(tx *sql.Tx) error { return s.enqueue(tx, rs) })
}

// EnqueueWith is Enqueue and SetState in one: what is to be sent is in the file
// exactly if the program's value says that it was made.
func (s *Store) EnqueueWith(ctx context.Context, key string, value []byte, rs ...*Record) error {
	if s.memory != nil {
		return s.inMemory(ctx, func() error {
			if err := s.memory.add(rs, false, true); err != nil {
				return err
			}
			s.memory.setState(key, value)
			return nil
		})
	}
	return s.do(ctx, func(tx *sql.Tx) error {
		if err := s.enqueue(tx, rs); err != nil {
			return err
		}
		return s.setValue(tx, key, value)
	})
}

func (s *Store) enqueue(tx *sql.Tx, rs []*Record) error {
	for _, r := range rs {
		r.State = Waiting
		if err := s.insertWhole(tx, r); err != nil {
			return err
		}
	}
	return nil
}

// insertWhole writes a record with its message whatever Options.NoContent says:
// what is to be sent has to be kept until it is. Settle takes it away.
func (s *Store) insertWhole(tx *sql.Tx, r *Record) error {
	result, err := tx.Stmt(s.stmts.insert).Exec(r.values(false)...)
	if err != nil {
		return err
	}
	r.ID, err = result.LastInsertId()
	return err
}

// Waiting returns the records that wait for a destination and have an id greater
// than after, oldest first, at most limit of them. Their order is that in which
// they were enqueued; of one patient they have to be sent in it.
func (s *Store) Waiting(ctx context.Context, destination string, after int64, limit int) ([]*Record, error) {
	var list []*Record
	f := Filter{Destination: destination, State: Waiting, After: after, Limit: max(limit, 1)}
	for r, err := range s.List(ctx, f) {
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// Settle writes what became of records: Time, State, Ack, Answer, Verdict,
// Findings, Attempts, Error, Took, Peer and Connection. It shares its
// transaction as Add does. A record that is not there is an *Error of kind
// NotFound, and then none of rs is written.
func (s *Store) Settle(ctx context.Context, rs ...*Record) error {
	if s.memory != nil {
		return s.inMemory(ctx, func() error {
			if id := s.memory.settle(rs, s.opt.NoContent); id != 0 {
				return &Error{Kind: NotFound, Path: s.path, ID: id}
			}
			return nil
		})
	}
	return s.do(ctx, func(tx *sql.Tx) error {
		for _, r := range rs {
			result, err := tx.Stmt(s.stmts.settle).Exec(r.settled(s.opt.NoContent)...)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				return &Error{Kind: NotFound, Path: s.path, ID: r.ID}
			}
		}
		return nil
	})
}

// SetState keeps a small value of the program under a key.
func (s *Store) SetState(ctx context.Context, key string, value []byte) error {
	if s.memory != nil {
		return s.inMemory(ctx, func() error { s.memory.setState(key, value); return nil })
	}
	return s.do(ctx, func(tx *sql.Tx) error { return s.setValue(tx, key, value) })
}

func (s *Store) setValue(tx *sql.Tx, key string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	_, err := tx.Stmt(s.stmts.setValue).Exec(key, value)
	return err
}

// State returns the value under a key, nil when there is none.
func (s *Store) State(ctx context.Context, key string) ([]byte, error) {
	if s.memory != nil {
		return s.memory.state(key), ctx.Err()
	}
	var value []byte
	err := s.read.QueryRowContext(ctx, `SELECT value FROM "values" WHERE key = ?`, key).Scan(&value)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	return value, s.reading(ctx, err)
}
