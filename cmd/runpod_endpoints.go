package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newRunPodEndpointsCmd(a *app) *cobra.Command {
	return group("endpoints", "List and show serverless endpoints",
		"  easel runpod endpoints list\n  easel runpod endpoints show abc123",
		newEndpointsListCmd(a), newEndpointsShowCmd(a))
}

// shownEndpoint is a serverless endpoint as --json prints it.
type shownEndpoint struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Type    string   `json:"type"` // queue, or load_balancer, which takes no jobs
	Image   string   `json:"image"`
	Worker  string   `json:"worker"` // version of worker-comfyui, "" when it is another image
	Pools   []string `json:"gpu_pools"`
	Min     int      `json:"workers_min"`
	Max     int      `json:"workers_max"`
	Cost    float64  `json:"usd_per_hour"` // of one worker while it runs, 0 = not known
	Timeout int64    `json:"timeout_ms"`
	Backend string   `json:"backend"` // what --backend takes
}

func showEndpoint(s runpod.Serverless, gpus []runpod.GPU) shownEndpoint {
	return shownEndpoint{
		ID: s.ID, Name: s.Name, Type: strings.ToLower(s.Type), Image: s.Image, Worker: s.Worker(), Pools: append([]string{}, s.GPU.Pools...),
		Min: s.Workers.Min, Max: s.Workers.Max, Cost: runpod.PriceOf(&s, gpus), Timeout: s.TimeoutMS, Backend: "runpod://" + s.ID,
	}
}

// endpoints lists the account's endpoints with their prices, which a key may not be
// allowed to see.
func endpoints(ctx context.Context, account *runpod.Account) ([]shownEndpoint, error) {
	all, err := account.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	var gpus []runpod.GPU
	if len(all) > 0 {
		gpus, _ = account.GPUs(ctx) // without them the price is not known
	}
	shown := make([]shownEndpoint, len(all))
	for i, s := range all {
		shown[i] = showEndpoint(s, gpus)
	}
	return shown, nil
}

func newEndpointsListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the account's serverless endpoints with the price of a worker",
		Example: "  easel runpod endpoints list\n  easel runpod endpoints list --jq '.[].backend'",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withAccount(func(_ *backends.Opener, account *runpod.Account) error {
				all, err := endpoints(c.Context(), account)
				if err != nil {
					return err
				}
				if a.global.json {
					return a.printJSON(all)
				}
				t := term.NewTable(a.streams, "ID", "NAME", "WORKERS", "USD/HOUR", "IMAGE")
				for _, e := range all {
					t.Row(e.ID, e.Name, fmt.Sprintf("%d to %d", e.Min, e.Max), usd(e.Cost), e.Image)
				}
				if len(all) == 0 {
					a.note("the account has no serverless endpoints")
				}
				return t.Flush()
			})
		},
	}
}

func usd(perHour float64) string {
	if perHour <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", perHour)
}

func newEndpointsShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Show a serverless endpoint: image, workers, price, limits",
		Example: "  easel runpod endpoints show abc123",
		Args:    exactArgs("an endpoint"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withAccount(func(_ *backends.Opener, account *runpod.Account) error {
				all, err := endpoints(c.Context(), account)
				if err != nil {
					return err
				}
				word := strings.TrimPrefix(args[0], "runpod://")
				var names []string
				for _, e := range all {
					if e.ID == word || e.Name == word {
						return a.printEndpoint(e)
					}
					names = append(names, e.ID, e.Name)
				}
				return &runpod.UnknownEndpointError{ID: word, Nearest: nearest.To(word, names, 3)}
			})
		},
	}
}

func (a *app) printEndpoint(e shownEndpoint) error {
	if a.global.json {
		return a.printJSON(e)
	}
	t := term.NewPairs(a.streams)
	t.Row("endpoint", e.ID)
	t.Row("name", e.Name)
	t.Row("type", e.Type)
	t.Row("image", e.Image)
	if e.Worker != "" {
		t.Row("worker-comfyui", e.Worker)
	}
	t.Row("gpu", strings.Join(e.Pools, ", "))
	t.Row("workers", fmt.Sprintf("%d to %d", e.Min, e.Max))
	t.Row("price", usd(e.Cost)+" USD per hour and worker, at most, while it runs")
	if e.Timeout > 0 {
		t.Row("time limit of a run", fmt.Sprintf("%d s", e.Timeout/1000))
	}
	t.Row("use", "--backend "+e.Backend)
	if e.Max == 0 {
		a.note("warning: it may have no workers, so that a run waits until its time to live is over: raise the maximum in RunPod's console")
	}
	if e.Type == "load_balancer" {
		a.note("warning: it is a load balancer and takes no jobs: easel needs a queue endpoint with worker-comfyui")
	}
	return t.Flush()
}
