package cmd

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// historyPruneOptions say which runs are forgotten.
type historyPruneOptions struct {
	app   *app
	older string
	keep  int
}

func newHistoryPruneCmd(a *app) *cobra.Command {
	o := &historyPruneOptions{app: a}
	c := &cobra.Command{
		Use:   "prune",
		Short: "Forget old runs; their files stay",
		Long: `Forget runs that ended more than --older ago, apart from the newest --keep. Files
and the records beside them stay where they are; a run that has not ended is kept
until easel resume has dealt with it.`,
		Example: "  easel history prune\n  easel history prune --older 7d --keep 100\n  easel history prune --older 0 --keep 0",
		Args:    exactArgs(),
		RunE:    func(*cobra.Command, []string) error { return runHistoryPrune(o) },
	}
	c.Flags().StringVar(&o.older, "older", "30d", "only runs that ended `AGE` ago: 36h, 30d, 8w; 0 = any")
	c.Flags().IntVar(&o.keep, "keep", 0, "keep the newest `N` runs, whatever their age")
	return c
}

func runHistoryPrune(o *historyPruneOptions) error {
	age, err := parseAge(o.older)
	if err != nil {
		return usagef("write 36h, 30d or 8w", "--older: %s", err)
	}
	if o.keep < 0 {
		return usagef("--keep 0 keeps none for its being new", "--keep must not be negative")
	}
	h, err := o.app.history()
	if err != nil {
		return err
	}
	n, err := h.Prune(time.Now().Add(-age), o.keep)
	if err != nil {
		return err
	}
	if o.app.global.json {
		return o.app.printJSON(struct {
			Removed int `json:"removed"`
		}{n})
	}
	o.app.note("%d %s forgotten", n, plural(n, "run"))
	return nil
}

// parseAge reads a duration, with days and weeks besides the units of Go.
func parseAge(text string) (time.Duration, error) {
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, ok := strings.CutSuffix(text, suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || n < 0 || n*float64(unit) > math.MaxInt64 || math.IsNaN(n) {
			return 0, fmt.Errorf("%q is not an age", text)
		}
		return time.Duration(n * float64(unit)), nil
	}
	if text == "0" {
		return 0, nil
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf("%q is not an age", text)
	}
	return age, nil
}
