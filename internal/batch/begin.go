package batch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
)

// open makes lanes of the places.
func (s *scheduler) open(places []Place) error {
	for _, p := range places {
		if s.o.MaxCost > 0 && p.USDPerHour <= 0 {
			return &PriceError{p.Runner.BackendName}
		}
		r := *p.Runner
		r.History, r.Leave, r.USDPerHour = s.o.Ledger, true, p.USDPerHour
		s.priced = s.priced || p.USDPerHour > 0
		l := &lane{runner: &r, price: p.USDPerHour, paused: p.Paused, fixed: s.o.Depth, attempts: map[*attempt]bool{}}
		s.lanes = append(s.lanes, l)
		s.lookPaused(l)
	}
	return nil
}

// lookPaused asks whether a lane's place is paused, and says so.
func (s *scheduler) lookPaused(l *lane) {
	switch changed := l.look(); {
	case changed && l.held:
		s.note("%s is paused: it gets no further items until easel queue resume", l.runner.BackendName)
	case changed:
		s.note("%s goes on", l.runner.BackendName)
	}
}

// greetTime bounds how long a backend may take to say that it is there.
const greetTime = 5 * time.Second

// greet asks every backend whether it is there, so that one that is not costs no
// item. It fails when none is.
func (s *scheduler) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	var asking sync.WaitGroup
	errs := make([]error, len(s.lanes))
	for i, l := range s.lanes {
		asking.Go(func() {
			began := s.o.Now()
			if _, errs[i] = l.runner.Backend.Describe(ctx); errs[i] == nil {
				l.sending.add(s.o.Now().Sub(began) / 2) // it asks twice and more, one after the other
			}
		})
	}
	asking.Wait()
	absent := 0
	for i, l := range s.lanes {
		if errs[i] == nil {
			continue
		}
		absent++
		l.failed(s.o.Now(), errs[i])
		if len(s.lanes) > 1 {
			s.note("%s does not answer: %s", l.runner.BackendName, errs[i])
		}
	}
	if absent == len(s.lanes) {
		return errs[0]
	}
	return nil
}

// maxPreflights bounds the groups that are held against the backends before the
// first run.
const maxPreflights = 64

// preflight holds one item of each group against the backends, before anything runs:
// what none of them has, a model that is missing say, would fail each item by itself.
func (s *scheduler) preflight(ctx context.Context) error {
	for i, g := range s.queue.groups {
		if i == maxPreflights {
			break
		}
		t, err := s.prepare(ctx, g.items[0])
		if err != nil {
			continue // it is told when the item has its turn
		}
		var refused error
		fits := false
		for _, l := range s.lanes {
			var rejected *preflight.RejectedError
			err := errNotAsked
			if l.usable(s.o.Now()) {
				err = l.runner.Preflight(ctx, t, t) // of a single run nothing is asked
			}
			if errors.As(err, &rejected) {
				refused = err
			} else {
				fits = true
			}
		}
		if !fits && refused != nil {
			return refused
		}
	}
	return nil
}

// survey sorts the items of the plan by what is left to do.
func (s *scheduler) survey(ctx context.Context) (open, adopt []*item, err error) {
	absent, err := s.absent(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.gpuMS, s.spent, err = s.o.Ledger.Spent(); err != nil {
		return nil, nil, err
	}
	for i := range s.o.Batch.Items {
		planned := &s.o.Batch.Items[i]
		standing, ok := s.o.Ledger.Standing(planned.ID)
		if !ok {
			return nil, nil, &ledger.UnknownItemError{Item: planned.ID}
		}
		gone := absent[planned.ID]
		switch {
		case standing.State == ledger.ItemFailed:
			s.sum.Failed++
			s.sum.Skipped++
			continue
		case standing.State == ledger.ItemCommitted && gone == "":
			s.sum.Committed++
			s.sum.Skipped++
			continue
		}
		it := &item{Item: planned}
		if standing.Touched {
			row, err := s.o.Ledger.Item(planned.ID)
			if err != nil {
				return nil, nil, err
			}
			it.run, it.backend, it.seed, it.kills = row.Run, row.Backend, row.Seed, row.Kills
		}
		switch standing.State {
		case ledger.ItemCommitted:
			s.note("item %s is made again: %s is not there any more", it.ID, gone)
			open = append(open, it)
		case ledger.ItemStored:
			if err := s.finishStored(ctx, it); err != nil {
				return nil, nil, err
			}
		case ledger.ItemPlanned:
			open = append(open, it)
		default:
			adopt = append(adopt, it)
		}
	}
	return open, adopt, nil
}

// absent names, of each item that lacks one, an output that is missing in a folder of
// this machine. Elsewhere that would cost a request each, and verify does it.
func (s *scheduler) absent(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	if !s.local {
		return found, nil
	}
	err := s.o.Ledger.AllFiles(func(id string, f ledger.File) error {
		if f.Stored && found[id] == "" && missing(ctx, s.o.Prepare.Store, f.Name) {
			found[id] = f.Name
		}
		return nil
	})
	return found, err
}
