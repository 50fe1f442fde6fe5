package cmd

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newSpoolStatusCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show what waits, for which place, since when and why",
		Long: `Show the outputs that wait on this machine because the place they go to was away,
full, or refused them. They are delivered by themselves when easel stores there
again, and by easel spool drain.`,
		Example: "  easel spool status\n  easel spool status --jq '.[].outputs[].file'",
		Args:    exactArgs(),
		RunE:    func(*cobra.Command, []string) error { return runSpoolStatus(a) },
	}
}

func runSpoolStatus(a *app) error {
	dir, err := a.spoolFolder()
	if err != nil {
		return err
	}
	all, err := spool.List(dir)
	if err != nil {
		a.note("warning: what waits cannot all be read: %s", err)
	}
	if a.global.json {
		places := []waitingPlace{}
		for _, s := range all {
			places = append(places, waitingPlaceOf(s))
		}
		return a.printJSON(places)
	}
	if len(all) == 0 {
		a.note("nothing waits")
		return nil
	}
	t := term.NewTable(a.streams, "PLACE", "FILES", "SIZE", "SINCE", "REASON")
	for _, s := range all {
		first := s.Outputs[0]
		t.Row(s.Place.Address, strconv.Itoa(len(s.Outputs)), term.Bytes(s.Bytes), first.Since.Local().Format(time.DateTime), first.Reason)
	}
	return t.Flush()
}
