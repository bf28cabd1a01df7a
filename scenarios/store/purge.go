package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// purgeRows is how much is deleted at once: a purge of millions of rows must not
// keep those waiting who have a message to store.
const purgeRows = 500

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
		err := s.do(ctx, func(tx *sql.Tx) error {
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

// shrink gives freed pages back and empties the log, which still has the pages
// as they were. A reader in the way puts it off until the next time.
func (s *Store) shrink(ctx context.Context, purged int64) error {
	if purged == 0 {
		return nil
	}
	for _, pragma := range []string{"PRAGMA incremental_vacuum", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := s.write.ExecContext(context.WithoutCancel(ctx), pragma); err != nil {
			err = s.explain(err)
			if e, ok := errors.AsType[*Error](err); ok && e.Kind == Locked {
				continue
			}
			return err
		}
	}
	return nil
}
