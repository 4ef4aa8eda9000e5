package edge

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func TestPageServesFilesAndItself(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	page := Page(fstest.MapFS{
		"index.html": file("<page>"), "sw.js": file("worker"), "manifest.webmanifest": file("{}"),
		"assets/a-1.js": file("script"), "assets/a-1.js.br": file("br"), "assets/a-1.js.gz": file("gz"), "assets/b-2.css": file("style"),
	}, true)
	const forever = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		path, accept          string
		status                int
		body, kind, enc, keep string
	}{
		{"/", "", 200, "<page>", "text/html; charset=utf-8", "", "no-cache"},
		{"/c/conv_1?m=2", "gzip", 200, "<page>", "text/html; charset=utf-8", "", "no-cache"},
		{"/assets/gone.js", "", 404, "", "", "", ""},
		{"/assets/../../etc/passwd", "", 400, "", "", "", ""},
		{"/assets/a-1.js", "", 200, "script", "text/javascript; charset=utf-8", "", forever},
		{"/assets/a-1.js", "gzip, deflate, br, zstd", 200, "br", "text/javascript; charset=utf-8", "br", forever},
		{"/assets/a-1.js", "gzip, br;q=0", 200, "gz", "text/javascript; charset=utf-8", "gzip", forever},
		{"/assets/a-1.js", "gzip;q=0.5", 200, "gz", "", "gzip", forever},
		{"/assets/b-2.css", "gzip, br", 200, "style", "text/css; charset=utf-8", "", forever},
		{"/sw.js", "br", 200, "worker", "text/javascript; charset=utf-8", "", "no-cache"},
		{"/manifest.webmanifest", "", 200, "{}", "application/manifest+json", "", "no-cache"},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://parley"+c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		if w.Code != c.status || c.status == 200 && (w.Body.String() != c.body || w.Header().Get("Content-Encoding") != c.enc ||
			w.Header().Get("Cache-Control") != c.keep || c.kind != "" && w.Header().Get("Content-Type") != c.kind) {
			t.Errorf("%s accepting %q: %d %q %v", c.path, c.accept, w.Code, w.Body, w.Header())
		}
	}
}

// Search engines keep no address of something shared, since the address is what opens it.
func TestSharedPagesAreNotIndexed(t *testing.T) {
	t.Parallel()
	page := Page(fstest.MapFS{"index.html": {Data: []byte("<page>")}}, true)
	for path, want := range map[string]string{"/share/abc": "noindex", "/": "", "/c/share": ""} {
		w := httptest.NewRecorder()
		page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if got := w.Header().Get("X-Robots-Tag"); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: status %d, X-Robots-Tag %q", path, w.Code, got)
		}
	}
}

// The page that draws diagrams has a policy of its own, and its scripts may be read without an origin; nothing else
// of the page is any different.
func TestDiagramsAreDrawnUnderTheirOwnPolicy(t *testing.T) {
	t.Parallel()
	page := Page(fstest.MapFS{"index.html": {Data: []byte("<page>")}, "diagram.html": {Data: []byte("<frame>")},
		"theme.js": {Data: []byte("theme")}, "assets/a-1.js": {Data: []byte("script")}}, true)
	for _, c := range []struct{ path, body, policy, frames, origin string }{
		{"/", "<page>", contentPolicy, "DENY", ""},
		{"/c/conv_1", "<page>", contentPolicy, "DENY", ""},
		{"/diagram", "<page>", contentPolicy, "DENY", ""},
		{"/theme.js", "theme", contentPolicy, "DENY", ""},
		{"/assets/a-1.js", "script", contentPolicy, "DENY", "*"},
		{"/diagram.html", "<frame>", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; " +
			"form-action 'none'; frame-ancestors 'self'", "SAMEORIGIN", ""},
	} {
		w := httptest.NewRecorder()
		// As the middleware leaves them to the page.
		w.Header().Set("Content-Security-Policy", contentPolicy)
		w.Header().Set("X-Frame-Options", "DENY")
		page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != http.StatusOK || w.Body.String() != c.body {
			t.Errorf("%s: %d %q", c.path, w.Code, w.Body)
		}
		for name, want := range map[string]string{"Content-Security-Policy": c.policy, "X-Frame-Options": c.frames, "Access-Control-Allow-Origin": c.origin} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.path, name, got, want)
			}
		}
	}
}
