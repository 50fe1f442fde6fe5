package s3store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
)

// large is the content of an object of three parts and a bit.
var large = sync.OnceValue(func() []byte { return bytes.Repeat([]byte("0123456789abcdef"), (3*PartSize+4096)/16) })

func write(t *testing.T, s *Store, name string, content []byte) error {
	t.Helper()
	w, err := s.Create(t.Context(), storage.Object{Name: name})
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(content); err != nil {
		return err
	}
	_, err = w.Commit(t.Context(), name)
	return err
}

func read(t *testing.T, s *Store, name string) []byte {
	t.Helper()
	r, _, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// P-F4: whatever goes wrong on the way, an object is there once, as it was, and
// no upload stays open.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	internal := answer(http.StatusOK, "InternalError", "We encountered an internal error. Please try again.")
	for _, tt := range []struct {
		name  string
		fault fault
		large bool
	}{
		{"slow down", fault{puts, 3, answer(503, "SlowDown", "Please reduce your request rate.")}, false},
		{"internal error", fault{puts, 2, answer(500, "InternalError", "x")}, false},
		{"an answer that got lost", fault{puts, 1, lose}, false},
		{"a connection that broke", fault{puts, 2, reset}, false},
		{"a conflict", fault{puts, 3, answer(409, "ConditionalRequestConflict", "x")}, false},
		{"an ETag that is none", fault{puts, 0, spoil}, false},
		{"slow down in a part", fault{parts, 3, answer(503, "SlowDown", "x")}, true},
		{"a part that broke", fault{parts, 2, reset}, true},
		{"a part whose answer got lost", fault{parts, 1, lose}, true},
		{"an answer to the completion that got lost", fault{completes, 1, lose}, true},
		{"a completion that is 200 and an error", fault{completes, 2, internal}, true},
		{"a conflict at the completion", fault{completes, 2, answer(409, "ConditionalRequestConflict", "x")}, true},
		{"an ETag of parts that is none", fault{completes, 0, spoil}, true},
		{"a beginning whose answer got lost", fault{begins, 1, lose}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, set := fake(t, tt.fault)
			s := open(t, "s3://art/run", set)
			content := []byte("a picture")
			if tt.large {
				content = large()
			}
			if err := write(t, s, "x.png", content); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, s, "x.png"), content) {
				t.Error("the content differs")
			}
			if names := storagetest.Names(t, s, ""); len(names) != 1 {
				t.Errorf("there are %q", names)
			}
			wantNoUploads(t, set, "art")
		})
	}
}

// What the store refuses for good comes back as what it is, and leaves nothing.
func TestFaultsThatStay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		do        func(http.ResponseWriter, *http.Request, http.Handler)
		is        error
		as        any
		text      string
		temporary bool
	}{
		{"a taken name", answer(412, "PreconditionFailed", "x"), storage.ErrExist, nil, "already exists", false},
		{"refused", answer(403, "AccessDenied", "Access Denied"), storage.ErrRefused, nil, "permission denied: Access Denied (AccessDenied)", false},
		{"unknown key", answer(403, "InvalidAccessKeyId", "x"), storage.ErrAuth, nil, "credentials", false},
		{"expired", answer(400, "ExpiredToken", "The provided token has expired."), storage.ErrAuth, nil, "The provided token has expired", false},
		{"no bucket", answer(404, "NoSuchBucket", "x"), nil, new(*storage.BucketError), "there is no bucket art", false},
		{"full", answer(507, "XMinioStorageFull", "x"), storage.ErrFull, nil, "no space left", false},
		{"clock", skewed, nil, new(*storage.ClockError), "ahead of the store's", false},
		{"region", answer(301, "PermanentRedirect", "x"), nil, new(*storage.RegionError), "not in the region us-east-1", false},
		{"down", answer(503, "ServiceUnavailable", "x"), nil, nil, "ServiceUnavailable", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, content := range [][]byte{[]byte("a picture"), large()} {
				stores := func(r *http.Request) bool { return puts(r) || completes(r) }
				_, set := fake(t, fault{stores, 0, tt.do})
				s := open(t, "s3://art/run", set)
				err := write(t, s, "x.png", content)
				switch {
				case err == nil:
					t.Fatal("it was stored")
				case tt.is != nil && !errors.Is(err, tt.is), tt.as != nil && !errors.As(err, tt.as):
					t.Errorf("got %v", err)
				case !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), canary()):
					t.Errorf("it reads %v", err)
				case storage.Temporary(err) != tt.temporary:
					t.Errorf("%v: temporary is %t", err, !tt.temporary)
				}
				if names := storagetest.Names(t, s, ""); len(names) != 0 {
					t.Errorf("there are %q", names)
				}
				wantNoUploads(t, set, "art")
			}
		})
	}
}

