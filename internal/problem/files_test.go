package problem

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Settings that the disk refuses are a matter of storage, a layout is one of the file.
func TestSettingsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cause error
		exit  int
	}{
		{&fs.PathError{Op: "open", Path: "config.yaml", Err: fs.ErrPermission}, ExitStorage},
		{errors.New("its layout is too unusual"), ExitUsage},
	} {
		if f := Of(&config.EditError{Path: "config.yaml", Message: tt.cause.Error(), Err: tt.cause}); f.Exit != tt.exit || f.Hint == "" {
			t.Errorf("%v: exit %d, hint %q", tt.cause, f.Exit, f.Hint)
		}
	}
}

// All mistakes of a registry are told, each with its advice.
func TestMistakesOfARegistry(t *testing.T) {
	t.Parallel()
	first := &registry.FileError{Path: "r.json", Line: 1, Message: `unknown key "nam"`, Hint: `did you mean "name"?`}
	second := &registry.FileError{Path: "r.json", Line: 2, Message: "no workflow_path"}
	f := Of(errors.Join(first, second))
	if f.Exit != ExitInvalid || len(f.Problems) != 2 || f.Problems[0].Hint != first.Hint || f.Message != first.Error()+" (and 1 more)" {
		t.Errorf("%+v", f)
	}
	if f := Of(errors.Join(second)); f.Message != second.Error() || len(f.Problems) != 0 || f.Hint != registryHint {
		t.Errorf("%+v", f)
	}
	if f := Of(errors.Join(first)); f.Hint != first.Hint {
		t.Errorf("%+v", f)
	}
}

func TestNearestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"photo.png", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for missing, want := range map[string]string{
		"foto.png":       "did you mean " + filepath.Join(dir, "photo.png") + "?",
		"photo.jpg":      "did you mean " + filepath.Join(dir, "photo.png") + "?",
		"zebra.png":      "other",
		"gone/photo.png": "other",
	} {
		if got := NearestFile(filepath.Join(dir, missing), "other"); got != want {
			t.Errorf("%s: %q, want %q", missing, got, want)
		}
	}
}
