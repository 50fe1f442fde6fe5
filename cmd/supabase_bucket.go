package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

func newSupabaseBucketCmd(a *app) *cobra.Command {
	public := false
	c := &cobra.Command{
		Use:   "bucket NAME",
		Short: "Make a bucket",
		Long: `Make a bucket in the Supabase project that SUPABASE_URL and
SUPABASE_SERVICE_ROLE_KEY name. Everybody can read the objects of a public one by
their address; those of others need a signed address (--presign) or a policy.`,
		Example: `  easel supabase bucket art
  easel supabase bucket gallery --public`,
		Args: exactArgs("the name of the bucket"),
		RunE: func(c *cobra.Command, args []string) error { return runSupabaseBucket(c.Context(), a, args[0], public) },
	}
	c.Flags().BoolVar(&public, "public", false, "let everybody read what is in it")
	return c
}

func runSupabaseBucket(ctx context.Context, a *app, name string, public bool) error {
	opts := a.stores().Project()
	opts.Bucket = name
	err := supabase.CreateBucket(ctx, opts, public)
	if errors.Is(err, storage.ErrExist) {
		a.note("the bucket %s is there already and stays as it is", name)
		err = nil
	}
	if err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(struct {
			Bucket string `json:"bucket"`
			Public bool   `json:"public"`
			Out    string `json:"out"`
		}{name, public, "supabase://" + name})
	}
	_, err = fmt.Fprintln(a.streams.Out, "supabase://"+name)
	return err
}
