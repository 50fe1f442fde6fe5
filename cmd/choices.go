package cmd

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// inventory is what a backend has to choose from.
func (a *app) inventory(be *backends.Backend) (*inventory.Inventory, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	inv := &inventory.Inventory{Server: be}
	if !be.Can().Ephemeral { // the embedded emulator is new each time
		inv.Memory = preflight.NewCache(cfg.CacheDir, be.Address, nil)
	}
	return inv, nil
}

// openInventory opens a backend and what is known of what it has. The caller closes
// the backend.
func (a *app) openInventory(ctx context.Context, spec string, wait time.Duration) (*backends.Backend, *inventory.Inventory, error) {
	be, err := a.openBackend(ctx, spec, wait)
	if err != nil {
		return nil, nil, err
	}
	inv, err := a.inventory(be)
	if err != nil {
		be.Close()
		return nil, nil, err
	}
	return be, inv, nil
}

// askAnew is a memory that is written and never read: each class is asked of the server.
type askAnew struct{ inventory.Memory }

func (f askAnew) Kept(class string) (*comfy.ClassInfo, bool) { return nil, false }

func (f askAnew) Keep(class string, info *comfy.ClassInfo, version string) {
	if f.Memory != nil {
		f.Memory.Keep(class, info, version)
	}
}

// completionTime is what a shell's question may cost beside the start: a
// server that is slower than this completes nothing.
const completionTime = 70 * time.Millisecond

// completeChoices completes a parameter with what the chosen backend has.
func (a *app) completeChoices(wf *registry.Workflow, p *registry.Parameter) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		ctx, stop := context.WithTimeout(c.Context(), completionTime)
		defer stop()
		names, _ := a.choices(ctx, backendOf(c), wf, p)                          // who types has no use for the error
		if at := strings.LastIndex(word, ","); p.List && p.Splits() && at >= 0 { // one more of a list
			for i := range names {
				names[i] = word[:at+1] + names[i]
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// backendOf is --backend of a command, "" when it was not given.
func backendOf(c *cobra.Command) string {
	if f := c.Flag("backend"); f != nil {
		return f.Value.String()
	}
	return ""
}

// choices asks a backend what it offers for a parameter, or what is kept of it.
func (a *app) choices(ctx context.Context, spec string, wf *registry.Workflow, p *registry.Parameter) ([]string, error) {
	if _, ok := inventory.InputOf(wf, p); !ok {
		return nil, nil
	}
	be, inv, err := a.openInventory(ctx, spec, 0)
	if err != nil {
		return nil, err
	}
	defer be.Close()
	return inv.Choices(ctx, wf, p)
}

// An offer is what a backend has for the parameters of a workflow.
type offer struct {
	backend string
	choices map[string][]string // by parameter; absent when not known
}

// offerOf asks a backend for all choices of a workflow.
func (a *app) offerOf(ctx context.Context, spec string, wf *registry.Workflow) (*offer, error) {
	be, inv, err := a.openInventory(ctx, spec, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer be.Close()
	return collectOffer(ctx, inv, be.Name, wf)
}

// keptOffer is what is known of the chosen backend without asking anybody.
func (a *app) keptOffer(ctx context.Context, spec string, wf *registry.Workflow) *offer {
	name, kept := a.kept(spec)
	if kept == nil {
		return &offer{}
	}
	o, err := collectOffer(ctx, &inventory.Inventory{Memory: kept}, name, wf)
	if err != nil {
		return &offer{}
	}
	return o
}

// kept are the definitions that are kept of the chosen backend, nil without one
// and for the embedded emulator, which is new each time. Nobody is asked.
func (a *app) kept(spec string) (backend string, c *preflight.Cache) {
	cfg, err := a.config()
	if err != nil || spec == "" && cfg.Backend == "" {
		return "", nil
	}
	if a.openerFor(cfg).Asks(cmp.Or(spec, cfg.Backend)) {
		return "", nil
	}
	be, err := a.openerFor(cfg).Dial(cmp.Or(spec, cfg.Backend), spec != "", 0)
	if err != nil {
		return "", nil
	}
	defer be.Close()
	if be.Can().Ephemeral {
		return be.Name, nil
	}
	return be.Name, preflight.NewCache(cfg.CacheDir, be.Address, nil)
}

func collectOffer(ctx context.Context, inv *inventory.Inventory, backend string, wf *registry.Workflow) (*offer, error) {
	params, err := wf.Parameters()
	if err != nil {
		return nil, err
	}
	o := &offer{backend, map[string][]string{}}
	for _, p := range params {
		names, err := inv.Choices(ctx, wf, p)
		if err != nil {
			return nil, err
		}
		if len(names) > 0 {
			o.choices[p.Name] = names
		}
	}
	return o, nil
}

// fewNames are listed whole in a line of help or a cell of a table.
const fewNames = 8

// excerpt lists names, or the first of many.
func excerpt(names []string) string {
	if len(names) <= fewNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, … (%d)", strings.Join(names[:fewNames/2], ", "), len(names))
}
