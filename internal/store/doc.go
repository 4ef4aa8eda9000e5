// Package store opens the one database, SQLite by default and PostgreSQL by one setting, brings its
// schema up to date and hands out transactions. It knows no table but goose's own: a feature owns its
// tables and is the only code that names them.
//
// SQL is written once, with ? placeholders, and runs on both. Times are stored as integers
// (milliseconds since 1970, UTC), flags as 0 or 1, and JSON as text, so that no dialect is needed above
// this package.
package store
