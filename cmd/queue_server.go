package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// addServer lets the command be about the queue of an easel serve.
func (o *queueOptions) addServer(c *cobra.Command) {
	c.Flags().StringVar(&o.server, "server", "", "the queue of "+serverUsage)
}

// onServer does something with the server that --server names.
func (o *queueOptions) onServer(do func(*served.Client) error) error {
	if o.backend != "" || o.out != "" {
		return usagef("leave --server out, or the others", "--server is about the jobs of a server, --backend and --out about runs of this machine")
	}
	client, err := (&jobsOptions{app: o.app, server: o.server}).client()
	if err != nil {
		return err
	}
	defer client.Close()
	return do(client)
}

// waitingJobs are the jobs that have not ended, in the order in which they run as far as
// one key decides it: keys take turns.
func waitingJobs(ctx context.Context, client *served.Client) ([]served.Job, error) {
	jobs, err := client.Jobs(ctx, served.Filter{States: []string{"queued", "running"}})
	slices.SortStableFunc(jobs, func(a, b served.Job) int {
		return cmp.Or(-strings.Compare(a.State, b.State), b.Priority-a.Priority, cmp.Compare(a.Position, b.Position))
	})
	return jobs, err
}

// jobNamed is the job that a word means: its id, or the beginning of it, or last.
func jobNamed(jobs []served.Job, word string) (*served.Job, error) {
	var fit []*served.Job
	for i := range jobs {
		if strings.HasPrefix(jobs[i].ID, word) {
			fit = append(fit, &jobs[i])
		}
	}
	if word == ledger.Last && len(jobs) > 0 {
		newest := slices.MaxFunc(jobs, func(a, b served.Job) int { return a.Created.Compare(b.Created) })
		fit = []*served.Job{&newest}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		return nil, &invalidError{fmt.Sprintf("%q fits %d jobs", word, len(fit)), "write more of the id"}
	}
	return nil, &invalidError{fmt.Sprintf("no job that waits or runs there is %q", word), "easel queue list --server shows them, easel jobs list also those that have ended"}
}

// listJobs lists what has not ended on a server.
func (o *queueOptions) listJobs(ctx context.Context, client *served.Client) error {
	jobs, err := waitingJobs(ctx, client)
	if err != nil {
		return err
	}
	queue, err := client.Queue(ctx)
	if err != nil {
		return err
	}
	ours, err := o.ours()
	if err != nil {
		return err
	}
	rows, waiting := []queuedRun{}, 0
	for _, j := range jobs {
		row := queuedRun{State: comfy.PhaseRunning, Run: text(j.ID), Workflow: text(j.Workflow), Batch: j.Batch, Created: &j.Created}
		if j.State == "queued" {
			row.State, row.Position = comfy.PhaseQueued, &[]int{waiting}[0]
			waiting++
		}
		row.Ours = slices.ContainsFunc(ours, func(r *ourRun) bool { return string(r.handle) == j.ID })
		rows = append(rows, row)
	}
	if queue.Paused {
		o.app.note("the queue of %s is paused: easel queue resume --server %s", client.Address(), client.Address())
	}
	return o.show(rows, client.Address())
}

// cancelJobs cancels jobs of a server.
func (o *queueOptions) cancelJobs(ctx context.Context, client *served.Client, words []string) error {
	all, err := waitingJobs(ctx, client)
	if err != nil {
		return err
	}
	var jobs []*served.Job
	for _, word := range words {
		j, err := jobNamed(all, word)
		if err != nil {
			return err // before anything is cancelled
		}
		jobs = append(jobs, j)
	}
	return eachOf(ctx, jobs, func(j *served.Job) error {
		if err := client.Cancel(ctx, comfy.Handle(j.ID)); err != nil {
			return err
		}
		o.app.note("job %s is cancelled", j.ID)
		return o.app.printEnded(j.ID, ledger.Cancelled)
	}, func(_ *served.Job, err error) { o.app.report(err) })
}

// moveJob gives a waiting job of a server another place.
func (o *queueMoveOptions) moveJob(ctx context.Context, client *served.Client, word string) error {
	all, err := waitingJobs(ctx, client)
	if err != nil {
		return err
	}
	j, err := jobNamed(all, word)
	if err != nil {
		return err
	}
	spot := comfy.Spot{Last: o.last}
	if o.before != "" {
		other, err := jobNamed(all, o.before)
		if err != nil {
			return err
		}
		spot.Before = other.ID
	}
	moved, err := client.MoveJob(ctx, j.ID, spot)
	if err != nil {
		return err
	}
	o.app.note("job %s has another place in the queue of %s", j.ID, client.Address())
	return o.app.printEnded(moved.ID, ledger.State(moved.State))
}

// pauseJobs holds back what waits on a server, or lets it go on.
func (o *queueOptions) pauseJobs(ctx context.Context, client *served.Client, pause bool) error {
	q, err := client.Pause(ctx, pause)
	if err != nil {
		return err
	}
	if q.Paused {
		o.app.note("%s begins none of the %d jobs that wait until easel queue resume --server %s", client.Address(), q.Counts["queued"], client.Address())
	} else {
		o.app.note("%s goes on with the %d jobs that wait", client.Address(), q.Counts["queued"])
	}
	if !o.app.global.json {
		return nil
	}
	return o.app.printJSON(map[string]any{"server": client.Address(), "paused": q.Paused})
}
