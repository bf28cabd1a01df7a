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
	schemaVersion = 2
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
	repeated    INTEGER NOT NULL DEFAULT 0,
	memo        BLOB,
	message     BLOB,
	answer      BLOB
);
CREATE INDEX messages_time ON messages (time);
CREATE INDEX messages_waiting ON messages (destination, id) WHERE state = 'waiting';
CREATE TABLE "values" (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
`

// changes make of a file of each version, from the first, one of the next.
var changes = []string{
	`ALTER TABLE messages ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0; ALTER TABLE messages ADD COLUMN memo BLOB;`,
}

// identify looks whose file it is, without changing a byte of it: preparing a
// connection to write would turn another program's file into one with a log.
func (s *Store) identify(ctx context.Context) error {
	db, err := sql.Open("sqlite", s.name()+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = s.ours(ctx, db)
	return err
}

// ours returns the version of a file, 0 for a new one. One that is not ours is an
// error.
func (s *Store) ours(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (version int, err error) {
	var app, tables int
	for query, into := range map[string]*int{
		"PRAGMA application_id":              &app,
		"PRAGMA user_version":                &version,
		"SELECT count(*) FROM sqlite_master": &tables,
	} {
		if err := db.QueryRowContext(ctx, query).Scan(into); err != nil {
			return 0, err
		}
	}
	switch {
	case app == 0 && version == 0 && tables == 0:
		return 0, nil
	case app != applicationID || version < 1:
		return 0, &Error{Kind: Foreign, Path: s.path}
	case version > schemaVersion:
		return 0, &Error{Kind: TooNew, Path: s.path}
	}
	return version, nil
}

// migrate makes the tables in a new file, and what an older one lacks.
func (s *Store) migrate(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()             // nothing to undo after Commit
	version, err := s.ours(ctx, tx) // again: two may have made it at the same time
	if err != nil {
		return err
	}
	if version == schemaVersion {
		return errors.Join(tx.Rollback(), s.limit(ctx))
	}
	script := schema
	if version > 0 {
		script = strings.Join(changes[version-1:], "")
	}
	script += fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d;", applicationID, schemaVersion)
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
	row := "(?" + strings.Repeat(",?", width-1) + ")"
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
