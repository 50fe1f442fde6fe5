package cmd

import (
	"context"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
)

// preflight equips the runner and compares the prepared runs with what the backend
// has, before anything is uploaded.
func (a *app) preflight(ctx context.Context, runner *run.Runner, be *backends.Backend, tickets []*run.Ticket) error {
	if err := a.equip(runner, be); err != nil {
		return err
	}
	return runner.Preflight(ctx, tickets...)
}

// equip tells a runner what is known about its backend.
func (a *app) equip(runner *run.Runner, be *backends.Backend) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	runner.Models = defaultModels(cfg)
	runner.Aliases = cfg.Backends[be.Name].Aliases
	runner.Price = be.PriceSoon(a.ctx)
	if !be.Can().Ephemeral { // the embedded emulator is new each time
		runner.Definitions = preflight.NewCache(cfg.CacheDir, be.Address, nil)
	}
	return nil
}
