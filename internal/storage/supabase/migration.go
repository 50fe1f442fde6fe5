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

// withSchema is the schema of a table, and its name there. Without one in its name
// it is public, whatever search path the database has.
func withSchema(table string) (schema, name string) {
	if schema, name, found := strings.Cut(table, "."); found {
		return schema, name
	}
	return "public", table
}

// Migration is the SQL that makes a table of outputs. It can be run again, also
// with other readers. The name has passed CheckTable.
func Migration(table string, readers Readers) string {
	schema, name := withSchema(table)
	roles := map[Readers]string{Authenticated: "authenticated", Everybody: "anon, authenticated"}[readers]
	policy := "-- Nobody reads but the service role.\n"
	if roles != "" {
		policy = "create policy \"" + name + " are read\" on " + schema + "." + name + " for select to " + roles + " using (true);\n" +
			"grant usage on schema " + schema + " to " + roles + ";\ngrant select on " + schema + "." + name + " to " + roles + ";\n"
	}
	return strings.NewReplacer("{schema}", schema, "{table}", name, "{policy}", strings.TrimSuffix(policy, "\n")).Replace(migration)
}
