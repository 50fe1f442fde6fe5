package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/database"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// databaseOptions say where jobs are kept.
type databaseOptions struct {
	app  *app
	flag string
}

func (o *databaseOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.flag, "database", "", "keep jobs in an `ADDRESS`, sqlite:PATH or postgres://USER@HOST/NAME (default: a SQLite file in easel's data folder); EASEL_DATABASE holds one with a password")
}

// address is that of the database: the flag, EASEL_DATABASE, or a file.
func (o *databaseOptions) address() string {
	address := o.flag
	if address == "" {
		address = o.app.getenv("EASEL_DATABASE")
	}
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok && path != "" {
		return "sqlite:" + o.app.path(path)
	}
	if address != "" {
		return address
	}
	cfg, err := o.app.config()
	if err != nil {
		return ""
	}
	return "sqlite:" + filepath.Join(cfg.DataDir, "serve", "easel.db")
}

// open opens the database. The tables of a SQLite file of our own are made and
// brought up to date; those of a PostgreSQL are for whoever looks after it.
func (o *databaseOptions) open(ctx context.Context, options jobs.Options) (*jobs.DB, error) {
	if _, err := o.app.config(); err != nil {
		return nil, err
	}
	address := o.address()
	db, err := o.connect(ctx, options)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(address, "sqlite:") {
		if err := db.Migrate(ctx); err != nil {
			return nil, errors.Join(databaseError(address, err), db.Close(ctx))
		}
	}
	err = db.CheckSchema(ctx)
	if schema, ok := errors.AsType[*jobs.SchemaError](err); ok {
		return nil, errors.Join(&invalidError{schema.Error(), "easel db migrate --database " + jobs.Shown(address)}, db.Close(ctx))
	}
	if err != nil {
		return nil, errors.Join(databaseError(address, err), db.Close(ctx))
	}
	return db, nil
}

// connect opens the database as it is.
func (o *databaseOptions) connect(ctx context.Context, options jobs.Options) (*jobs.DB, error) {
	db, err := jobs.Open(ctx, o.address(), options)
	if form, ok := errors.AsType[*jobs.AddressError](err); ok {
		return nil, usagef("write --database sqlite:easel.db or --database postgres://USER@HOST/NAME", "%s", form)
	}
	return db, databaseError(o.address(), err)
}

// databaseError says why a database cannot be used, and what helps.
func databaseError(address string, err error) error {
	err = jobs.Connecting(address, err)
	connect, ok := errors.AsType[*jobs.ConnectError](err)
	if !ok {
		return err
	}
	switch {
	case connect.File:
		return &storage.Error{Op: "open", Location: "the database " + connect.Address, Err: errors.New(connect.Reason)}
	case connect.Login:
		return &problem.ServiceError{Message: connect.Error(), Hint: "EASEL_DATABASE=postgres://USER:PASSWORD@HOST/NAME holds an address with a password", Login: true}
	case connect.Absent:
		return &problem.ServiceError{Message: connect.Error(), Hint: "createdb makes one; then easel db migrate makes its tables"}
	}
	return &problem.ServiceError{Message: connect.Error(), Hint: "is it running, and reachable from here? pg_isready asks it"}
}

func newDBCmd(a *app) *cobra.Command {
	c := group("db", "Look after the database of easel serve",
		"  easel db status\n  easel db migrate --database postgres://easel@db/easel",
		newDBMigrateCmd(a), newDBStatusCmd(a), newDBSchemaCmd(a), newDBExportCmd(a), newDBImportCmd(a))
	c.Long = `Look after the database of easel serve: its tables, and how many jobs there
are. A SQLite file is made and brought up to date when easel serve starts; a
PostgreSQL database is migrated by hand, before the new version starts.`
	return c
}

func newDBMigrateCmd(a *app) *cobra.Command {
	o := &databaseOptions{app: a}
	c := &cobra.Command{
		Use:     "migrate",
		Short:   "Make the tables, or bring them up to date",
		Example: "  easel db migrate --database postgres://easel@db/easel",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return runDBMigrate(c.Context(), o) },
	}
	o.addFlags(c.Flags())
	return c
}

func runDBMigrate(ctx context.Context, o *databaseOptions) error {
	db, err := o.connect(ctx, jobs.Options{})
	if err != nil {
		return err
	}
	defer db.Close(ctx) // what was migrated is
	if err := db.Migrate(ctx); err != nil {
		return databaseError(o.address(), err)
	}
	o.app.note("the tables of %s are up to date", jobs.Shown(o.address()))
	return nil
}

func newDBStatusCmd(a *app) *cobra.Command {
	o := &databaseOptions{app: a}
	c := &cobra.Command{
		Use:     "status",
		Short:   "Show the version of the tables and how many jobs there are",
		Example: "  easel db status",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return runDBStatus(c.Context(), o) },
	}
	o.addFlags(c.Flags())
	return c
}

func runDBStatus(ctx context.Context, o *databaseOptions) error {
	db, err := o.connect(ctx, jobs.Options{})
	if err != nil {
		return err
	}
	defer db.Close(ctx) // nothing was written
	have, want, err := db.Schema(ctx)
	if err != nil {
		return databaseError(o.address(), err)
	}
	counts := map[jobs.State]int64{}
	if have == want {
		if counts, err = db.Counts(ctx); err != nil {
			return err
		}
	}
	if o.app.global.json {
		return o.app.printJSON(struct {
			Database string               `json:"database"`
			Version  int64                `json:"version"`
			Needed   int64                `json:"needed"`
			Jobs     map[jobs.State]int64 `json:"jobs"`
		}{jobs.Shown(o.address()), have, want, counts})
	}
	w := o.app.streams.Out
	fmt.Fprintf(w, "database  %s\nversion   %d", jobs.Shown(o.address()), have)
	if have != want {
		fmt.Fprintf(w, " (this easel needs %d: easel db migrate)", want)
	}
	fmt.Fprintln(w)
	for _, s := range []jobs.State{jobs.Queued, jobs.Running, jobs.Succeeded, jobs.Failed, jobs.Cancelled} {
		fmt.Fprintf(w, "%-9s %d\n", s, counts[s])
	}
	return nil
}

func newDBSchemaCmd(a *app) *cobra.Command {
	sqlite := false
	c := &cobra.Command{
		Use:     "schema",
		Short:   "Print the tables as SQL",
		Example: "  easel db schema\n  easel db schema --sqlite",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			dialect := database.PostgreSQL
			if sqlite {
				dialect = database.SQLite
			}
			_, err := fmt.Fprint(a.streams.Out, database.Schema(dialect))
			return err
		},
	}
	c.Flags().BoolVar(&sqlite, "sqlite", false, "those of SQLite instead of PostgreSQL")
	return c
}
