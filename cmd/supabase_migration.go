package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

func newSupabaseMigrationCmd(a *app) *cobra.Command {
	read, table := string(supabase.Authenticated), ""
	c := &cobra.Command{
		Use:   "migration",
		Short: "Print the SQL that makes the table of outputs",
		Long: `Print the SQL that makes the table into which easel writes a row about each output
that it stores in a bucket: what it is, what made it, where it lies. Run it in the
SQL editor of the dashboard or with psql, and switch the rows on:

  easel config set supabase.rows rest        # by the project's REST interface
  easel config set supabase.rows postgres    # or by its database, SUPABASE_DB_URL

The service role writes; --read says who else reads: whoever is signed in
(authenticated), everybody (anon), or nobody (none). The rows hold prompts.`,
		Example: `  easel supabase migration | psql "$SUPABASE_DB_URL"
  easel supabase migration --read anon --table art.outputs`,
		Args: exactArgs(),
		RunE: func(*cobra.Command, []string) error { return runSupabaseMigration(a, table, supabase.Readers(read)) },
	}
	c.Flags().StringVar(&read, "read", read, "who reads the rows: `authenticated|anon|none`")
	c.Flags().StringVar(&table, "table", "", "the `TABLE`, perhaps with its schema (default the setting supabase.table)")
	completeWords(c, "read", "authenticated", "anon", "none")
	return c
}

func runSupabaseMigration(a *app, table string, read supabase.Readers) error {
	if read != supabase.Nobody && read != supabase.Authenticated && read != supabase.Everybody {
		return usagef("it is authenticated, anon or none", "unknown --read %q", string(read))
	}
	if table == "" {
		cfg, err := a.config()
		if err != nil {
			return err
		}
		table = cfg.Supabase.Table
	}
	if err := supabase.CheckTable(table); err != nil {
		return err
	}
	sql := supabase.Migration(table, read)
	if a.global.json {
		return a.printJSON(struct {
			Table string `json:"table"`
			SQL   string `json:"sql"`
		}{table, sql})
	}
	_, err := fmt.Fprint(a.streams.Out, sql)
	return err
}
