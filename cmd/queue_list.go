package cmd

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A queuedRun is one entry of `queue list --json`.
type queuedRun struct {
	Position *int        `json:"position"` // runs before it; null when it does not wait, or that is not told
	State    comfy.Phase `json:"state"`
	PromptID string      `json:"prompt_id"` // as the backend calls it
	Ours     bool        `json:"ours"`      // a run of this machine
	Run      *string     `json:"run"`       // easel's id, also of a run that another machine submitted
	Workflow *string     `json:"workflow"`
	Batch    *string     `json:"batch"`
	Item     *string     `json:"item"`
	Created  *time.Time  `json:"created_at"` // by the backend's clock
}

func newQueueListCmd(a *app) *cobra.Command {
	o := &queueOptions{app: a}
	c := &cobra.Command{
		Use:   "list",
		Short: "List what a backend executes and what waits there, and which of it is ours",
		Long: `List what a backend executes and what waits there, in its order. A run is ours
when the history or a batch of this machine has it. Serverless endpoints and
services of the Comfy API show nobody's queue: of them, our runs are asked for
one by one. With --server it is the queue of an easel serve, and RUN is a job.`,
		Example: `  easel queue list
  easel queue list --server https://team.example:7860
  easel queue list --backend studio --jq '.[] | select(.ours) | .run'`,
		Args: exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error { return runQueueList(c.Context(), o) },
	}
	o.addFlags(c)
	return c
}

func runQueueList(ctx context.Context, o *queueOptions) error {
	if o.server != "" {
		return o.onServer(func(c *served.Client) error { return o.listJobs(ctx, c) })
	}
	opener, err := o.app.opener()
	if err != nil {
		return err
	}
	be, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer be.Close()
	ours, err := o.ours()
	if err != nil {
		return err
	}
	var rows []queuedRun
	entries, err := be.Queue(ctx)
	switch {
	case err == nil:
		rows = queueOf(entries, ours)
	case isUnsupported(err):
		rows, err = o.askEach(ctx, opener, be, ours)
	}
	if err != nil {
		return err
	}
	o.notePause(opener, be)
	return o.show(rows, be.Name)
}

// show prints a queue.
func (o *queueOptions) show(rows []queuedRun, where string) error {
	if o.app.global.json {
		return o.app.printJSON(rows)
	}
	t := term.NewTable(o.app.streams, "POSITION", "STATE", "RUN", "OURS", "WORKFLOW", "BATCH", "ID").Whole(2, 6)
	for _, r := range rows {
		position, mine, batch := "", "", ""
		if r.Position != nil {
			position = strconv.Itoa(*r.Position)
		}
		if r.Ours {
			mine = "yes"
		}
		if r.Batch != nil {
			batch = *r.Batch
		}
		if r.Item != nil {
			batch += "/" + *r.Item
		}
		t.Row(position, string(r.State), shownText(r.Run), mine, shownText(r.Workflow), batch, r.PromptID)
	}
	if len(rows) == 0 {
		o.app.note("nothing executes or waits on %s", where)
	}
	return t.Flush()
}

func shownText(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// queueOf is a queue that shows itself.
func queueOf(entries []comfy.QueueEntry, ours []*ourRun) []queuedRun {
	mine := map[string]*ourRun{}
	for _, r := range ours {
		mine[r.promptID] = r
	}
	rows := make([]queuedRun, 0, len(entries))
	for i, e := range entries {
		row := queuedRun{State: comfy.PhaseQueued, PromptID: e.ID}
		if e.Running {
			row.State = comfy.PhaseRunning
		} else {
			row.Position = &i
		}
		if e.Created > 0 {
			at := time.UnixMilli(e.Created).UTC()
			row.Created = &at
		}
		if r := mine[e.ID]; r != nil {
			row.of(r)
		} else {
			row.Run, row.Workflow = madeBy(e.Graph)
		}
		rows = append(rows, row)
	}
	return rows
}

func (q *queuedRun) of(r *ourRun) {
	q.Ours, q.Run, q.Workflow, q.Batch, q.Item = true, text(r.id), text(r.workflow), text(r.batch), text(r.item)
}

// madeBy reads of a graph which run of which easel it is: each saves into a folder of
// its own, easel/RUN/WORKFLOW.
func madeBy(graph json.RawMessage) (run, workflow *string) {
	g, err := comfy.ParseGraph(graph)
	if err != nil {
		return nil, nil
	}
	for _, id := range g.IDs() {
		prefix, _ := g.Node(id).Inputs.Text("filename_prefix")
		if parts := strings.Split(prefix, "/"); len(parts) == 3 && parts[0] == "easel" {
			return text(parts[1]), text(parts[2])
		}
	}
	return nil, nil
}

// askEach asks for our runs on a place that shows no queue.
func (o *queueOptions) askEach(ctx context.Context, opener *backends.Opener, be *backends.Backend, ours []*ourRun) ([]queuedRun, error) {
	rows := []queuedRun{}
	for _, r := range ours {
		if !r.isAt(opener, be) || r.handle == "" {
			continue
		}
		st, err := be.State(ctx, r.handle)
		if err != nil {
			return nil, err
		}
		row := queuedRun{State: st.Phase, PromptID: string(r.handle)}
		if st.Phase == comfy.PhaseQueued && st.Position >= 0 {
			row.Position = &st.Position
		}
		if !st.Queued.IsZero() {
			at := st.Queued.UTC()
			row.Created = &at
		}
		row.of(r)
		rows = append(rows, row)
	}
	if info, err := be.Describe(ctx); err == nil && info.Workers != nil {
		o.app.note("the endpoint executes %d and %d wait, of everybody", info.QueueRunning, info.QueuePending)
	}
	return rows, nil
}

// notePause says that this machine leaves the backend alone.
func (o *queueOptions) notePause(opener *backends.Opener, be *backends.Backend) {
	pauses, err := o.app.pauses()
	if err != nil || be.Reopen == "" {
		return
	}
	if p, paused := pauses.Of(opener.Place(be.Reopen)); paused {
		o.app.note("batches and servers of this machine send nothing to %s since %s: easel queue resume", be.Name, p.Since.Local().Format(time.DateTime))
	}
}
