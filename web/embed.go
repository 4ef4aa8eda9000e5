// Package web holds the page of Parley: a React application whose build, in dist, is embedded in the
// binary. The sources are in src; README.md beside this file says how to work on them.
package web

import (
	"embed"
	"io/fs"
)

// The folder always holds .gitkeep, so that the binary builds on a machine without Node.
//
//go:embed all:dist
var dist embed.FS

// FS returns the files of the built page, and whether there are any: without index.html the page was
// not built, and the server says so in its place.
func FS() (fs.FS, bool) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return dist, false
	}
	_, err = fs.Stat(files, "index.html")
	return files, err == nil
}
