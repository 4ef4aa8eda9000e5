package edge

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// diagramPage draws diagrams for the page, in a frame without an origin (sandbox="allow-scripts"). What draws them needs
// style elements, which the page itself may not have; so this document has a policy of its own, under which it
// fetches nothing but its scripts and can be framed by the page alone.
const (
	diagramPage   = "diagram.html"
	diagramPolicy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; " +
		"form-action 'none'; frame-ancestors 'self'"
)

// Page serves the web app from files: assets by name, and index.html for every address that the app
// itself knows. A file that the build has packed too (name.br, name.gz) goes out packed to whoever takes
// it. built is false in a binary that was built without the page.
func Page(files fs.FS, built bool) http.Handler {
	if !built {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "This binary was built without the web page: run `make build`. The API is at /docs.", http.StatusNotFound)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if strings.HasPrefix(name, "share/") { // the address is the key to what is shared
			w.Header().Set("X-Robots-Tag", "noindex")
		}
		if info, err := fs.Stat(files, name); name == "" || err != nil || info.IsDir() {
			if strings.HasPrefix(name, "assets/") {
				http.NotFound(w, r)
				return
			}
			name = "index.html"
		}
		h := w.Header()
		// Assets carry a hash in their name; everything else is asked for anew.
		h.Set("Cache-Control", "no-cache")
		switch {
		case strings.HasPrefix(name, "assets/"):
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
			// The frame that draws diagrams has no origin, and so its scripts come from another one. They are the
			// same for everybody, and tell nothing about anybody.
			h.Set("Access-Control-Allow-Origin", "*")
		case name == diagramPage:
			h.Set("Content-Security-Policy", diagramPolicy)
			h.Set("X-Frame-Options", "SAMEORIGIN")
		}
		h.Set("Content-Type", contentType(name))
		h.Set("Vary", "Accept-Encoding")
		for _, p := range []struct{ encoding, ending string }{{"br", ".br"}, {"gzip", ".gz"}} {
			if _, err := fs.Stat(files, name+p.ending); err == nil && takes(r, p.encoding) {
				h.Set("Content-Encoding", p.encoding)
				name += p.ending
				break
			}
		}
		http.ServeFileFS(w, r, files, name) //nolint:gosec // an fs.FS has no path out of itself
	})
}

func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".webmanifest": // not in every system's table
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

// takes reports whether a client accepts an encoding. One that it weighs with 0 is refused.
func takes(r *http.Request, encoding string) bool {
	for one := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q := strings.TrimLeft(strings.ReplaceAll(weight, " ", ""), "q=")
			return strings.Trim(q, "0.") != "" || q == ""
		}
	}
	return false
}
