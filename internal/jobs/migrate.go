package jobs

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/seed-7d77cb5c/easel/database"
)

// migrate applies what is missing of our migrations and of River's. Both run
// in transactions and can be repeated.
func migrate[Tx any](ctx context.Context, dialect database.Dialect, db *sql.DB, driver riverdriver.Driver[Tx]) error {
	ours, err := provider(dialect, db)
	if err != nil {
		return err
	}
	if _, err := ours.Up(ctx); err != nil {
		return fmt.Errorf("making easel's tables: %w", err)
	}
	rivers, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	if _, err := rivers.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("making the tables of River: %w", err)
	}
	return nil
}

// versions are those of our tables: what a database has, and what this
// program needs.
func versions(ctx context.Context, dialect database.Dialect, db *sql.DB) (have, want int64, err error) {
	ours, err := provider(dialect, db)
	if err != nil {
		return 0, 0, err
	}
	return ours.GetVersions(ctx)
}

func provider(dialect database.Dialect, db *sql.DB) (*goose.Provider, error) {
	of := goose.DialectPostgres
	if dialect == database.SQLite {
		of = goose.DialectSQLite3
	}
	return goose.NewProvider(of, db, database.Migrations(dialect),
		goose.WithTableName("easel_schema"), goose.WithDisableGlobalRegistry(true))
}
