package inputs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// What is given up may still write into its buffer, but not into the reader's.
func TestInterruptibleGivesTheBytes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("easel ", 10_000)
	got, err := io.ReadAll(interruptible{t.Context(), strings.NewReader(long)})
	if err != nil || string(got) != long {
		t.Errorf("%d bytes of %d, %v", len(got), len(long), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	silent, hold := io.Pipe()
	defer hold.Close()
	if _, err := io.ReadAll(interruptible{ctx, silent}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A web address is fetched once, however often it is opened and wherever the
// readers stand.
func TestAStreamIsReadOnce(t *testing.T) {
	t.Parallel()
	want := bytes.Repeat([]byte("0123456789abcdef"), 200_000) // more than is kept in memory
	var asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(want)
	}))
	defer srv.Close()
	o := &Opener{Stdin: NewStdin(strings.NewReader(""))}
	first, err := o.Open(t.Context(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 1000)
	if _, err := io.ReadFull(first, head); err != nil || !bytes.Equal(head, want[:1000]) {
		t.Fatalf("the beginning: %v", err)
	}
	for range 2 {
		again, err := o.Open(t.Context(), srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(again); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
		}
	}
	if rest, err := io.ReadAll(first); err != nil || !bytes.Equal(rest, want[1000:]) {
		t.Errorf("the rest for the first reader: %d bytes, %v", len(rest), err)
	}
	if asked.Load() != 1 {
		t.Errorf("fetched %d times", asked.Load())
	}
	if err := o.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := o.Open(t.Context(), srv.URL); err != nil || asked.Load() != 2 {
		t.Errorf("after Close: %v, asked %d times", err, asked.Load())
	}
}

func TestStdinHasOneUser(t *testing.T) {
	t.Parallel()
	s := NewStdin(strings.NewReader("a fox"))
	for range 2 {
		if got, err := s.Bytes(t.Context(), "--prompt"); err != nil || string(got) != "a fox" {
			t.Errorf("%q, %v", got, err)
		}
	}
	var taken *TakenError
	if _, err := s.Bytes(t.Context(), "--params"); !errors.As(err, &taken) || taken.First != "--prompt" || taken.Second != "--params" {
		t.Errorf("a second user: %v", err)
	}
}

func TestAnEndlessTextIsRefused(t *testing.T) {
	t.Parallel()
	var large *SizeError
	if _, err := NewStdin(zeros{}).Bytes(t.Context(), "--prompt"); !errors.As(err, &large) {
		t.Errorf("error %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
