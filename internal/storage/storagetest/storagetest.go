// Package storagetest is the conformance suite of storage.Store: what every
// store promises to the engine.
package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Run tests a store. Each call of open gives an empty one.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, storage.Store)
	}{
		{"read what was written", testRoundTrip},
		{"nothing is visible before commit", testInvisible},
		{"a taken name is refused and another one works", testExist},
		{"replace", testReplace},
		{"abort leaves nothing", testAbort},
		{"abort after commit does nothing", testAbortAfterCommit},
		{"one of many commits of a name wins", testConcurrentCommit},
		{"missing objects", testMissing},
		{"names", testNames},
		{"list", testList},
		{"a cancelled context leaves nothing", testCancelled},
		{"an empty object", testEmpty},
		{"a big object", testBig},
		{"ranges", testRange},
		{"probe leaves nothing", testProbe},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// Put stores an object under a name that is free.
func Put(t *testing.T, s storage.Store, name, content string) {
	t.Helper()
	w := create(t, s, content)
	if _, err := w.Commit(t.Context(), name, storage.CommitOptions{}); err != nil {
		t.Fatalf("commit %s: %v", name, err)
	}
}

// Names lists the store.
func Names(t *testing.T, s storage.Store, prefix string) []string {
	t.Helper()
	names := []string{}
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		names = append(names, info.Name)
	}
	return names
}

func create(t *testing.T, s storage.Store, content string) storage.Writer {
	t.Helper()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	t.Cleanup(func() { w.Abort() })
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatalf("write: %v", err)
	}
	return w
}

func content(t *testing.T, s storage.Store, name string) string {
	t.Helper()
	r, info, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	if info.Name != name || info.Size != int64(len(data)) {
		t.Errorf("open %s says name %q, size %d; there are %d bytes", name, info.Name, info.Size, len(data))
	}
	return string(data)
}

func wantError(t *testing.T, what string, err, kind error) {
	t.Helper()
	var typed *storage.Error
	if !errors.Is(err, kind) || !errors.As(err, &typed) {
		t.Errorf("%s: got %v (%T), want a *storage.Error of %q", what, err, err, kind)
	}
	if storage.Temporary(err) {
		t.Errorf("%s: %v says that trying again helps", what, err)
	}
}

