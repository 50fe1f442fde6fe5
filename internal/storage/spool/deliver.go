package spool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/filelock"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

const (
	pauseFirst = time.Second      // between passes while the store is away,
	pauseMost  = 30 * time.Second // twice as long each time up to this
	hands      = 4                // outputs that are delivered at a time
)

// errHeld means that another process delivers what waits for the place.
var errHeld = errors.New("another process delivers it")

// An UndeliveredError means that the store took none or not all of what waits.
type UndeliveredError struct {
	Place Place
	Left  int
	Err   error // why, of one of them
}

func (e *UndeliveredError) Error() string {
	what := "1 file still waits"
	if e.Left != 1 {
		what = fmt.Sprintf("%d files still wait", e.Left)
	}
	return fmt.Sprintf("%s for %s: %v", what, e.Place.Address, reason(e.Err))
}
func (e *UndeliveredError) Unwrap() error { return e.Err }

// spooled notes that an output of this process waits, and has it delivered later.
func (s *Store) spooled(name string, why error) {
	s.mu.Lock()
	s.waiting[name] = reason(why).Error()
	if !personal(why) && s.away == nil {
		s.away = why
	}
	s.mu.Unlock()
	s.deliverLater()
}

// personal reports whether a failure is about one object, and others may be taken.
func personal(err error) bool {
	var bucket *storage.BucketError
	switch {
	case storage.Temporary(err), errors.Is(err, storage.ErrAuth), errors.Is(err, storage.ErrFull), errors.Is(err, storage.ErrRefused), errors.As(err, &bucket):
		return false
	}
	return true
}

// deliverLater begins to deliver in the background until nothing waits that could
// be delivered.
func (s *Store) deliverLater() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running || s.ctx.Err() != nil {
		return
	}
	s.running = true
	s.done.Go(func() {
		pause := pauseFirst
		for {
			delivered, err := s.deliver(s.ctx, false, nil)
			if err == nil && s.rest() {
				return
			}
			if delivered > 0 {
				pause = pauseFirst
			}
			if s.opts.pause(s.ctx, pause/2+rand.N(pause)) != nil {
				s.mu.Lock()
				s.running = false
				s.mu.Unlock()
				return
			}
			pause = min(2*pause, pauseMost)
		}
	})
}

// rest ends the delivery in the background unless something has come meanwhile
// that could be delivered.
func (s *Store) rest() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits, err := s.room.list()
	if err == nil {
		for _, e := range waits {
			if !s.refused[e.Data] {
				return false
			}
		}
	}
	s.running = false
	return true
}

// Deliver offers all that waits for the place to the store now, also what it has
// refused before, and tells each result. What is left is an *UndeliveredError.
func (s *Store) Deliver(ctx context.Context, told func(name string, err error)) error {
	_, err := s.deliver(ctx, true, told)
	left, listErr := s.room.list()
	switch {
	case listErr != nil:
		return s.fail("open", listErr)
	case len(left) == 0:
		return nil
	case err == nil:
		err = errors.New(left[0].Reason)
	}
	return &UndeliveredError{s.place, len(left), err}
}

// deliver is one pass over what waits. It ends early when the store is away.
func (s *Store) deliver(ctx context.Context, refusedToo bool, told func(string, error)) (delivered int, err error) {
	s.pass.Lock()
	defer s.pass.Unlock()
	waits, listErr := s.room.list()
	if listErr != nil {
		s.opts.Note("what waits for " + s.place.Address + " cannot all be read: " + listErr.Error())
	}
	if len(waits) == 0 {
		s.room.sweep(waits)
		s.back()
		return 0, nil
	}
	lock, err := filelock.Try(filepath.Join(s.room.dir, lockFile))
	if errors.Is(err, filelock.ErrHeld) {
		return 0, errHeld
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = lock.Release() }()
	s.room.sweep(waits)

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	var team sync.WaitGroup
	free := make(chan struct{}, hands)
	for _, row := range rows(waits) {
		team.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			for _, e := range row {
				if ctx.Err() != nil || !refusedToo && s.isRefused(e) {
					return // what is about it waits with it
				}
				err := s.offer(ctx, e)
				if told != nil && ctx.Err() == nil {
					mu.Lock()
					told(e.Name, err)
					mu.Unlock()
				}
				switch {
				case err == nil:
					mu.Lock()
					delivered++
					mu.Unlock()
					continue
				case !personal(err) || ctx.Err() != nil:
					stop(err)
				default:
					s.refuse(e, err)
				}
				return
			}
		})
	}
	team.Wait()
	if err := context.Cause(ctx); err != nil {
		return delivered, err
	}
	s.back()
	if delivered > 0 && told == nil {
		what := "1 waiting file is delivered"
		if delivered != 1 {
			what = fmt.Sprintf("%d waiting files are delivered", delivered)
		}
		s.opts.Note(s.place.Address + " is back: " + what)
	}
	return delivered, nil
}

