package dirstore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

func TestCloseTakesAwayOnlyItsOwnEmptyFolders(t *testing.T) {
	t.Parallel()
	there := t.TempDir()
	for _, tt := range []struct {
		name  string
		store bool
		want  bool // the folder is still there
	}{{"stayed empty", false, false}, {"holds a file", true, true}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(there, tt.name, "deep")
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if tt.store {
				w, err := s.Create(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.Commit(t.Context(), "a.txt", storage.CommitOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = os.Stat(filepath.Join(there, tt.name))
			if (err == nil) != tt.want {
				t.Errorf("parent after Close: %v", err)
			}
			if _, err := os.Stat(there); err != nil {
				t.Error("a folder that was there before is gone")
			}
		})
	}
}
