package inputs

import (
	"errors"
	"io"
	"os"
	"sync"
)

const (
	// inMemory is how much of a stream is kept in memory; more goes to a
	// temporary file.
	inMemory = 1 << 20
	// maxStream bounds what is taken from one stream: 2 GiB.
	maxStream = 2 << 30
)

// A spool reads a stream once, as far as somebody reads it, and keeps it for
// readers that begin at its start.
type spool struct {
	mu   sync.Mutex
	from io.ReadCloser
	head []byte   // all of it, as long as file is nil
	file *os.File // all of it
	size int64    // taken from the stream
	end  error    // how the stream ended, nil as long as it goes on
}

func newSpool(from io.ReadCloser) *spool { return &spool{from: from} }

func (s *spool) open() io.ReadCloser { return &spoolReader{spool: s} }

// readAt reads what is there at an offset, and more of the stream when the
// offset is its end.
func (s *spool) readAt(p []byte, at int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at == s.size && s.end == nil {
		s.more(len(p))
	}
	switch {
	case at >= s.size:
		return 0, s.end
	case s.file == nil:
		return copy(p, s.head[at:]), nil
	}
	return s.file.ReadAt(p[:min(int64(len(p)), s.size-at)], at)
}

// more takes the next bytes of the stream.
func (s *spool) more(n int) {
	next := make([]byte, min(max(n, 512), 256<<10))
	n, err := s.from.Read(next)
	if s.size+int64(n) > maxStream {
		n, err = 0, &SizeError{Limit: maxStream}
	}
	if e := s.keep(next[:n]); e != nil {
		err = e
	} else {
		s.size += int64(n)
	}
	if err != nil {
		s.end = err
		_ = s.from.Close()
	}
}

func (s *spool) keep(data []byte) error {
	if s.file == nil && len(s.head)+len(data) <= inMemory {
		s.head = append(s.head, data...)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "easel-input-*")
		if err != nil {
			return err
		}
		_ = os.Remove(f.Name()) // where a file that is open can be; else close removes it
		s.file = f
		if _, err := f.WriteAt(s.head, 0); err != nil {
			return err
		}
		s.head = nil
	}
	_, err := s.file.WriteAt(data, s.size)
	return err
}

func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil {
		s.end = os.ErrClosed
		_ = s.from.Close()
	}
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if e := os.Remove(s.file.Name()); !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	s.file, s.size = nil, 0
	return err
}

type spoolReader struct {
	spool *spool
	at    int64
}

func (r *spoolReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.spool.readAt(p, r.at)
	r.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (*spoolReader) Close() error { return nil }
