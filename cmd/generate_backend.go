package cmd

import (
	"context"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// An executor makes runs: on one backend, or on the first of a pool that can.
type executor interface {
	Execute(context.Context, *run.Ticket, run.Sink) (*run.Result, error)
	Submit(context.Context, *run.Ticket, run.Sink) error
}

// executor opens where the runs are to be made. done must be called when the last
// one is over. The members of a pool are opened when it is their turn.
func (o *generateOptions) executor(ctx context.Context, base *run.Runner, tickets []*run.Ticket) (e executor, done func(), err error) {
	opener, err := o.app.opener()
	if err != nil {
		return nil, nil, err
	}
	members, given, err := opener.Pool(o.backend)
	if err != nil {
		return nil, nil, err
	}
	if members == nil {
		r, done, err := o.openOn(ctx, base, place{flag: o.backend})
		if err != nil {
			o.noteBackend("")
			return nil, nil, err
		}
		if err := o.app.preflight(ctx, r.Runner, r.backend, tickets); err != nil {
			done()
			return nil, nil, err
		}
		return r, done, nil
	}
	var opened []func()
	pool := &run.Pool{Tickets: tickets, Say: o.app.note}
	for _, spec := range members {
		pool.Members = append(pool.Members, &run.PoolMember{Name: spec, Open: func(ctx context.Context) (*run.Runner, error) {
			r, done, err := o.openOn(ctx, base, place{member: spec, given: given})
			if err != nil {
				return nil, err
			}
			opened = append(opened, done)
			return r.Runner, o.app.equip(r.Runner, r.backend)
		}})
	}
	return pool, func() {
		for _, done := range opened {
			done()
		}
	}, nil
}

// A place says where to open a backend: what a flag or the settings choose, or one
// member of a pool, which the command line may have named.
type place struct {
	flag   string
	member string
	given  bool
}

// An openRunner is a runner with the backend that it runs on.
type openRunner struct {
	*run.Runner
	backend *backends.Backend
}

// openOn opens a backend and gives a runner like base for it.
func (o *generateOptions) openOn(ctx context.Context, base *run.Runner, at place) (*openRunner, func(), error) {
	be, done, err := o.pod.open(ctx, o.app, at, o.reconnect)
	if err != nil {
		return nil, nil, err
	}
	o.noteBackend(be.Name)
	if be.Public {
		o.app.note("warning: %s", backends.OpenToAll(be.Address))
	}
	r := *base
	r.Backend, r.BackendName, r.Address = be, be.Name, be.Reopen
	if r.History, err = o.app.history(); err == nil && o.detach && be.Can().Ephemeral {
		err = usagef("start one with easel emulate and use its address", "--detach cannot leave a run on the embedded emulator, which ends with this process")
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	if o.costs.limit > 0 {
		h, err := o.app.history()
		if err != nil {
			done()
			return nil, nil, err
		}
		o.costs.usual = h.Usual
		r.Admit = o.costs.admit(&r)
	}
	return &openRunner{&r, be}, done, nil
}
