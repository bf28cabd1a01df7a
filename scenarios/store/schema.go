package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// These stand in the header of the file: whose it is, and which form it has.
const (
	applicationID = 0x70616d6c // "paml"
	schemaVersion = 1
)

// The small columns come first, so that looking through the rows does not read
// the messages. The order of the ids is that of an outbox. What is looked for by
// patient is looked for among all rows: an index on aliases, which have no order,
// would make each transaction write as many pages again.
const schema = `
CREATE TABLE messages (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	time        INTEGER NOT NULL,
	direction   TEXT NOT NULL,
	listener    TEXT NOT NULL,
	peer        TEXT NOT NULL,
	connection  INTEGER NOT NULL,
	control_id  TEXT NOT NULL,
	type        TEXT NOT NULL,
	patient     TEXT NOT NULL,
	verdict     TEXT NOT NULL,
	findings    TEXT NOT NULL,
	ack         TEXT NOT NULL,
	destination TEXT NOT NULL,
	state       TEXT NOT NULL,
	attempts    INTEGER NOT NULL,
	error       TEXT NOT NULL,
	took        INTEGER NOT NULL,
	message     BLOB,
	answer      BLOB
);
CREATE INDEX messages_time ON messages (time);
CREATE INDEX messages_waiting ON messages (destination, id) WHERE state = 'waiting';
CREATE TABLE "values" (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
`

// identify looks whose file it is, without changing a byte of it: preparing a
// connection to write would turn another program's file into one with a log.
func (s *Store) identify(ctx context.Context) (isNew bool, err error) {
	db, err := sql.Open("sqlite", s.name()+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return false, err
	}
	defer db.Close()
	return s.ours(ctx, db)
}

// ours reports whether a file is new. One that is not ours is an error.
func (s *Store) ours(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (isNew bool, err error) {
	var app, version, tables int
	for query, into := range map[string]*int{
		"PRAGMA application_id":              &app,
		"PRAGMA user_version":                &version,
		"SELECT count(*) FROM sqlite_master": &tables,
	} {
		if err := db.QueryRowContext(ctx, query).Scan(into); err != nil {
			return false, err
		}
	}
	switch {
	case app == 0 && version == 0 && tables == 0:
		return true, nil
	case app != applicationID || version < 1:
		return false, &Error{Kind: Foreign, Path: s.path}
	case version > schemaVersion:
		return false, &Error{Kind: TooNew, Path: s.path}
	}
	return false, nil
}

// migrate makes the tables in a new file.
func (s *Store) migrate(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()           // nothing to undo after Commit
	isNew, err := s.ours(ctx, tx) // again: two may have made it at the same time
	if err != nil {
		return err
	}
	if !isNew {
		return errors.Join(tx.Rollback(), s.limit(ctx))
	}
	script := schema + fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d;", applicationID, schemaVersion)
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return err
	}
	return errors.Join(tx.Commit(), s.limit(ctx))
}

// statements are what the writer does over and over.
type statements struct {
	insert, insertSeveral, settle, setValue *sql.Stmt
}

func (s *Store) prepare(ctx context.Context) error {
	const row = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
	for query, into := range map[string]**sql.Stmt{
		"INSERT INTO messages (" + columns + ") VALUES " + row + strings.Repeat(","+row, several-1): &s.stmts.insertSeveral,
		"INSERT INTO messages (" + columns + ") VALUES " + row:                                      &s.stmts.insert,
		`UPDATE messages SET time=?, state=?, ack=?, attempts=?, error=?, verdict=?, findings=?, took=?, peer=?, connection=?,
			answer=coalesce(?, answer), message=CASE WHEN ? THEN NULL ELSE message END WHERE id=?`: &s.stmts.settle,
		`INSERT INTO "values" (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value=excluded.value`: &s.stmts.setValue,
	} {
		stmt, err := s.write.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		*into = stmt
	}
	return nil
}

func (st *statements) close() {
	for _, stmt := range []*sql.Stmt{st.insert, st.insertSeveral, st.settle, st.setValue} {
		if stmt != nil {
			stmt.Close()
		}
	}
}
