package cmd

import (
	"cmp"
	"context"
	"path/filepath"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/server"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/worker"
)

// openBackends opens the backends that jobs run on, all that are named. A process
// that runs none asks one only when it is named.
func (o *serveOptions) openBackends(ctx context.Context, cfg *config.Config) (open []*backends.Backend, closeAll func(), err error) {
	closeAll = func() {
		for _, be := range open {
			be.Close()
		}
	}
	if o.workers == 0 && o.backend == "" {
		return nil, closeAll, nil
	}
	opener, err := o.app.opener()
	if err != nil {
		return nil, closeAll, err
	}
	members, given, err := opener.Pool(o.backend)
	if err != nil {
		return nil, closeAll, err
	}
	if members == nil {
		be, err := opener.Open(ctx, o.backend, cfg.Reconnect)
		if err == nil {
			open = append(open, be)
		}
		return open, closeAll, err
	}
	var first error
	for _, spec := range members {
		be, err := opener.DialContext(ctx, spec, given, cfg.Reconnect)
		if err != nil { // a pod that is stopped, say, is no matter of the others
			o.app.note("warning: %s is left out: %s", spec, err)
			first = cmp.Or(first, err)
			continue
		}
		open = append(open, be)
	}
	if len(open) == 0 {
		return nil, closeAll, first
	}
	return open, closeAll, nil
}

// cache keeps the definitions of a backend, nil for one that is new each time.
func definitionsOf(be *backends.Backend, cache string) *preflight.Cache {
	if be.Can().Ephemeral {
		return nil
	}
	return preflight.NewCache(cache, be.Address, nil)
}

func (o *serveOptions) worker(places []*backends.Backend, dest *destination, in *server.Inputs, cfg *config.Config) *worker.Worker {
	w := worker.Options{
		Catalog: o.app.catalog, Store: dest.store, Out: dest.name, Inputs: in.Open, Contents: in.Content, Version: o.app.version(), Slots: o.workers, Log: o.app.logger(),
	}
	for _, be := range places {
		w.Places = append(w.Places, worker.Place{
			Name: be.Name, Address: be.Reopen, Backend: be, Definitions: definitionsOf(be, cfg.CacheDir), Aliases: cfg.Backends[be.Name].Aliases,
			Models: defaultModels(cfg), Price: be.PriceSoon(o.app.ctx), Paused: o.app.pausedAt(o.app.openerFor(cfg), be),
		})
	}
	return worker.New(w)
}

// asked are the backends that the API asks what they have.
func (o *serveOptions) asked(places []*backends.Backend, cfg *config.Config) []server.Backend {
	var all []server.Backend
	for _, be := range places {
		all = append(all, server.Backend{
			Name: be.Name, Server: be, Definitions: definitionsOf(be, cfg.CacheDir), Aliases: cfg.Backends[be.Name].Aliases, Models: defaultModels(cfg),
		})
	}
	return all
}

// A following registry is that of the app while it serves.
type following struct {
	*sources.Live
	own *sources.Source // where clients' workflows go
}

// follow makes the app's registry one that is read anew when its files change.
func (a *app) follow(cfg *config.Config) *following {
	user := sources.User(cfg.ConfigDir)
	live := &sources.Live{
		Load:    a.loadRegistry,
		Folders: []string{filepath.Join(cfg.ConfigDir, "workflows"), a.path("workflows")},
		Files:   []string{a.path("registry.yaml"), a.path("config/workflows.yaml")},
		Say: func(err error) {
			if err != nil {
				a.logger().Error("the registry was changed and cannot be read: the one of before stays", "error", err)
				return
			}
			a.logger().Info("the registry was read anew")
		},
	}
	for _, name := range a.global.registries {
		live.Folders = append(live.Folders, filepath.Dir(a.path(name)))
	}
	a.registry = live.Registry
	return &following{live, &user}
}
