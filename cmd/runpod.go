package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/internal/backends"
)

func newRunPodCmd(a *app) *cobra.Command {
	return group("runpod", "The RunPod account behind RUNPOD_API_KEY: pods and endpoints, with prices",
		"  easel runpod pods list\n  easel runpod endpoints list",
		newRunPodPodsCmd(a), newRunPodEndpointsCmd(a))
}

// withAccount opens the account for one command.
func (a *app) withAccount(do func(*backends.Opener, *runpod.Account) error) error {
	opener, err := a.opener()
	if err != nil {
		return err
	}
	account, err := opener.OpenAccount()
	if err != nil {
		return err
	}
	defer account.Close()
	return do(opener, account)
}

// completePods offers the ids of the account's pods.
func (a *app) completePods(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
	defer cancel()
	var words []string
	_ = a.withAccount(func(_ *backends.Opener, account *runpod.Account) error {
		all, err := account.Pods(ctx)
		for _, p := range all {
			words = append(words, p.ID+"\t"+p.Name)
		}
		return err
	})
	return words, cobra.ShellCompDirectiveNoFileComp
}
