package supabasetest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// AddTable makes an empty table.
func (s *Service) AddTable(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name] = []map[string]any{}
}

// Rows are what a table holds, in the order of their first insertion.
func (s *Service) Rows(table string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]map[string]any{}, s.tables[table]...)
}

// serveTable upserts rows as PostgREST does.
func (s *Service) serveTable(w http.ResponseWriter, r *http.Request, table string) {
	rows, known := s.tables[table]
	switch {
	case r.Header.Get("Apikey") != s.Key:
		answer(w, http.StatusUnauthorized, map[string]any{"message": "Invalid API key", "hint": "Double check your Supabase `anon` or `service_role` API key."})
		return
	case !known:
		answer(w, http.StatusNotFound, map[string]any{
			"code": "PGRST205", "details": nil, "hint": nil, "message": "Could not find the table 'public." + table + "' in the schema cache",
		})
		return
	case r.Method != http.MethodPost:
		answer(w, http.StatusOK, rows)
		return
	}
	var fresh []map[string]any
	if err := json.NewDecoder(r.Body).Decode(&fresh); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"code": "PGRST102", "details": nil, "hint": nil, "message": "Empty or invalid json"})
		return
	}
	keys := strings.Split(r.URL.Query().Get("on_conflict"), ",")
	for _, row := range fresh {
		s.tables[table] = upsert(s.tables[table], row, keys)
	}
	w.WriteHeader(http.StatusCreated)
}

func upsert(rows []map[string]any, row map[string]any, keys []string) []map[string]any {
	for i, old := range rows {
		same := true
		for _, key := range keys {
			same = same && old[key] == row[key]
		}
		if same {
			rows[i] = row
			return rows
		}
	}
	return append(rows, row)
}
