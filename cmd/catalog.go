package cmd

import (
	"path/filepath"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// newCatalog makes what orders are resolved against: the registry and the
// presets of the settings, files in the working directory, and the wildcards
// there and in the user's folder.
func (a *app) newCatalog() *plan.Catalog {
	return &plan.Catalog{
		Registry: func() (*registry.Registry, error) { return a.registry() },
		Dir:      a.dir,
		Graph: func(name string) (*graphfile.File, error) {
			return (&graphReader{app: a, backend: a.wanted.backend, keptOnly: a.wanted.completion}).read(a.ctx, name)
		},
		Preset: func(name string) (plan.Order, error) {
			cfg, err := a.config()
			if err != nil {
				return plan.Order{}, err
			}
			preset, ok := cfg.Presets[name]
			if !ok {
				return plan.Order{}, unknownPreset(cfg, name)
			}
			return presetOrder(preset), nil
		},
		Wildcards: func() (plan.Wildcards, error) {
			cfg, err := a.config()
			if err != nil {
				return nil, err
			}
			return plan.Wildcards{a.path("wildcards"), filepath.Join(cfg.ConfigDir, "wildcards")}, nil
		},
	}
}

// presetOrder is a preset of the settings as an order.
func presetOrder(p config.Preset) plan.Order {
	o := plan.Order{Workflow: p.Workflow, Character: p.Character}
	for _, m := range p.Params {
		o.Values = append(o.Values, plan.Value{Name: m.Name, JSON: m.JSON, Origin: registry.FromPreset})
	}
	return o
}
