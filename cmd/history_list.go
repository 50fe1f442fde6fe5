package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// historyListOptions say which runs are listed.
type historyListOptions struct {
	app      *app
	limit    int
	workflow string
	search   string
	pictures bool
}

func newHistoryListCmd(a *app) *cobra.Command {
	o := &historyListOptions{app: a}
	c := &cobra.Command{
		Use:   "list",
		Short: "List the runs of this machine, the newest first",
		Long: `List the runs of this machine, the newest first. --search finds words in what a
run was asked for and in the names of its files, in any order and case.`,
		Example: `  easel history list
  easel history list --search "lighthouse dusk"
  easel history list --workflow flux_single --limit 5
  easel history list --jq '.[] | .outputs[].path'`,
		Args: exactArgs(),
		RunE: func(*cobra.Command, []string) error { return runHistoryList(o) },
	}
	c.Flags().IntVar(&o.limit, "limit", 20, "at most `N` runs, 0 = all")
	c.Flags().StringVar(&o.workflow, "workflow", "", "only runs of a `WORKFLOW`")
	c.Flags().StringVar(&o.search, "search", "", "only runs with these `WORDS` in their parameters or files")
	c.Flags().BoolVar(&o.pictures, "thumbnails", false, "show the first picture of each run, where the terminal can")
	_ = c.RegisterFlagCompletionFunc("workflow", a.completeIDs)
	return c
}

func runHistoryList(o *historyListOptions) error {
	if o.limit < 0 {
		return usagef("--limit 0 lists all", "--limit must not be negative")
	}
	h, err := o.app.history()
	if err != nil {
		return err
	}
	records, runs := []ledger.Record{}, []pastRun{}
	for rec, err := range h.List() {
		if damaged, ok := errors.AsType[*ledger.CorruptError](err); ok {
			o.app.note("warning: %s", damaged)
			continue
		}
		if err != nil {
			return err
		}
		if o.workflow != "" && rec.Workflow != o.workflow {
			continue
		}
		p := o.app.pastRunOf(rec)
		if !p.mentions(o.search) {
			continue
		}
		records, runs = append(records, rec), append(runs, p)
		if o.limit > 0 && len(runs) == o.limit {
			break
		}
	}
	switch {
	case o.app.global.json:
		return o.app.printJSON(runs)
	case o.pictures:
		return o.app.printThumbnails(records)
	case o.app.streams.OutTTY:
		return o.app.printRunsForPeople(runs)
	}
	t := term.NewTable(o.app.streams)
	for _, p := range runs {
		t.Row(p.ID, p.Created.Format(time.RFC3339), p.Workflow, p.Backend, string(p.State), p.firstOutput(), p.seedText(), p.seconds(), p.prompt())
	}
	return t.Flush()
}

// when is "3 minutes ago" for people and RFC 3339 for programs.
func when(a *app, t time.Time) string {
	if a.streams.OutTTY {
		return term.Ago(t, time.Now())
	}
	return t.Format(time.RFC3339)
}

// printRunsForPeople leaves out what history show says, to have room for the
// prompt, by which people know a run.
func (a *app) printRunsForPeople(runs []pastRun) error {
	st := a.streams.OutStyle()
	t := term.NewTable(a.streams, "RUN", "WHEN", "WORKFLOW", "SEED", "RESULT", "PROMPT").Whole(0, 3)
	for _, p := range runs {
		t.Row(p.ID, term.Ago(p.Created, time.Now()), p.Workflow, p.seedText(), p.result(st), p.prompt())
	}
	return t.Flush()
}

// mentions reports whether each word of a search is in what the run was asked
// for or in the names of its files.
func (p pastRun) mentions(search string) bool {
	if search == "" {
		return true
	}
	words := []string{p.ID, p.Workflow, p.Backend, valueOr(p.Character, ""), p.seedText()}
	for _, m := range p.Parameters {
		words = append(words, jsonText(m.JSON))
	}
	for _, o := range p.Outputs {
		words = append(words, o.Path)
	}
	return hasWords(strings.Join(words, "\n"), search)
}

func (p pastRun) prompt() string {
	raw, _ := p.Parameters.Get("prompt")
	return strings.Join(strings.Fields(jsonText(raw)), " ")
}

// shortened is the beginning of a text that is longer than limit characters.
func shortened(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}

func (p pastRun) seedText() string {
	if p.Seed == nil {
		return ""
	}
	return p.Seed.String()
}

// seconds is how long the run took, "" before the end.
func (p pastRun) seconds() string {
	if p.Timing == nil || p.State != ledger.Done && p.State != partial {
		return ""
	}
	return strconv.FormatFloat(spent(*p.Timing).Seconds(), 'f', 1, 64)
}

// result is how long a run took, or how it stands or ended where that says more.
func (p pastRun) result(st term.Style) string {
	switch {
	case p.State == ledger.Done && p.Timing != nil:
		return term.Duration(spent(*p.Timing))
	case p.State == ledger.Failed, p.State == ledger.Lost:
		return st.Bad(string(p.State))
	}
	return st.Warn(string(p.State))
}

func (p pastRun) firstOutput() string {
	if len(p.Outputs) == 0 {
		return ""
	}
	if more := len(p.Outputs) - 1; more > 0 {
		return fmt.Sprintf("%s (+%d)", p.Outputs[0].Path, more)
	}
	return p.Outputs[0].Path
}
