package inputs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every input can be read at any place, also one that comes only once.
func TestOpenAt(t *testing.T) {
	t.Parallel()
	want := bytes.Repeat([]byte("0123456789abcdef"), 100_000) // more than is kept in memory
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	o := &Opener{Dir: dir, Stdin: NewStdin(io.MultiReader(bytes.NewReader(want[:7]), bytes.NewReader(want[7:])))}
	defer o.Close()
	for _, name := range []string{"file", "-", "-"} {
		in, err := o.OpenAt(t.Context(), "the workflow", name)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if in.Size != int64(len(want)) {
			t.Errorf("%s has %d bytes of %d", name, in.Size, len(want))
		}
		for _, at := range []int64{1_599_000, 3, 0} {
			got := make([]byte, 1000)
			if n, err := in.ReadAt(got, at); n != 1000 || err != nil || !bytes.Equal(got, want[at:at+1000]) {
				t.Errorf("%s at %d: %d bytes, %v", name, at, n, err)
			}
		}
		if n, err := in.ReadAt(make([]byte, 10), in.Size-4); n != 4 || !errors.Is(err, io.EOF) {
			t.Errorf("%s at its end: %d bytes, %v", name, n, err)
		}
	}
	if _, err := o.OpenAt(t.Context(), "--prompt", "-"); err == nil || !strings.Contains(err.Error(), "the workflow and --prompt both read stdin") {
		t.Errorf("stdin has two users: %v", err)
	}
	if _, err := o.OpenAt(t.Context(), "", "."); err == nil || !strings.Contains(err.Error(), "a folder") {
		t.Errorf("a folder: %v", err)
	}
}
