// Package migrations holds the schema of both databases, embedded in the binary. Files are append-only:
// a released migration never changes.
package migrations

import "embed"

// FS has a folder for each dialect, "sqlite" and "postgres", with the same file names in both.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
