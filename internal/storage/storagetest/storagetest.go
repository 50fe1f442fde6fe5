// Package storagetest is the conformance suite of storage.Store: what every
// store promises to the engine.
package storagetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Feature is something that not every store has.
type Feature string

// Features of stores.
const (
	Metadata Feature = "metadata" // media types, cache control and metadata are kept
	URLs     Feature = "urls"     // objects can be fetched by an address
)

// Run tests a store. Each call of open gives an empty one. Of what a store has
// no feature for, the suite sees that it says so.
func Run(t *testing.T, open func(t *testing.T) storage.Store, has ...Feature) {
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
		{"a large object of a taken name", testBigExist},
		{"a large object replaces", testBigReplace},
		{"a large object is given up", testBigAbort},
		{"a large object without a name", testBigUnnamed},
		{"media type and metadata", func(t *testing.T, s storage.Store) { testMetadata(t, s, slices.Contains(has, Metadata)) }},
		{"addresses", func(t *testing.T, s storage.Store) { testURL(t, s, slices.Contains(has, URLs)) }},
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
	if _, err := w.Commit(t.Context(), name); err != nil {
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
	return createAs(t, s, storage.Object{}, content)
}

func createAs(t *testing.T, s storage.Store, o storage.Object, content string) storage.Writer {
	t.Helper()
	w, err := s.Create(t.Context(), o)
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
	w := createAs(t, s, storage.Object{Name: "a/b/c.txt", MediaType: "text/plain"}, "hello, ")
	io.WriteString(w, "world")
	info, err := w.Commit(t.Context(), "a/b/c.txt")
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
	if _, err := w.Commit(t.Context(), "whole"); err != nil {
		t.Fatal(err)
	}
	if names := Names(t, s, ""); !slices.Equal(names, []string{"whole"}) {
		t.Errorf("after commit: %q", names)
	}
}

func testExist(t *testing.T, s storage.Store) {
	Put(t, s, "x.png", "first")
	w := create(t, s, "second")
	_, err := w.Commit(t.Context(), "x.png")
	wantError(t, "commit of a taken name", err, storage.ErrExist)
	if got := content(t, s, "x.png"); got != "first" {
		t.Errorf("the first object became %q", got)
	}
	if _, err := w.Commit(t.Context(), "x-1.png"); err != nil {
		t.Fatalf("commit under another name: %v", err)
	}
	if got := content(t, s, "x-1.png"); got != "second" {
		t.Errorf("the second object is %q", got)
	}
}

func testReplace(t *testing.T, s storage.Store) {
	Put(t, s, "x", "old")
	w := createAs(t, s, storage.Object{Replace: true}, "new")
	if _, err := w.Commit(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	w = createAs(t, s, storage.Object{Replace: true}, "fresh")
	if _, err := w.Commit(t.Context(), "y"); err != nil {
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
	if _, err := w.Commit(t.Context(), "x"); err == nil {
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
	if _, err := w.Commit(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	if got := content(t, s, "x"); got != "kept" {
		t.Errorf("content %q", got)
	}
	if _, err := w.Commit(t.Context(), "y"); err == nil {
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
			_, errs[i] = w.Commit(t.Context(), "dir/one")
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
		_, err := w.Commit(t.Context(), name)
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
	w, err := s.Create(dead, storage.Object{})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "half")
	cancel()
	if _, err := w.Write([]byte("more")); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if _, err := w.Commit(dead, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort: %v", err)
	}
	w2 := create(t, s, "other")
	if _, err := w2.Commit(dead, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Create(dead, storage.Object{}); !errors.Is(err, context.Canceled) {
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

func testMetadata(t *testing.T, s storage.Store, kept bool) {
	o := storage.Object{
		Name: "x.png", MediaType: "image/png", CacheControl: "public, max-age=60",
		Metadata: map[string]string{"run": "01jd7x", "words": "grüße, 東京 = 50% \"x\""},
	}
	w := createAs(t, s, o, "a picture")
	if _, err := w.Commit(t.Context(), "x.png"); err != nil {
		t.Fatal(err)
	}
	large := o
	large.Name, large.MediaType, large.CacheControl = "big.bin", "application/octet-stream", "max-age=60" // resumable uploads can say no more
	sum := putBig(t, s, large, "big.bin", 'x')
	for _, want := range []storage.Object{o, large} {
		name := want.Name
		info, err := s.Stat(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if !kept {
			if info.MediaType != "" || info.CacheControl != "" || len(info.Metadata) > 0 {
				t.Errorf("%s has what is not kept: %+v", name, info)
			}
			continue
		}
		if info.MediaType != want.MediaType || info.CacheControl != want.CacheControl {
			t.Errorf("%s is %q, cached %q", name, info.MediaType, info.CacheControl)
		}
		for key, want := range want.Metadata {
			if got := info.Metadata[key]; got != want {
				t.Errorf("%s: metadata %s is %q, want %q", name, key, got, want)
			}
		}
	}
	small := sha256.Sum256([]byte("a picture"))
	for name, sum := range map[string][]byte{"x.png": small[:], "big.bin": sum} {
		if info, err := s.Stat(t.Context(), name); err != nil || info.SHA256 != "" && info.SHA256 != hex.EncodeToString(sum) {
			t.Errorf("%s has the sum %s, %v; want none or %x", name, info.SHA256, err, sum)
		}
	}
}

func testURL(t *testing.T, s storage.Store, has bool) {
	const name = "sub dir/grüße #1 + 50%.txt"
	w := createAs(t, s, storage.Object{MediaType: "text/plain"}, "for all")
	if _, err := w.Commit(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	url, err := s.URL(t.Context(), name, time.Hour)
	if !has {
		wantError(t, "the address of an object", err, storage.ErrNoURL)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if string(body) != "for all" || err != nil || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%s serves %d, %q as %s, %v", url, resp.StatusCode, body, resp.Header.Get("Content-Type"), err)
	}
	_, err = s.URL(t.Context(), "../x", time.Hour)
	wantError(t, "the address of a bad name", err, storage.ErrName)
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
