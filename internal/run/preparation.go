package run

import (
	"context"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Preparation prepares the runs of one command. What they have in common of
// their input files is read, decoded and encoded once, however many there are.
// It keeps files as they are sent and no decoded picture; drop it when all runs
// are prepared. It is safe for concurrent use.
type Preparation struct {
	*Runner

	mu   sync.Mutex
	made map[inputKey]func() (prepared, error)
}

// Preparation begins to prepare runs.
func (r *Runner) Preparation() *Preparation {
	return &Preparation{Runner: r, made: map[inputKey]func() (prepared, error){}}
}

// A prepared is an input file as it is sent.
type prepared struct {
	file    comfy.File  // without targets, which are a run's own
	notes   []string    // what the user should know of it
	mask    *comfy.File // of a picture that is painted in part
	repaint *Repaint
}

// An inputKey tells apart what is made of input files.
type inputKey struct {
	workflow  *registry.Workflow // that brings the file; nil for a file of the user
	character string             // that may bring it
	name      string
	kind      registry.ParamType
	way       string // how it is prepared
}

func keyOf(t *Ticket, v registry.Value, name, way string) inputKey {
	key := inputKey{name: name, kind: v.Param.Type, way: way}
	if v.FS != nil {
		key.workflow, key.character = t.call.Workflow, t.Character
	}
	return key
}

// once makes something, or waits for who makes it. Other things are made at the
// same time.
func (p *Preparation) once(key inputKey, build func() (prepared, error)) (prepared, error) {
	p.mu.Lock()
	get, ok := p.made[key]
	if !ok {
		get = sync.OnceValues(build)
		p.made[key] = get
	}
	p.mu.Unlock()
	return get()
}

// PrepareAll prepares the runs of a command, all before the first is executed, so
// that a mistake in the last does not show after the first has cost something.
func (r *Runner) PrepareAll(ctx context.Context, reqs []Request) ([]*Ticket, error) {
	p := r.Preparation()
	tickets := make([]*Ticket, len(reqs))
	for i, req := range reqs {
		var err error
		if tickets[i], err = p.Prepare(ctx, req); err != nil {
			return nil, err
		}
	}
	return tickets, nil
}

// Prepare prepares a single run: see Preparation.Prepare.
func (r *Runner) Prepare(ctx context.Context, req Request) (*Ticket, error) {
	return r.Preparation().Prepare(ctx, req)
}
