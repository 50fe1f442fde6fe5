package storagetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// big is more than a few parts of a multipart upload, and no multiple of one.
const big = 17<<20 + 4321

// writeBig writes that much in odd pieces, of a content that depends on mark.
func writeBig(w io.Writer, mark byte) (sum []byte, err error) {
	piece := bytes.Repeat([]byte{'0', '1', '2', '3', mark, '5', '6', '7'}, 8197)
	sent := sha256.New()
	for left := big; left > 0; {
		part := piece[:min(left, len(piece))]
		n, err := w.Write(part)
		sent.Write(part[:n])
		if left -= n; err != nil {
			return nil, err
		}
	}
	return sent.Sum(nil), nil
}

func wantBig(t *testing.T, s storage.Store, name string, sum []byte) {
	t.Helper()
	r, info, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := sha256.New()
	if n, err := io.Copy(got, r); err != nil || n != big || info.Size != n {
		t.Fatalf("read %d of %d bytes: %v", n, big, err)
	}
	if !bytes.Equal(got.Sum(nil), sum) {
		t.Error("the content differs")
	}
}

func putBig(t *testing.T, s storage.Store, o storage.Object, name string, mark byte) []byte {
	t.Helper()
	w, err := s.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	sum, err := writeBig(w, mark)
	if err != nil {
		t.Fatal(err)
	}
	info, err := w.Commit(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != name || info.Size != big {
		t.Errorf("commit says %+v", info)
	}
	return sum
}

func testBig(t *testing.T, s storage.Store) {
	sum := putBig(t, s, storage.Object{Name: "sub/big.bin"}, "sub/big.bin", 'x')
	wantBig(t, s, "sub/big.bin", sum)
}

func testBigUnnamed(t *testing.T, s storage.Store) {
	sum := putBig(t, s, storage.Object{}, "sub/big.bin", 'x')
	wantBig(t, s, "sub/big.bin", sum)
	w, err := s.Create(t.Context(), storage.Object{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	other, err := writeBig(w, 'y')
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Commit(t.Context(), "sub/big.bin")
	wantError(t, "commit of a taken name", err, storage.ErrExist)
	if _, err := w.Commit(t.Context(), "sub/big-1.bin"); err != nil {
		t.Fatal(err)
	}
	wantBig(t, s, "sub/big.bin", sum)
	wantBig(t, s, "sub/big-1.bin", other)
}

// testBigExist: a taken name is refused sooner or later, and what is there stays.
func testBigExist(t *testing.T, s storage.Store) {
	sum := putBig(t, s, storage.Object{Name: "big.bin"}, "big.bin", 'x')
	w, err := s.Create(t.Context(), storage.Object{Name: "big.bin"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err = writeBig(w, 'y'); err == nil {
		_, err = w.Commit(t.Context(), "big.bin")
	}
	wantError(t, "a taken name", err, storage.ErrExist)
	switch _, err = w.Commit(t.Context(), "other.bin"); {
	case err == nil, errors.Is(err, storage.ErrBegun), errors.Is(err, storage.ErrExist):
	default:
		t.Errorf("commit under another name: %v", err)
	}
	wantBig(t, s, "big.bin", sum)
	if err != nil {
		if names := Names(t, s, ""); !slices.Equal(names, []string{"big.bin"}) {
			t.Errorf("there are %q", names)
		}
	}
}

func testBigReplace(t *testing.T, s storage.Store) {
	Put(t, s, "big.bin", "small")
	sum := putBig(t, s, storage.Object{Name: "big.bin", Replace: true}, "big.bin", 'x')
	wantBig(t, s, "big.bin", sum)
	sum = putBig(t, s, storage.Object{Name: "big.bin", Replace: true}, "big.bin", 'y')
	wantBig(t, s, "big.bin", sum)
}

func testBigAbort(t *testing.T, s storage.Store) {
	w, err := s.Create(t.Context(), storage.Object{Name: "big.bin"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writeBig(w, 'x'); err != nil {
		t.Fatal(err)
	}
	if names := Names(t, s, ""); len(names) > 0 {
		t.Errorf("visible before commit: %q", names)
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	if _, err := w.Commit(t.Context(), "big.bin"); err == nil {
		t.Error("commit after abort succeeded")
	}
	if names := Names(t, s, ""); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}
