package cmd

import (
	"github.com/spf13/cobra"
)

func newSupabaseCmd(a *app) *cobra.Command {
	return group("supabase", "Prepare a Supabase project for outputs",
		`  easel supabase bucket art --public
  easel generate flux_single "a lighthouse" --out supabase://art/today`,
		newSupabaseBucketCmd(a),
		newSupabaseMigrationCmd(a),
	)
}