// skewed refuses a request by a clock that is an hour behind.
func skewed(w http.ResponseWriter, r *http.Request, next http.Handler) {
	w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
	answer(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")(w, r, next)
}

// An answer got lost, and somebody else has the name: it is not taken for ours.
func TestLostAnswerOfATakenName(t *testing.T) {
	t.Parallel()
	_, set := fake(t, fault{puts, 1, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		r2 := httptest.NewRequest(http.MethodPut, r.URL.String(), strings.NewReader("another picture"))
		r2.Header.Set("Content-Length", "15")
		next.ServeHTTP(httptest.NewRecorder(), r2)
		panic(http.ErrAbortHandler)
	}})
	s := open(t, "s3://art", set)
	if err := write(t, s, "x.png", []byte("a picture")); !errors.Is(err, storage.ErrExist) {
		t.Errorf("got %v", err)
	}
	if got := read(t, s, "x.png"); string(got) != "another picture" {
		t.Errorf("it became %q", got)
	}
}

// A store that keeps other bytes than it was sent gets a second chance, and no
// third; nothing damaged stays.
func TestAlteredContent(t *testing.T) {
	t.Parallel()
	alter := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("a pictura")), 9
		next.ServeHTTP(w, r)
	}
	for times, fine := range map[int]bool{1: true, 0: false} {
		_, set := fake(t, fault{puts, times, alter})
		s := open(t, "s3://art", set)
		err := write(t, s, "x.png", []byte("a picture"))
		names := storagetest.Names(t, s, "")
		if fine && (err != nil || string(read(t, s, "x.png")) != "a picture") {
			t.Errorf("altered once: %v", err)
		}
		if !fine && (!errors.Is(err, errAltered) || len(names) > 0) {
			t.Errorf("altered each time: %v, there are %q", err, names)
		}
	}
}

// A store that ignores If-None-Match, or knows no such thing: names are looked
// up, and the user is told.
func TestStoreWithoutConditions(t *testing.T) {
	t.Parallel()
	ignore := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Del("If-None-Match")
		next.ServeHTTP(w, r)
	}
	conditional := func(r *http.Request) bool { return r.Header.Get("If-None-Match") != "" }
	for name, do := range map[string]func(http.ResponseWriter, *http.Request, http.Handler){
		"ignored": ignore, "refused": answer(501, "NotImplemented", "A header you provided implies functionality that is not implemented."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, set := fake(t, fault{conditional, 0, do})
			var notes []string
			s, err := Open("s3://art/run", Options{Settings: set, Note: func(text string) { notes = append(notes, text) }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, content := range [][]byte{[]byte("a picture"), large()} {
				if err := write(t, s, "x.png", content); len(content) < 10 && err != nil || len(content) > 10 && !errors.Is(err, storage.ErrExist) {
					t.Errorf("%d bytes: %v", len(content), err)
				}
			}
			if len(notes) != 1 || !strings.Contains(notes[0], "If-None-Match") {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

// A read whose connection breaks goes on where it broke.
func TestBrokenRead(t *testing.T) {
	t.Parallel()
	gets := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/x.bin")
	}
	_, set := fake(t, fault{gets, 3, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()[:1<<20])
		panic(http.ErrAbortHandler)
	}})
	s := open(t, "s3://art", set)
	if err := write(t, s, "x.bin", large()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, s, "x.bin"), large()) {
		t.Error("the content differs")
	}
}

const childAddress = "EASEL_S3STORE_CHILD"

// writeForEver is a process that is killed while it transfers.
func writeForEver(address string) int {
	place, dir, _ := strings.Cut(address, "|")
	s, err := Open(place, Options{Journal: dir})
	if err != nil {
		return 1
	}
	w, err := s.Create(context.Background(), storage.Object{Name: "x.bin"})
	if err != nil {
		return 1
	}
	for range 5 {
		if _, err := w.Write(large()); err != nil {
			return 1
		}
	}
	_, _ = os.Stdout.WriteString("written\n")
	select {}
}

// What a killed process left open is ended by the next one, and what a living one
// transfers is not.
func TestKilledTransfer(t *testing.T) {
	t.Parallel()
	_, set := fake(t)
	journal := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childAddress+"=s3://art/run?endpoint="+set.Endpoint+"|"+journal)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "written\n" {
		t.Fatalf("the process says %q, %v", line, err)
	}
	again := func() int {
		s, err := Open("s3://art", Options{Settings: set, Journal: journal})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		left, err := os.ReadDir(journal)
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	if n := again(); n != 1 {
		t.Errorf("%d transfers are written down while one goes on", n)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if n := again(); n != 0 {
		t.Errorf("%d transfers are written down when all have ended", n)
	}
	wantNoUploads(t, set, "art")
}
