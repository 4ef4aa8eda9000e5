// Package backup writes the whole database into one file and reads it back, while the server runs. The
// format is the same for SQLite and PostgreSQL, so that a backup of one restores into the other. It also
// takes the snapshot before an upgrade, and goes back to it.
//
// A file is one Zstandard stream of JSON lines: a Manifest, then every row of every table as an array in
// the manifest's order, then a trailer with the SHA-256 of all lines before it. Texts are sealed in it as
// they are in the database, and the master key is not in it: keep that apart.
package backup
