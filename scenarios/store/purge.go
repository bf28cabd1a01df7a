package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"
)

// purgeRows is how much is deleted at once: a purge of millions of rows must not
// keep those waiting who have a message to store.
const purgeRows = 500

// purgePages is how many pages are given back at once, for the same reason.
const purgePages = 500

// Purge deletes the records from before a time, for good: what they held is
// overwritten, and the file gets shorter. What still waits to be sent stays. The
// number is that of the records deleted, also beside an error.
func (s *Store) Purge(ctx context.Context, before time.Time) (int64, error) {
	if s.memory != nil {
		return s.memory.purge(before), ctx.Err()
	}
	var total int64
	for {
		var n int64
		err := s.step(ctx, func(tx *sql.Tx) error {
			result, err := tx.Exec(`DELETE FROM messages WHERE id IN (
				SELECT id FROM messages WHERE time < ? AND state <> 'waiting' ORDER BY time LIMIT ?)`, nanos(before), purgeRows)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return total, err
		}
		total += n
		if n < purgeRows {
			return total, s.shrink(ctx, total)
		}
	}
}

// step has the writer run a part of something long. When another program is the
// one that writes, as much time again is left to it: SQLite hands the right to
// write to whoever asks at the right moment, and not to who has waited.
func (s *Store) step(ctx context.Context, run func(*sql.Tx) error) error {
	began := time.Now()
	if err := s.do(ctx, run); err != nil || s.owner != nil {
		return err
	}
	pause := time.NewTimer(time.Since(began))
	defer pause.Stop()
	select {
	case <-pause.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shrink gives freed pages back, some at a time, and empties the log, which still
// has the pages as they were. A reader in the way puts it off until the next time.
func (s *Store) shrink(ctx context.Context, purged int64) error {
	if purged == 0 {
		return nil
	}
	free, before := int64(math.MaxInt64), int64(0)
	for free > 0 && free != before {
		before = free
		err := s.step(ctx, func(tx *sql.Tx) (err error) {
			free, err = giveBack(tx)
			return err
		})
		if err != nil {
			return notLocked(err)
		}
	}
	_, err := s.write.ExecContext(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(TRUNCATE)")
	return notLocked(s.explain(err))
}

// giveBack makes the file some pages shorter, and returns how many are still free.
func giveBack(tx *sql.Tx) (free int64, err error) {
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA incremental_vacuum(%d)", purgePages)); err != nil {
		return 0, err
	}
	err = tx.QueryRow("PRAGMA freelist_count").Scan(&free)
	return free, err
}

// notLocked leaves out that somebody was in the way.
func notLocked(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Locked {
		return nil
	}
	return err
}
