package jobs

import (
	"context"
	"database/sql"
	"sync"
)

// mostStatements bounds those that are kept: the queries that sqlc wrote, and the
// usual filters of lists.
const mostStatements = 200

// statements keeps statements of one database prepared, so that SQLite parses each
// once. One that is first met in a transaction is prepared before the next: the
// transaction may have the only connection.
type statements struct {
	db *sql.DB

	mu     sync.Mutex
	kept   map[string]*sql.Stmt
	wanted []string
}

// of is a prepared statement for a query, in the transaction unless that is nil;
// nil when there is none yet.
func (s *statements) of(ctx context.Context, tx *sql.Tx, query string) *sql.Stmt {
	s.mu.Lock()
	stmt := s.kept[query]
	if stmt == nil && len(s.kept)+len(s.wanted) < mostStatements {
		s.wanted = append(s.wanted, query)
	}
	s.mu.Unlock()
	if stmt == nil && tx == nil {
		s.prepare(ctx)
		s.mu.Lock()
		stmt = s.kept[query]
		s.mu.Unlock()
	}
	if stmt != nil && tx != nil {
		return tx.StmtContext(ctx, stmt) // closed with the transaction
	}
	return stmt
}

// prepare prepares what was wanted. A statement that cannot be is run as it is,
// and says why then.
func (s *statements) prepare(ctx context.Context) {
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for _, query := range wanted {
		stmt, err := s.db.PrepareContext(ctx, query)
		if err != nil {
			continue
		}
		s.mu.Lock()
		if s.kept == nil {
			s.kept = map[string]*sql.Stmt{}
		}
		if s.kept[query] != nil { // somebody was faster
			_ = stmt.Close()
		} else {
			s.kept[query] = stmt
		}
		s.mu.Unlock()
	}
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.kept {
		_ = stmt.Close()
	}
	s.kept = nil
}
