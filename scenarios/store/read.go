package store

import (
	"context"
	"database/sql"
	"iter"
)

// A page is what is read at once: the store is not kept from writing, nor its
// log from being emptied, by somebody who reads slowly.
const (
	pageRows  = 256
	pageBytes = 4 << 20
)

// List yields the records of a filter, oldest first. Records that are added
// meanwhile come along. After an error there are no more.
func (s *Store) List(ctx context.Context, f Filter) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for left := f.Limit; f.Limit <= 0 || left > 0; {
			rows := pageRows
			if f.Limit > 0 {
				rows = min(rows, left)
			}
			page, err := s.page(ctx, f, rows)
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				f.After = r.ID
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
			left -= len(page)
		}
	}
}

// page reads some records of a filter, no more than rows; none when there are
// no more.
func (s *Store) page(ctx context.Context, f Filter, most int) ([]*Record, error) {
	if s.memory != nil {
		return s.memory.page(f, most), ctx.Err()
	}
	where, args := f.where()
	rows, err := s.read.QueryContext(ctx, "SELECT id, "+columns+" FROM messages"+where+" ORDER BY id LIMIT ?", append(args, most)...)
	if err != nil {
		return nil, s.reading(ctx, err)
	}
	defer rows.Close()
	var page []*Record
	for size := 0; size < pageBytes && rows.Next(); {
		r := new(Record)
		if err := r.scan(rows.Scan); err != nil {
			return page, s.reading(ctx, err)
		}
		size += len(r.Message) + len(r.Answer)
		page = append(page, r)
	}
	return page, s.reading(ctx, rows.Err())
}

// reading explains an error; one of a reader who gave up is that of the context.
func (s *Store) reading(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.explain(err)
}

// Get returns the record with an id; the error may be an *Error of kind
// NotFound.
func (s *Store) Get(ctx context.Context, id int64) (*Record, error) {
	if s.memory != nil {
		r, ok := s.memory.get(id)
		if !ok {
			return nil, &Error{Kind: NotFound, Path: s.path, ID: id}
		}
		return r, nil
	}
	r := new(Record)
	err := r.scan(s.read.QueryRowContext(ctx, "SELECT id, "+columns+" FROM messages WHERE id = ?", id).Scan)
	if err == sql.ErrNoRows {
		return nil, &Error{Kind: NotFound, Path: s.path, ID: id}
	}
	if err != nil {
		return nil, s.reading(ctx, err)
	}
	return r, nil
}

// Count returns how many records a filter chooses; its Limit does not count.
func (s *Store) Count(ctx context.Context, f Filter) (n int64, err error) {
	if s.memory != nil {
		return s.memory.count(f), ctx.Err()
	}
	where, args := f.where()
	err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM messages"+where, args...).Scan(&n)
	return n, s.reading(ctx, err)
}

// Last returns the id of the youngest record there ever was, 0 when there was
// none.
func (s *Store) Last(ctx context.Context) (id int64, err error) {
	if s.memory != nil {
		return s.memory.lastID(), ctx.Err()
	}
	err = s.read.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM messages").Scan(&id)
	return id, s.reading(ctx, err)
}
