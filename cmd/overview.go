package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// An overview is what a bare `easel` says.
type overview struct {
	Version   string    `json:"version"`
	Backend   *string   `json:"backend"` // null: none
	Workflows int       `json:"workflows"`
	Runs      []pastRun `json:"runs"`
	Left      []string  `json:"left"` // runs that could not be collected when it was tried
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
	o := overview{Version: a.version(), Workflows: len(reg.Workflows()), Runs: []pastRun{}, Left: []string{}}
	backend := cfg.Backend
	if backend == "" {
		backend = backends.FindLocal(ctx)
	}
	o.Backend = text(config.WithoutUser(backend))
	h, err := a.history()
	if err != nil {
		return err
	}
	for rec, err := range h.List() {
		if len(o.Runs) == 3 {
			break
		}
		if err != nil {
			continue // easel doctor and history list speak of it
		}
		o.Runs = append(o.Runs, a.pastRunOf(rec))
	}
	o.Next = `easel generate flux_single "a lighthouse at dusk"`
	if o.Backend == nil {
		o.Next += " --backend emulator"
	}
	if pending, err := h.Pending(); err == nil {
		o.consider(pending)
	}
	if a.global.json {
		return a.printJSON(o)
	}
	return o.print(a)
}

// consider advises resume for runs that no resume has tried yet. What
// could not be collected once is named, and no advice: its backend may be gone
// for good.
func (o *overview) consider(pending []ledger.Record) {
	for _, rec := range pending {
		switch {
		case rec.Alive():
		case len(rec.Result) > 0:
			o.Left = append(o.Left, rec.ID)
		default:
			o.Next = "easel resume"
		}
	}
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
	name := "last runs"
	for _, p := range o.Runs {
		words := fmt.Sprintf("%s  %s, %s", p.ID, p.Workflow, term.Ago(p.Created, time.Now()))
		if p.State != ledger.Done {
			words += ", " + p.result(st)
		}
		if prompt := p.prompt(); prompt != "" {
			words += ": " + shortened(prompt, 40)
		}
		t.Row(name, words)
		name = ""
	}
	name = "left behind"
	for _, id := range o.Left {
		t.Row(name, id+"  when its backend is back: easel resume "+id+"; --out DIR stores elsewhere, --discard gives it up")
		name = ""
	}
	t.Copied("next", st.Accent(o.Next))
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.streams.Out, "\n"+st.Faint("easel --help lists the commands"))
	return err
}
