package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// An overview is what a bare `easel` says.
type overview struct {
	Version   string    `json:"version"`
	Backend   *string   `json:"backend"` // null: none
	Workflows int       `json:"workflows"`
	Runs      []pastRun `json:"runs"`
	Next      string    `json:"next"`
}

// runOverview says what easel found here and the next command to type. It
// asks the usual local ports for a ComfyUI, and no other network.
func runOverview(ctx context.Context, a *app) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	reg, err := a.registry()
	if err != nil {
		return err
	}
	o := overview{Version: a.version(), Workflows: len(reg.Workflows()), Runs: []pastRun{}}
	backend := cfg.Backend
	if backend == "" {
		backend = findLocal(ctx)
	}
	o.Backend = text(config.WithoutUser(backend))
	h, err := a.history()
	if err != nil {
		return err
	}
	for rec, err := range h.List() {
		if err != nil || len(o.Runs) == 3 {
			break
		}
		o.Runs = append(o.Runs, pastRunOf(rec))
	}
	o.Next = `easel generate flux_single "a lighthouse at dusk"`
	if o.Backend == nil {
		o.Next += " --backend emulator"
	}
	if pending, err := h.Pending(); err == nil && len(pending) > 0 {
		o.Next = "easel resume"
	}
	if a.global.json {
		return a.printJSON(o)
	}
	return o.print(a)
}

func (o overview) print(a *app) error {
	st := a.streams.OutStyle()
	t := term.NewPairs(a.streams)
	t.Row("easel", o.Version)
	backend := "none: no ComfyUI answers on this machine"
	if o.Backend != nil {
		backend = *o.Backend
	}
	t.Row("backend", term.Escape(backend))
	t.Row("workflows", fmt.Sprintf("%d (easel workflows list)", o.Workflows))
	for i, rec := range o.Runs {
		name := ""
		if i == 0 {
			name = "last runs"
		}
		t.Row(name, fmt.Sprintf("%s  %s, %s", rec.ID, rec.Workflow, term.Ago(rec.Created, time.Now())))
	}
	t.Row("next", st.Accent(o.Next))
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.streams.Out, "\n"+st.Faint("easel --help lists the commands"))
	return err
}
