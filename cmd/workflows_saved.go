package cmd

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A savedWorkflow is what `workflows list --from-server --json` prints of one.
type savedWorkflow struct {
	Name     string     `json:"name"` // what follows server:
	Bytes    int64      `json:"bytes"`
	Modified *time.Time `json:"modified"`
}

// listSaved prints the workflows that the editor saved on the backend, by name.
func listSaved(ctx context.Context, o *workflowsListOptions) error {
	a := o.app
	if o.ready || o.category != "" || o.family != "" {
		return usagef("leave the filters out", "--from-server lists files, which have no category, family or readiness")
	}
	be, err := a.openBackend(ctx, o.backend, serverPatience)
	if err != nil {
		return err
	}
	defer be.Close()
	list, err := be.SavedWorkflows(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(x, y comfy.SavedWorkflow) int { return cmp.Compare(x.Name, y.Name) })
	saved := []savedWorkflow{}
	for _, w := range list {
		s := savedWorkflow{Name: strings.TrimSuffix(w.Name, ".json"), Bytes: w.Bytes}
		if !w.Modified.IsZero() {
			at := w.Modified.UTC().Truncate(time.Second)
			s.Modified = &at
		}
		saved = append(saved, s)
	}
	if a.global.json {
		return a.printJSON(saved)
	}
	if len(saved) == 0 {
		a.note("note: no workflow is saved on %s", be.Name)
		return nil
	}
	t := term.NewTable(a.streams, "NAME", "CHANGED", "SIZE")
	for _, s := range saved {
		changed := ""
		if s.Modified != nil {
			changed = s.Modified.Local().Format(time.DateTime)
		}
		t.Row(term.Escape(s.Name), changed, term.Bytes(s.Bytes))
	}
	return t.Flush()
}