func testRoundTrip(t *testing.T, s storage.Store) {
	w := create(t, s, "hello, ")
	io.WriteString(w, "world")
	info, err := w.Commit(t.Context(), "a/b/c.txt", storage.CommitOptions{MediaType: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, s, "a/b/c.txt"); got != "hello, world" {
		t.Errorf("content %q", got)
	}
	stat, err := s.Stat(t.Context(), "a/b/c.txt")
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != stat.Name || info.Size != 12 || stat.Size != 12 || stat.Modified.IsZero() {
		t.Errorf("commit says %+v, stat %+v", info, stat)
	}
	if at, err := url.Parse(stat.URL); err != nil || stat.URL != info.URL || stat.URL != "" && at.Host == "" {
		t.Errorf("others fetch it from %q by commit and from %q by stat, want the same whole address or none (%v)", info.URL, stat.URL, err)
	}
	if s.Location("a/b/c.txt") == "" {
		t.Error("no location")
	}
}

func testInvisible(t *testing.T, s storage.Store) {
	w := create(t, s, "half")
	if names := Names(t, s, ""); len(names) > 0 {
		t.Errorf("visible before commit: %q", names)
	}
	if _, err := w.Commit(t.Context(), "whole", storage.CommitOptions{}); err != nil {
		t.Fatal(err)
	}
	if names := Names(t, s, ""); !slices.Equal(names, []string{"whole"}) {
		t.Errorf("after commit: %q", names)
	}
}

func testExist(t *testing.T, s storage.Store) {
	Put(t, s, "x.png", "first")
	w := create(t, s, "second")
	_, err := w.Commit(t.Context(), "x.png", storage.CommitOptions{})
	wantError(t, "commit of a taken name", err, storage.ErrExist)
	if got := content(t, s, "x.png"); got != "first" {
		t.Errorf("the first object became %q", got)
	}
	if _, err := w.Commit(t.Context(), "x-1.png", storage.CommitOptions{}); err != nil {
		t.Fatalf("commit under another name: %v", err)
	}
	if got := content(t, s, "x-1.png"); got != "second" {
		t.Errorf("the second object is %q", got)
	}
}

func testReplace(t *testing.T, s storage.Store) {
	Put(t, s, "x", "old")
	w := create(t, s, "new")
	if _, err := w.Commit(t.Context(), "x", storage.CommitOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	w = create(t, s, "fresh")
	if _, err := w.Commit(t.Context(), "y", storage.CommitOptions{Replace: true}); err != nil {
		t.Fatalf("replacing what is not there: %v", err)
	}
	if x, y := content(t, s, "x"), content(t, s, "y"); x != "new" || y != "fresh" {
		t.Errorf("x is %q, y is %q", x, y)
	}
}

func testAbort(t *testing.T, s storage.Store) {
	w := create(t, s, "gone")
	for range 2 {
		if err := w.Abort(); err != nil {
			t.Errorf("abort: %v", err)
		}
	}
	if _, err := w.Commit(t.Context(), "x", storage.CommitOptions{}); err == nil {
		t.Error("commit after abort succeeded")
	}
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("write after abort succeeded")
	}
	if names := Names(t, s, ""); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

func testAbortAfterCommit(t *testing.T, s storage.Store) {
	w := create(t, s, "kept")
	if _, err := w.Commit(t.Context(), "x", storage.CommitOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	if got := content(t, s, "x"); got != "kept" {
		t.Errorf("content %q", got)
	}
	if _, err := w.Commit(t.Context(), "y", storage.CommitOptions{}); err == nil {
		t.Error("a second commit succeeded")
	}
}

func testConcurrentCommit(t *testing.T, s storage.Store) {
	const writers = 16
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		w := create(t, s, fmt.Sprintf("writer %02d", i))
		wg.Go(func() {
			_, errs[i] = w.Commit(t.Context(), "dir/one", storage.CommitOptions{})
		})
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			t.Errorf("writers %d and %d both won", winner, i)
		case err == nil:
			winner = i
		default:
			wantError(t, "a losing commit", err, storage.ErrExist)
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	if got, want := content(t, s, "dir/one"), fmt.Sprintf("writer %02d", winner); got != want {
		t.Errorf("content %q, the winner wrote %q", got, want)
	}
}

func testMissing(t *testing.T, s storage.Store) {
	Put(t, s, "dir/there", "x")
	for _, name := range []string{"nothing", "dir/nothing", "dir"} {
		_, err := s.Stat(t.Context(), name)
		wantError(t, "stat "+name, err, storage.ErrNotExist)
		_, _, err = s.Open(t.Context(), name)
		wantError(t, "open "+name, err, storage.ErrNotExist)
	}
	if err := s.Remove(t.Context(), "nothing"); err != nil {
		t.Errorf("removing nothing: %v", err)
	}
	if err := s.Remove(t.Context(), "dir/there"); err != nil {
		t.Errorf("remove: %v", err)
	}
	_, err := s.Stat(t.Context(), "dir/there")
	wantError(t, "stat after remove", err, storage.ErrNotExist)
}

func testNames(t *testing.T, s storage.Store) {
	for _, name := range []string{"plain", "with space.png", "deep/er/still.txt", "grüße-東京-🙂.png", "-dash", "a.b.c", "100%.txt", "x#y"} {
		Put(t, s, name, "of "+name)
		if got := content(t, s, name); got != "of "+name {
			t.Errorf("%s: content %q", name, got)
		}
	}
	for _, name := range []string{"", ".", "..", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", `a\b`, "a\x00b", "bad\xff"} {
		w := create(t, s, "evil")
		_, err := w.Commit(t.Context(), name, storage.CommitOptions{})
		wantError(t, fmt.Sprintf("commit %q", name), err, storage.ErrName)
		_, err = s.Stat(t.Context(), name)
		wantError(t, fmt.Sprintf("stat %q", name), err, storage.ErrName)
		_, _, err = s.Open(t.Context(), name)
		wantError(t, fmt.Sprintf("open %q", name), err, storage.ErrName)
		wantError(t, fmt.Sprintf("remove %q", name), s.Remove(t.Context(), name), storage.ErrName)
	}
}

func testList(t *testing.T, s storage.Store) {
	for _, name := range []string{"a/b-c/d", "z", "a.b", "aa/x", "a-b", "b/c/d/e", "a/b.png"} {
		Put(t, s, name, name)
	}
	for prefix, want := range map[string][]string{
		"":      {"a-b", "a.b", "a/b-c/d", "a/b.png", "aa/x", "b/c/d/e", "z"},
		"a":     {"a-b", "a.b", "a/b-c/d", "a/b.png", "aa/x"},
		"a/":    {"a/b-c/d", "a/b.png"},
		"a/b":   {"a/b-c/d", "a/b.png"},
		"a/b-c": {"a/b-c/d"},
		"b/c/d": {"b/c/d/e"},
		"q":     {},
	} {
		if got := Names(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("list %q: got %q, want %q", prefix, got, want)
		}
	}
	for info, err := range s.List(t.Context(), "") { // may be left early
		if err != nil || info.Size != int64(len(info.Name)) {
			t.Errorf("%+v, %v", info, err)
		}
		break
	}
}

func testCancelled(t *testing.T, s storage.Store) {
	dead, cancel := context.WithCancel(t.Context())
	w, err := s.Create(dead)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "half")
	cancel()
	if _, err := w.Write([]byte("more")); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if _, err := w.Commit(dead, "x", storage.CommitOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort: %v", err)
	}
	w2 := create(t, s, "other")
	if _, err := w2.Commit(dead, "x", storage.CommitOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Create(dead); !errors.Is(err, context.Canceled) {
		t.Errorf("create: %v", err)
	}
	if names := Names(t, s, ""); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

func testEmpty(t *testing.T, s storage.Store) {
	Put(t, s, "empty", "")
	if got := content(t, s, "empty"); got != "" {
		t.Errorf("content %q", got)
	}
}

// testBig streams more than a part of a multipart upload, in odd pieces.
func testBig(t *testing.T, s storage.Store) {
	const size = 24 << 20
	piece := bytes.Repeat([]byte("0123456789abcdef"), 4099)
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	sent, total := sha256.New(), 0
	for total < size {
		n, err := w.Write(piece)
		if err != nil || n != len(piece) {
			t.Fatalf("write: %d, %v", n, err)
		}
		sent.Write(piece)
		total += n
	}
	if _, err := w.Commit(t.Context(), "big.bin", storage.CommitOptions{}); err != nil {
		t.Fatal(err)
	}
	r, info, err := s.Open(t.Context(), "big.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := sha256.New()
	if n, err := io.Copy(got, r); err != nil || n != int64(total) || info.Size != n {
		t.Fatalf("read %d of %d bytes: %v", n, total, err)
	}
	if !bytes.Equal(got.Sum(nil), sent.Sum(nil)) {
		t.Error("the content differs")
	}
}

func testRange(t *testing.T, s storage.Store) {
	Put(t, s, "a.txt", "0123456789")
	for _, r := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "0123456789"}, {3, 4, "3456"}, {7, -1, "789"}, {8, 100, "89"}, {10, -1, ""}, {50, 5, ""}, {4, 0, ""}} {
		body, info, err := s.OpenRange(t.Context(), "a.txt", r.offset, r.length)
		if err != nil {
			t.Errorf("open %d bytes from %d: %v", r.length, r.offset, err)
			continue
		}
		data, err := io.ReadAll(body)
		body.Close()
		if string(data) != r.want || err != nil || info.Size != 10 {
			t.Errorf("%d bytes from %d: %q of %d, %v; want %q of 10", r.length, r.offset, data, info.Size, err, r.want)
		}
	}
	_, _, err := s.OpenRange(t.Context(), "none.txt", 0, -1)
	wantError(t, "open a range of what is not there", err, storage.ErrNotExist)
}

func testProbe(t *testing.T, s storage.Store) {
	for range 2 {
		if err := s.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if names := Names(t, s, ""); len(names) != 0 {
		t.Errorf("left %v", names)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Probe(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("probed although nobody waits for it: %v", err)
	}
	Put(t, s, "a.txt", "a")
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
