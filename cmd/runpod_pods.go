package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newRunPodPodsCmd(a *app) *cobra.Command {
	return group("pods", "List, start, stop and await pods",
		"  easel runpod pods list\n  easel runpod pods start studio\n  easel runpod pods stop studio",
		newPodsListCmd(a), newPodsStartCmd(a), newPodsStopCmd(a), newPodsWaitCmd(a))
}

// shownPod is a pod as --json prints it.
type shownPod struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Status  string  `json:"status"` // in lower case
	GPU     string  `json:"gpu"`
	Count   int     `json:"gpu_count"`
	Cost    float64 `json:"usd_per_hour"` // now: 0 when it is stopped
	Cloud   string  `json:"cloud"`
	Image   string  `json:"image"`
	Backend string  `json:"backend"` // what --backend takes
}

func showPod(p runpod.Pod) shownPod {
	return shownPod{
		ID: p.ID, Name: p.Name, Status: strings.ToLower(p.Status), GPU: p.GPU.ID, Count: p.GPU.Count,
		Cost: p.Cost, Cloud: strings.ToLower(p.Cloud), Image: p.Image, Backend: "pod://" + p.ID,
	}
}

func newPodsListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the account's pods with their price per hour",
		Example: "  easel runpod pods list\n  easel runpod pods list --jq '.[] | select(.status == \"running\") | .id'",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withAccount(func(_ *backends.Opener, account *runpod.Account) error {
				all, err := account.Pods(c.Context())
				if err != nil {
					return err
				}
				return a.printPods(all)
			})
		},
	}
}

func (a *app) printPods(all []runpod.Pod) error {
	shown := make([]shownPod, len(all))
	for i, p := range all {
		shown[i] = showPod(p)
	}
	if a.global.json {
		return a.printJSON(shown)
	}
	t := term.NewTable(a.streams, "ID", "NAME", "STATUS", "GPU", "USD/HOUR", "IMAGE")
	total := 0.0
	for i, p := range shown {
		gpu := p.GPU
		if p.Count > 1 {
			gpu = fmt.Sprintf("%d x %s", p.Count, gpu)
		}
		cost := "-"
		if all[i].Running() {
			cost = fmt.Sprintf("%.2f", p.Cost)
			total += p.Cost
		}
		t.Row(p.ID, p.Name, p.Status, gpu, cost, p.Image)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	switch {
	case len(all) == 0:
		a.note("the account has no pods")
	case total > 0:
		a.note("running pods cost %.2f USD per hour together; stopped ones cost what their disks do", total)
	}
	return nil
}

// podCommand is one that acts on a pod.
func podCommand(a *app, use, short, long, example string, run func(context.Context, *backends.Opener, *runpod.Account, *runpod.Pod) (*runpod.Pod, error)) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID_OR_NAME", Short: short, Long: long, Example: example,
		Args:              exactArgs("a pod"),
		ValidArgsFunction: a.completePods,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withAccount(func(o *backends.Opener, account *runpod.Account) error {
				p, err := account.FindPod(c.Context(), strings.TrimPrefix(args[0], "pod://"))
				if err != nil {
					return err
				}
				after, err := run(c.Context(), o, account, p)
				if err != nil {
					return err
				}
				if a.global.json {
					return a.printJSON(showPod(*after))
				}
				return nil
			})
		},
	}
}

func newPodsStartCmd(a *app) *cobra.Command {
	wait := false
	c := podCommand(a, "start", "Start a stopped pod",
		"Start a stopped pod. It costs its price from then on, until easel runpod pods stop.\nWith --wait the command ends when the ComfyUI in it answers.",
		"  easel runpod pods start studio\n  easel runpod pods start studio --wait",
		func(ctx context.Context, o *backends.Opener, account *runpod.Account, p *runpod.Pod) (*runpod.Pod, error) {
			after := p
			if p.Running() {
				a.note("pod %s runs already", p.Name)
			} else {
				var err error
				if after, err = account.StartPod(ctx, p); err != nil {
					return nil, err
				}
				a.note("pod %s is starting: %s", after.Name, priceWords(after.Cost))
			}
			if !wait {
				return after, nil
			}
			return a.awaitPod(ctx, o, account, after)
		})
	c.Flags().BoolVar(&wait, "wait", false, "wait until the ComfyUI in it answers")
	return c
}

func newPodsStopCmd(a *app) *cobra.Command {
	return podCommand(a, "stop", "Stop a pod: its GPU is released, its volume stays",
		"Stop a pod. Its GPU is released and its volume is kept, which costs less; what is\noutside of the volume is lost. To start it again, its host must have a GPU free.",
		"  easel runpod pods stop studio",
		func(ctx context.Context, _ *backends.Opener, account *runpod.Account, p *runpod.Pod) (*runpod.Pod, error) {
			after := p
			if p.Running() {
				var err error
				if after, err = account.StopPod(ctx, p); err != nil {
					return nil, err
				}
			}
			pods, err := a.pods()
			if err != nil {
				return nil, err
			}
			left := pods.Left()
			i := slices.IndexFunc(left, func(l ledger.StartedPod) bool { return l.ID == p.ID })
			spent := ""
			if i >= 0 && p.Running() {
				spent = spentWords(left[i].Spent(time.Now()))
			}
			a.forgetPod(pods, p.ID)
			a.note("pod %s is stopped%s", p.Name, spent)
			return after, nil
		})
}

func newPodsWaitCmd(a *app) *cobra.Command {
	return podCommand(a, "wait", "Wait until the ComfyUI in a pod answers",
		"Wait until the ComfyUI in a pod answers, at most half an hour. That a pod is\n\"running\" says nothing about it.",
		"  easel runpod pods wait studio",
		func(ctx context.Context, o *backends.Opener, account *runpod.Account, p *runpod.Pod) (*runpod.Pod, error) {
			return a.awaitPod(ctx, o, account, p)
		})
}

func (a *app) awaitPod(ctx context.Context, o *backends.Opener, account *runpod.Account, p *runpod.Pod) (*runpod.Pod, error) {
	if !p.Running() {
		return nil, &backends.StoppedPodError{Pod: *p}
	}
	after, err := o.AwaitPod(ctx, account, p, "8188")
	if err == nil {
		a.note("the ComfyUI of pod %s answers: --backend pod://%s", after.Name, after.ID)
	}
	return after, err
}
