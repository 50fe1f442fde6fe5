package cmd

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// outputsListOptions say what is listed.
type outputsListOptions struct {
	app     *app
	match   string
	all     bool
	presign time.Duration
}

// A storedOutput is an object as lists show it.
type storedOutput struct {
	Name     string    `json:"name"` // below the folder or prefix
	Path     string    `json:"path"`
	URL      *string   `json:"url"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

func newOutputsListCmd(a *app) *cobra.Command {
	o := &outputsListOptions{app: a}
	c := &cobra.Command{
		Use:   "list [DIR|URL]",
		Short: "List what is stored in a folder or a bucket",
		Long: `List what is stored in a folder or a bucket, where outputs go by the settings when
none is named. Records and what easel keeps of batches are left out without --all.`,
		Example: `  easel outputs list
  easel outputs list s3://art/today --match '*.png'
  easel outputs list s3://art/today --presign 24h --jq '.[].url'`,
		Args: atMostOne("a folder or an address"),
		RunE: func(c *cobra.Command, args []string) error { return runOutputsList(c.Context(), o, args) },
	}
	c.Flags().StringVar(&o.match, "match", "", "only names that `PATTERN` fits, such as '*.png'")
	c.Flags().BoolVar(&o.all, "all", false, "list records and what easel keeps of batches too")
	c.Flags().DurationVar(&o.presign, "presign", 0, "with addresses that serve each to everybody for `DURATION`, such as 24h")
	return c
}

func runOutputsList(ctx context.Context, o *outputsListOptions, args []string) error {
	if err := checkPattern(o.match); err != nil {
		return err
	}
	cfg, err := o.app.config()
	if err != nil {
		return err
	}
	var word string
	if len(args) == 1 {
		word = cfg.ExpandHome(args[0])
		err = o.app.checkThere(word)
	} else {
		word, err = usualOut(cfg)
	}
	if err != nil {
		return err
	}
	from, err := o.app.openShelf(ctx, word)
	if err != nil {
		return err
	}
	defer from.store.Close()
	list := []storedOutput{}
	for info, err := range from.objects(ctx) {
		if err != nil {
			return err
		}
		if !matches(o.match, info.Name) || !o.all && isKept(info.Name) {
			continue
		}
		out, err := o.stored(ctx, from.store, info)
		if err != nil {
			return err
		}
		list = append(list, out)
	}
	if o.app.global.json {
		return o.app.printJSON(list)
	}
	return o.print(list)
}

func (o *outputsListOptions) stored(ctx context.Context, st storage.Store, info storage.Info) (storedOutput, error) {
	out := storedOutput{Name: info.Name, Path: st.Location(info.Name), URL: text(info.URL), Bytes: info.Size, Modified: info.Modified}
	if o.presign == 0 {
		return out, nil
	}
	signed, err := st.URL(ctx, info.Name, o.presign)
	out.URL = &signed
	return out, err
}

// print shows a table to people; programs get the path, or the signed address,
// size and time.
func (o *outputsListOptions) print(list []storedOutput) error {
	t := term.NewTable(o.app.streams, "SIZE", "CHANGED", "PATH").Whole(2)
	if !o.app.streams.OutTTY {
		t = term.NewTable(o.app.streams)
	}
	for _, out := range list {
		where := out.Path
		if o.presign > 0 {
			where = *out.URL
		}
		if o.app.streams.OutTTY {
			t.Row(term.Bytes(out.Bytes), term.Ago(out.Modified, time.Now()), term.Escape(where))
		} else {
			t.Row(where, strconv.FormatInt(out.Bytes, 10), out.Modified.UTC().Format(time.RFC3339))
		}
	}
	return t.Flush()
}
