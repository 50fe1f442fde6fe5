package mcp

import (
	"context"
	"fmt"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// Limits bound what agents can make. Zero values limit nothing.
type Limits struct {
	Runs     int // in all
	Parallel int // runs at once
}

// A gate lets runs through one after the other, as far as the limits allow.
type gate struct {
	limits Limits
	slots  chan struct{} // nil = any number at once

	mu   sync.Mutex
	runs int
}

func newGate(l Limits) *gate {
	g := &gate{limits: l}
	if l.Parallel > 0 {
		g.slots = make(chan struct{}, l.Parallel)
	}
	return g
}

// enter waits until it is a run's turn. leave must be called when it is over.
func (g *gate) enter(ctx context.Context, waiting func()) (leave func(), err error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	if g.slots != nil {
		select {
		case g.slots <- struct{}{}:
		default:
			waiting()
			select {
			case g.slots <- struct{}{}:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	}
	if err := g.take(); err != nil {
		g.free()
		return nil, err
	}
	return g.free, nil
}

func (g *gate) free() {
	if g.slots != nil {
		<-g.slots
	}
}

// check says which limit is reached.
func (g *gate) check() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reached()
}

// take counts a run.
func (g *gate) take() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.reached(); err != nil {
		return err
	}
	g.runs++
	return nil
}

func (g *gate) reached() error {
	if most := g.limits.Runs; most > 0 && g.runs >= most {
		return &problem.LimitError{Code: problem.CodeMaxRuns, Message: fmt.Sprintf("all of the %d runs that were allowed are made", most)}
	}
	return nil
}
