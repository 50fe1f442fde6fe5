package inputs

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Stdin reads the standard input for the one user of a command that may have
// it.
type Stdin struct {
	in   io.Reader
	mu   sync.Mutex
	kept *spool
	user string
}

// NewStdin makes a Stdin of a stream; it reads nothing before it is asked.
func NewStdin(in io.Reader) *Stdin { return &Stdin{in: in} }

// A TakenError means that two users of one command want the standard input.
type TakenError struct{ First, Second string }

func (e *TakenError) Error() string { return e.First + " and " + e.Second + " both read stdin" }

// Bytes returns all of stdin, up to MaxText. A second user is refused with a
// *TakenError: there is one stdin.
func (s *Stdin) Bytes(ctx context.Context, user string) ([]byte, error) {
	body, err := s.open(ctx, user)
	if err != nil {
		return nil, err
	}
	data, err := readText(body)
	if err != nil {
		return nil, fmt.Errorf("read stdin: %w", err)
	}
	return data, nil
}

func (s *Stdin) open(ctx context.Context, user string) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.kept != nil && s.user != user:
		return nil, &TakenError{s.user, user}
	case s.kept == nil:
		s.kept, s.user = newSpool(io.NopCloser(Interruptible(ctx, s.in))), user
	}
	return s.kept.open(), nil
}

// Used reports whether anybody has asked for it.
func (s *Stdin) Used() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept != nil
}

func (s *Stdin) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		return nil
	}
	return s.kept.close()
}