// back notes that the store takes outputs again.
func (s *Store) back() {
	s.mu.Lock()
	s.away = nil
	s.mu.Unlock()
}

func (s *Store) isRefused(e entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused[e.Data]
}

// refuse keeps an output that the store does not want, with the reason.
func (s *Store) refuse(e entry, why error) {
	e.Reason = reason(why).Error()
	s.mu.Lock()
	s.refused[e.Data] = true
	if _, mine := s.waiting[e.Name]; mine {
		s.waiting[e.Name] = e.Reason
	}
	s.mu.Unlock()
	_ = s.room.update(e) // the reason is for people only
	s.opts.Note(fmt.Sprintf("%s stays on this machine: %s", s.remote.Location(e.Name), e.Reason))
}

// rows sorts what waits into rows, each of which is delivered in its order: what is
// about an output, x.png.easel.json about x.png, comes after it.
func rows(waits []entry) [][]entry {
	var all [][]entry
	at := map[string]int{}
	for _, e := range waits {
		row, found := 0, false
		for stem := e.Name; !found; {
			dot := strings.LastIndexByte(stem, '.')
			if dot <= strings.LastIndexByte(stem, '/') {
				break
			}
			stem = stem[:dot]
			row, found = at[stem]
		}
		if !found {
			row, all = len(all), append(all, nil)
		}
		all[row] = append(all[row], e)
		at[e.Name] = row
	}
	return all
}

// offer delivers one output and ends its entry. One that has arrived before, when
// the answer was lost or the process died, is known by its content.
func (s *Store) offer(ctx context.Context, e entry) error {
	f, err := os.Open(filepath.Join(s.room.dir, e.Data))
	if errors.Is(err, fs.ErrNotExist) {
		if now, getErr := s.room.get(e.Name); getErr != nil || now.Data != e.Data {
			return nil // it has been replaced or removed since
		}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if sum, err := sumOf(f); err != nil || sum != e.SHA256 {
		return errors.Join(errors.New("the file that waited has been changed since"), err)
	}
	remote, err := transfer(ctx, s.remote, s.room.object(e), f, e.Size)
	if err == nil {
		defer remote.Abort()
		_, err = remote.Commit(ctx, e.Name)
	}
	if errors.Is(err, storage.ErrExist) && s.arrived(ctx, e) {
		err = nil
	}
	if err != nil {
		return err
	}
	crashpoint.Here(crashpoint.Delivered)
	f.Close() // Windows removes no open file
	if err := s.room.remove(e); err != nil {
		return s.fail("remove", err)
	}
	s.mu.Lock()
	delete(s.waiting, e.Name)
	s.mu.Unlock()
	return nil
}

func sumOf(r io.Reader) (string, error) {
	hash := sha256.New()
	_, err := io.Copy(hash, r)
	return hex.EncodeToString(hash.Sum(nil)), err
}

// arrived reports whether the store has this very output.
func (s *Store) arrived(ctx context.Context, e entry) bool {
	body, info, err := s.remote.Open(ctx, e.Name)
	if err != nil {
		return false
	}
	defer body.Close()
	if info.Size != e.Size {
		return false
	}
	sum, err := sumOf(body)
	return err == nil && sum == e.SHA256
}

// Settle delivers what this process has spooled, as long as the store takes some
// of it. What is left is an *UndeliveredError.
func (s *Store) Settle(ctx context.Context) error {
	for {
		if n, _ := s.Waiting(); n == 0 {
			return nil
		}
		delivered, err := s.deliver(ctx, false, nil)
		n, why := s.Waiting()
		switch {
		case n == 0:
			return nil
		case err == nil && delivered == 0:
			err = errors.New(why)
		}
		if err != nil {
			return &UndeliveredError{s.place, n, err}
		}
	}
}
