package connect_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/knowledge/connect"
)

// site is a web site whose pages a test changes.
type site struct {
	mu     sync.Mutex
	pages  map[string]string // by path; one that begins with a status such as "500 " has it
	asked  map[string]int
	unread int // answers of 304
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.URL.Path]++
	body, found := s.pages[r.URL.Path]
	tag := fmt.Sprintf(`"%x"`, body)
	switch {
	case !found:
		http.NotFound(w, r)
	case strings.HasPrefix(body, "500 "):
		http.Error(w, body, http.StatusInternalServerError)
	case strings.HasPrefix(body, "301 "):
		http.Redirect(w, r, body[4:], http.StatusMovedPermanently)
	case r.Header.Get("If-None-Match") == tag:
		s.unread++
		w.WriteHeader(http.StatusNotModified)
	default:
		kind := "text/html; charset=utf-8"
		switch {
		case strings.HasSuffix(r.URL.Path, ".xml"):
			kind = "application/xml"
		case strings.HasSuffix(r.URL.Path, ".txt"):
			kind = "text/plain"
		case strings.HasSuffix(r.URL.Path, ".css"):
			kind = "text/css"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("ETag", tag)
		_, _ = w.Write([]byte(body))
	}
}

func (s *site) set(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if body == "" {
		delete(s.pages, path)
	} else {
		s.pages[path] = body
	}
}

func openSite(t *testing.T, pages map[string]string, start string, cfg connect.WebConfig) (*site, connect.Origin) {
	t.Helper()
	s := &site{pages: pages, asked: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	cfg.Pause = time.Millisecond
	w, err := connect.OpenWeb(server.URL+start, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, w
}

func TestWebFollowsItsLinks(t *testing.T) {
	t.Parallel()
	s, origin := openSite(t, map[string]string{
		"/robots.txt":     "User-agent: *\nDisallow: /docs/secret\n",
		"/docs/":          `<a href="a">A</a> <a href="../out">out</a> <a href="secret">s</a> <a href="https://example.invalid/">x</a> <link href="style.css"><a href="style.css">c</a><a href="old">o</a>`,
		"/docs/a":         `<p>Page a.</p><a href="deep/b#part">B</a><a href="/docs/">home</a>`,
		"/docs/deep/b":    `<p>Page b.</p><a href="c">C</a>`,
		"/docs/deep/c":    `<p>Too far away.</p>`,
		"/docs/style.css": `body {}`,
		"/docs/old":       "301 /docs/a",
		"/docs/secret":    "secret",
		"/out":            "out",
	}, "/docs/", connect.WebConfig{Depth: 2, Pages: 100})
	lib := newShelf()
	r := syncs(t, lib, origin)
	if got := lib.paths(); r.Added != 3 || got != "/docs/ /docs/a /docs/deep/b" {
		t.Errorf("%+v: %s", r, got)
	}
	if s.asked["/docs/secret"]+s.asked["/out"] > 0 {
		t.Error("what must not be read was asked for")
	}
	// A page at the end of the way is not sent again, one that changed is, and one that is gone goes.
	s.set("/docs/a", `<p>Page a, changed.</p><a href="deep/b">B</a>`)
	if r := syncs(t, lib, origin); r.Changed != 1 || r.Same != 2 || s.unread != 1 {
		t.Errorf("%+v, %d not sent again", r, s.unread)
	}
	// What cannot be fetched (by its old address either) stays, and so does what only it leads to.
	s.set("/docs/a", "500 trouble")
	if r, err := try(t, lib, origin); err == nil || len(r.Failed) != 2 || r.Gone != 0 || lib.paths() != "/docs/ /docs/a /docs/deep/b" {
		t.Errorf("%+v, %v: %s", r, err, lib.paths())
	}
	s.set("/docs/a", "")
	if r := syncs(t, lib, origin); r.Gone != 2 || lib.paths() != "/docs/" {
		t.Errorf("%+v: %s", r, lib.paths())
	}
	s.set("/docs/", "500 trouble")
	if _, err := try(t, lib, origin); err == nil || lib.paths() != "/docs/" {
		t.Errorf("%v: %s", err, lib.paths())
	}
}

func TestWebReadsASitemap(t *testing.T) {
	t.Parallel()
	_, origin := openSite(t, map[string]string{
		"/map.xml":  `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>/part.xml</loc></sitemap></sitemapindex>`,
		"/part.xml": `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>/a</loc></url><url><loc>/b.txt</loc></url></urlset>`,
		"/a":        `<p>a</p>`, "/b.txt": `b`,
	}, "/map.xml", connect.DefaultWebConfig())
	lib := newShelf()
	if r := syncs(t, lib, origin); r.Added != 2 || lib.paths() != "/a /b.txt" {
		t.Errorf("%+v: %s", r, lib.paths())
	}
}

func TestWebRefusesWhatItMayNotRead(t *testing.T) {
	t.Parallel()
	_, origin := openSite(t, map[string]string{"/robots.txt": "User-agent: ParleyBot\nDisallow: /\n", "/": "x"}, "/", connect.DefaultWebConfig())
	if r, err := try(t, newShelf(), origin); err == nil || r.Added != 0 {
		t.Errorf("%+v %v", r, err)
	}
	for _, address := range []string{"ftp://example.org/", "https://", "://", "docs"} {
		if _, err := connect.OpenWeb(address, connect.DefaultWebConfig()); err == nil {
			t.Errorf("%q is an address", address)
		}
	}
}
