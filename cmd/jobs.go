package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// localServer is where serve listens unless it is told otherwise.
const localServer = "http://127.0.0.1:7860"

// serverUsage is the help of --server.
const serverUsage = "the easel serve at `URL`, whose key is in EASEL_SERVER_KEY"

// jobsOptions are those of all jobs commands.
type jobsOptions struct {
	app    *app
	server string
	filter served.Filter
}

func newJobsCmd(a *app) *cobra.Command {
	o := &jobsOptions{app: a}
	c := group("jobs", "Look at the jobs of an easel serve, and change them",
		"  easel jobs list --server https://team.example:7860\n  easel jobs watch JOB",
		newJobsListCmd(o), newJobsShowCmd(o), newJobsWatchCmd(o), newJobsCancelCmd(o), newJobsRetryCmd(o))
	c.Long = `Look at the jobs of an easel serve, here or elsewhere, and cancel or repeat them.
Without --server it is EASEL_SERVER, else the one of this machine. A key that
the server has made goes into EASEL_SERVER_KEY.`
	return c
}

func (o *jobsOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.server, "server", "", serverUsage+" (default EASEL_SERVER, else "+localServer+")")
}

// client opens the server.
func (o *jobsOptions) client() (*served.Client, error) {
	address := o.server
	if address == "" {
		address = o.app.getenv("EASEL_SERVER")
	}
	if address == "" {
		address = localServer
	}
	if err := checkServer(address); err != nil {
		return nil, err
	}
	opener, err := o.app.opener()
	if err != nil {
		return nil, err
	}
	return opener.ServeClient(backends.OfServer(address), true, 0)
}

// checkServer refuses what is no address of a server.
func checkServer(address string) error {
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return usagef("--server http://HOST:7860 is one", "--server %s is no address of a server", address)
	}
	return nil
}

// each makes a jobs command that does one thing to each of the jobs it names.
func (o *jobsOptions) each(word, short, long, example string, do func(context.Context, *served.Client, string) error) *cobra.Command {
	c := &cobra.Command{
		Use: word + " JOB...", Short: short, Long: long, Example: example, Args: someArgs("JOB"),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := o.client()
			if err != nil {
				return err
			}
			defer client.Close()
			return eachOf(c.Context(), args, func(id string) error { return do(c.Context(), client, id) },
				func(id string, err error) { o.app.note("%s: %s", id, problem.Of(err).Message) })
		},
	}
	o.addFlags(c.Flags())
	return c
}

func newJobsListCmd(o *jobsOptions) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List jobs, newest first",
		Example: "  easel jobs list\n  easel jobs list --status queued,running --limit 20",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := o.client()
			if err != nil {
				return err
			}
			defer client.Close()
			return o.list(c.Context(), client)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	o.addFlags(f)
	f.StringSliceVar(&o.filter.States, "status", nil, "only jobs in this `STATE`: queued, running, succeeded, failed, cancelled (several with commas)")
	f.StringVar(&o.filter.Workflow, "workflow", "", "only jobs of the workflow `ID`")
	f.StringVar(&o.filter.Batch, "batch", "", "only jobs of the batch `ID`")
	f.StringVar(&o.filter.Search, "search", "", "only jobs whose prompt has these `WORDS`")
	f.IntVar(&o.filter.Limit, "limit", 50, "at most `N` jobs; 0 = all")
	return c
}

func (o *jobsOptions) list(ctx context.Context, client *served.Client) error {
	jobs, err := client.Jobs(ctx, o.filter)
	if err != nil {
		return err
	}
	if o.app.global.json {
		if jobs == nil {
			jobs = []served.Job{}
		}
		return o.app.printJSON(jobs)
	}
	t := term.NewTable(o.app.streams, "JOB", "STATE", "WHEN", "WORKFLOW", "RESULT").Whole(0)
	for _, j := range jobs {
		t.Row(j.ID, j.State, when(o.app, j.Created), j.Workflow, jobResult(&j))
	}
	if len(jobs) == 0 {
		o.app.note("no jobs there")
	}
	return t.Flush()
}

// jobResult is what a job has come to, in a few words.
func jobResult(j *served.Job) string {
	switch {
	case j.Error != nil && j.State != "succeeded":
		return j.Error.Message
	case len(j.Outputs) == 1:
		return j.Outputs[0].Path
	case len(j.Outputs) > 1:
		return fmt.Sprintf("%s (+%d)", j.Outputs[0].Path, len(j.Outputs)-1)
	case j.Progress != nil && j.State == "running":
		return fmt.Sprintf("%.0f %%", 100*j.Progress.Fraction)
	}
	return ""
}

