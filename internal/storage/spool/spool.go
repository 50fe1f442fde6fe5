// Package spool keeps outputs on this machine while the place they go to is away,
// full or refuses them, and delivers them later: an upload that fails costs no
// output. It stands before any storage.Store and is one itself.
//
// An output that waits is a file and an entry that says where it goes, both on
// disk before the output counts as stored; so what waits survives the process, and
// any later process delivers it. Delivery is idempotent: an output that has arrived
// although nobody was told is recognised by its content.
package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Place is where outputs go. Two with the same address are different places when
// different services are behind it: two projects may each have a bucket art.
type Place struct {
	Address string `json:"address"` // as users write it: s3://art/today
	Service string `json:"service"` // whose it is: AWS, https://abc.supabase.co, http://127.0.0.1:9000; never with credentials
}

// Options of a spool. Dir is the folder of all that waits on this machine.
type Options struct {
	Dir   string
	Limit int64             // bytes that may wait, of all places together; more pauses who stores
	Note  func(text string) // told what changes while outputs wait; nil = nobody is
	Asked bool              // what waits since before is delivered by Deliver only

	pause func(context.Context, time.Duration) error // between tries; nil = time passes
}

// Store is a storage.Store whose outputs wait here when the store behind it fails.
type Store struct {
	remote storage.Store
	place  Place
	opts   Options
	room   room

	mu      sync.Mutex
	away    error             // why the store is not asked now; nil = it is
	waiting map[string]string // what this process has spooled: the reason by name
	refused map[string]bool   // files of entries that the store refused in this process: not offered again by itself
	running bool              // the delivery in the background is

	pass sync.Mutex // one pass of delivery at a time
	stop context.CancelFunc
	ctx  context.Context
	done sync.WaitGroup
}

var _ storage.Store = (*Store)(nil)

// Wrap puts a spool before a store. What waits for the place since before is
// delivered in the background, unless Deliver is to do it. Failures are a *storage.Error.
func Wrap(remote storage.Store, place Place, opts Options) (*Store, error) {
	if opts.Note == nil {
		opts.Note = func(string) {}
	}
	if opts.pause == nil {
		opts.pause = storage.Wait
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{
		remote: remote, place: place, opts: opts, room: roomOf(opts.Dir, place),
		waiting: map[string]string{}, refused: map[string]bool{}, ctx: ctx, stop: stop,
	}
	left, err := s.room.any()
	if err != nil {
		stop()
		return nil, s.fail("open", err)
	}
	if left && !opts.Asked {
		s.deliverLater()
	}
	return s, nil
}

// fail is a failure of the spool's own folder.
func (s *Store) fail(op string, err error) error {
	if known, ok := errors.AsType[*storage.Error](err); ok {
		return known
	}
	kind := err
	switch {
	case isFull(err):
		kind = fmt.Errorf("%w for outputs that wait for %s", storage.ErrFull, s.place.Address)
	case errors.Is(err, fs.ErrPermission):
		kind = storage.ErrRefused
	}
	return &storage.Error{Op: op, Location: s.room.dir, Err: kind}
}

// Waiting says how many outputs of this process wait, and why: the reason of one
// of them.
func (s *Store) Waiting() (n int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, reason := range s.waiting {
		if _, err := s.room.get(name); errors.Is(err, fs.ErrNotExist) { // another process has delivered it
			delete(s.waiting, name)
			continue
		}
		why = reason
	}
	return len(s.waiting), why
}

// Place is where the outputs go.
func (s *Store) Place() Place { return s.place }

// Probe implements storage.Store. A store that is away is no failure: outputs wait.
func (s *Store) Probe(ctx context.Context) error {
	err := s.remote.Probe(ctx)
	if err == nil || !storage.Temporary(err) || ctx.Err() != nil {
		return err
	}
	s.mu.Lock()
	s.away = err
	s.mu.Unlock()
	s.opts.Note(fmt.Sprintf("%s is away: outputs wait on this machine (%v)", s.place.Address, reason(err)))
	return nil
}

// reason is an error without the place, which is said already.
func reason(err error) error {
	if failed, ok := errors.AsType[*storage.Error](err); ok {
		return failed.Err
	}
	return err
}

// Location implements storage.Store.
func (s *Store) Location(name string) string { return s.remote.Location(name) }

// URL implements storage.Store, also for an object that still waits where its
// address is known before.
func (s *Store) URL(ctx context.Context, name string, valid time.Duration) (string, error) {
	return s.remote.URL(ctx, name, valid)
}

// Close ends the delivery; what waits, waits.
func (s *Store) Close() error {
	s.stop()
	s.done.Wait()
	return s.remote.Close()
}
