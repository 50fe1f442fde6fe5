package supabase

import (
	_ "embed"
	"strings"
)

//go:embed migration.sql
var migration string

// Readers are who may read the rows besides the service role.
type Readers string

// Readers of rows.
const (
	Nobody        Readers = "none"
	Authenticated Readers = "authenticated" // whoever is signed in
	Everybody     Readers = "anon"          // also who is not
)

// Migration is the SQL that makes a table of outputs. It can be run again, also
// with other readers. The name has passed CheckTable.
func Migration(table string, readers Readers) string {
	schema, name, found := strings.Cut(table, ".")
	if !found {
		schema, name = "public", table
	}
	roles := map[Readers]string{Authenticated: "authenticated", Everybody: "anon, authenticated"}[readers]
	policy := "-- Nobody reads but the service role.\n"
	if roles != "" {
		policy = "create policy \"" + name + " are read\" on " + schema + "." + name + " for select to " + roles + " using (true);\n" +
			"grant usage on schema " + schema + " to " + roles + ";\ngrant select on " + schema + "." + name + " to " + roles + ";\n"
	}
	return strings.NewReplacer("{schema}", schema, "{table}", name, "{policy}", strings.TrimSuffix(policy, "\n")).Replace(migration)
}