func newJobsShowCmd(o *jobsOptions) *cobra.Command {
	return o.each("show", "Show jobs", "", "  easel jobs show JOB --json", func(ctx context.Context, client *served.Client, id string) error {
		j, err := client.Job(ctx, id)
		if err != nil {
			return err
		}
		return o.show(j)
	})
}

// show prints a job.
func (o *jobsOptions) show(j *served.Job) error {
	if o.app.global.json {
		return o.app.printJSON(j)
	}
	w := o.app.streams.Out
	fmt.Fprintf(w, "job       %s\nstate     %s\nworkflow  %s\ncreated   %s\n", j.ID, j.State, j.Workflow, when(o.app, j.Created))
	if j.Finished != nil {
		fmt.Fprintf(w, "finished  %s\n", when(o.app, *j.Finished))
	}
	if j.Seed != nil {
		fmt.Fprintf(w, "seed      %s\n", *j.Seed)
	}
	if j.Error != nil && j.State != "succeeded" {
		fmt.Fprintf(w, "error     %s\n", j.Error.Message)
	}
	for _, out := range j.Outputs {
		fmt.Fprintf(w, "output    %s\n", out.Path)
	}
	return nil
}

func newJobsCancelCmd(o *jobsOptions) *cobra.Command {
	return o.each("cancel", "Cancel jobs that wait or run", "", "  easel jobs cancel JOB",
		func(ctx context.Context, client *served.Client, id string) error {
			return o.changed(client.CancelJob(ctx, id))
		})
}

func newJobsRetryCmd(o *jobsOptions) *cobra.Command {
	return o.each("retry", "Queue failed or cancelled jobs again", "", "  easel jobs retry JOB",
		func(ctx context.Context, client *served.Client, id string) error {
			return o.changed(client.RetryJob(ctx, id))
		})
}

// changed prints a job that was changed, as one line.
func (o *jobsOptions) changed(j *served.Job, err error) error {
	if err != nil {
		return err
	}
	if o.app.global.json {
		return o.app.printJSON(j)
	}
	_, err = fmt.Fprintln(o.app.streams.Out, j.ID, j.State)
	return err
}

func newJobsWatchCmd(o *jobsOptions) *cobra.Command {
	return o.each("watch", "Watch jobs until they end",
		`Watch jobs until they end, one after the other, and show what they have made.
A job that failed is this command's failure, with the exit code that a run of
this machine has. Ctrl-C leaves, and the job goes on.`,
		"  easel jobs watch JOB\n  easel jobs watch JOB --json", o.watch)
}

// watchAgain is how long is waited before a stream that broke is opened again, and
// watchAway how long for a server that was there and is away: it may be started anew.
const (
	watchAgain = time.Second
	watchAway  = 30 * time.Second
)

func (o *jobsOptions) watch(ctx context.Context, client *served.Client, id string) error {
	told := ""
	var seen, away time.Time
	for {
		j, err := client.Job(ctx, id)
		_, gone := errors.AsType[*comfy.UnreachableError](err)
		switch {
		case gone && !seen.IsZero() && time.Since(seen) < watchAway:
			if away.Before(seen) {
				away = time.Now()
				o.app.note("%s: lost the connection, waiting up to %s for it", id, watchAway)
			}
		case err != nil:
			return err
		case j.Over():
			return o.ended(j)
		default:
			over := false
			_ = client.Events(ctx, id, func(e served.Event) bool { // whoever is not told asks
				if line := progressLine(e); line != "" && line != told {
					told = line
					o.app.note("%s: %s", id, line)
				}
				over = e.Over()
				return !over
			})
			seen = time.Now()
			if over {
				continue
			}
		}
		select {
		case <-time.After(watchAgain):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ended prints a job that is over; one that failed is an error.
func (o *jobsOptions) ended(j *served.Job) error {
	switch {
	case j.State == "failed" && j.Error != nil:
		return j.Error
	case j.State == "cancelled":
		return &invalidError{"job " + j.ID + " was cancelled", "easel jobs retry " + j.ID + " queues it again"}
	}
	return o.show(j)
}

// progressLine is an event in words, "" when it says nothing new to people.
func progressLine(e served.Event) string {
	var v struct {
		Data struct {
			served.Progress
			State string `json:"state"`
		} `json:"data"`
	}
	if json.Unmarshal(e.Data, &v) != nil {
		return ""
	}
	switch e.Type {
	case "state":
		return v.Data.State
	case "progress":
		return fmt.Sprintf("%.0f %%", 10*float64(int(10*v.Data.Fraction)))
	}
	return ""
}
