// Package database holds the schema of easel's own tables, as migrations for
// PostgreSQL and for SQLite, and what they come to.
package database

import (
	"embed"
	"io/fs"
)

//go:embed schema.sql migrations/*.sql sqlite/schema.sql sqlite/migrations/*.sql
var files embed.FS

// Dialect names one of the two databases.
type Dialect string

// The databases.
const (
	PostgreSQL Dialect = "postgres"
	SQLite     Dialect = "sqlite"
)

// Migrations are the numbered files that goose applies, for one database.
func Migrations(d Dialect) fs.FS {
	dir := "migrations"
	if d == SQLite {
		dir = "sqlite/migrations"
	}
	sub, _ := fs.Sub(files, dir) // the folders are embedded above
	return sub
}

// Schema is what all migrations come to, as SQL with comments.
func Schema(d Dialect) string {
	name := "schema.sql"
	if d == SQLite {
		name = "sqlite/schema.sql"
	}
	text, _ := files.ReadFile(name) // the files are embedded above
	return string(text)
}
