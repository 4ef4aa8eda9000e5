package connect

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/temoto/robotstxt"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Web is a site, or the part of it below an address: the pages that its links lead to, or that a sitemap lists.
type Web struct {
	start *url.URL
	cfg   WebConfig
	http  *http.Client
}

// WebConfig bounds what is fetched of a site.
type WebConfig struct {
	Depth int           // how many links away from the start
	Pages int           // the most
	Pause time.Duration // between two requests; a site that wants a longer one gets it
}

// DefaultWebConfig is gentle.
func DefaultWebConfig() WebConfig {
	return WebConfig{Depth: 3, Pages: 2000, Pause: 200 * time.Millisecond}
}

const (
	agent     = "ParleyBot"
	maxPage   = 64 << 20
	fetchTime = 30 * time.Second
	maxPause  = 30 * time.Second // whatever a site wants
)

// OpenWeb makes an Origin of an http or https address. Robots.txt is heeded.
func OpenWeb(address string, cfg WebConfig) (*Web, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address such as https://example.org/docs/", address)
	}
	u.Fragment = ""
	if u.Path == "" {
		u.Path = "/"
	}
	return &Web{u, cfg, &http.Client{Timeout: fetchTime}}, nil
}

// Name implements Origin.
func (w *Web) Name() string { return w.start.String() }

// visit is a page that is to be fetched.
type visit struct {
	url   *url.URL
	depth int
}

// Items implements Origin. A version is the ETag, or the hash of what came.
func (w *Web) Items(ctx context.Context, known map[string]string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		rules, err := w.robots(ctx)
		if err != nil {
			yield(Item{}, err)
			return
		}
		pause := max(w.cfg.Pause, min(rules.CrawlDelay, maxPause))
		queue, seen, failed := []visit{{w.start, 0}}, map[string]bool{w.start.String(): true}, 0
		for fetched := 0; len(queue) > 0 && fetched < w.cfg.Pages; fetched++ {
			v := queue[0]
			queue = queue[1:]
			if fetched > 0 {
				select {
				case <-ctx.Done():
					yield(Item{}, ctx.Err())
					return
				case <-time.After(pause):
				}
			}
			p, err := w.fetch(ctx, v.url, v.depth >= w.cfg.Depth, known)
			if err != nil && (fetched == 0 || ctx.Err() != nil) {
				yield(Item{}, err) // nothing is known of the site
				return
			}
			if err != nil {
				failed++
				if !yield(Item{Path: v.url.String(), Open: func(context.Context) (io.ReadCloser, error) { return nil, err }}, nil) {
					return
				}
				continue
			}
			if at := p.url.String(); at != v.url.String() {
				p.missing = p.missing || seen[at] // it comes by itself
				seen[at] = true
			}
			if p.document() && !yield(p.item(v.url.String()), nil) {
				return
			}
			depth := v.depth + 1
			if p.sitemap { // what it lists is where one begins
				depth = v.depth
			}
			for _, link := range p.links {
				if depth > w.cfg.Depth {
					break
				}
				if key := link.String(); !seen[key] && w.within(link) && rules.Test(link.EscapedPath()) {
					seen[key] = true
					queue = append(queue, visit{link, depth})
				}
			}
		}
		if failed > 0 { // pages that only these lead to are not known of
			yield(Item{}, fmt.Errorf("%d pages could not be fetched: what may be gone from the site stays until the next time", failed))
		}
	}
}

// within says whether a page belongs to what was asked for: the same host, below the folder of the start. A sitemap too
// lists what is below its own (sitemaps.org).
func (w *Web) within(u *url.URL) bool {
	folder := w.start.Path[:strings.LastIndex(w.start.Path, "/")+1]
	return u.Host == w.start.Host && (u.Scheme == "http" || u.Scheme == "https") && strings.HasPrefix(u.Path, folder)
}

// robots reads the rules of the site. Where there are none, everything may be read; a site that is in trouble says nothing yet.
func (w *Web) robots(ctx context.Context) (*robotstxt.Group, error) {
	at := w.start.ResolveReference(&url.URL{Path: "/robots.txt"})
	resp, err := w.get(ctx, at, "")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read
	body, err := io.ReadAll(io.LimitReader(resp.Body, 500<<10))
	if err != nil {
		return nil, err
	}
	rules, err := robotstxt.FromStatusAndBytes(resp.StatusCode, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	group := rules.FindGroup(agent)
	if !group.Test(w.start.EscapedPath()) {
		return nil, fmt.Errorf("%s does not want %s to be read by programs", at, w.start)
	}
	return group, nil
}

func (w *Web) get(ctx context.Context, u *url.URL, etag string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", agent)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	return w.http.Do(req)
}

// page is what an address had.
type page struct {
	url     *url.URL
	kind    string // its media type
	version string
	body    []byte // nil where the version is known
	links   []*url.URL
	missing bool // there is nothing at the address
	sitemap bool
}

// etagMark begins the version of a page whose server names it.
const etagMark = "etag "

// fetch reads a page. One whose links are not followed need not come again where it has not changed.
func (w *Web) fetch(ctx context.Context, u *url.URL, leaf bool, known map[string]string) (page, error) {
	etag := ""
	if leaf {
		if tag, ok := strings.CutPrefix(known[u.String()], etagMark); ok {
			etag = tag
		}
	}
	resp, err := w.get(ctx, u, etag)
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // read
	p := page{url: resp.Request.URL}
	p.url.Fragment = ""
	switch {
	case resp.StatusCode == http.StatusNotModified && etag != "":
		p.version = etagMark + etag
		return p, nil
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		p.missing = true
		if u.String() == w.start.String() {
			return p, fmt.Errorf("there is nothing at %s", u)
		}
		return p, nil
	case resp.StatusCode != http.StatusOK:
		return p, fmt.Errorf("%s answers %s", u, resp.Status)
	case !w.within(p.url):
		p.missing = true
		if u.String() == w.start.String() {
			return p, fmt.Errorf("%s leads to %s: name that address", u, p.url)
		}
		return p, nil
	}
	if p.body, err = io.ReadAll(io.LimitReader(resp.Body, maxPage+1)); err != nil {
		return p, err
	}
	if len(p.body) > maxPage {
		return p, fmt.Errorf("%s has more than %d MB", u, maxPage>>20)
	}
	p.kind, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if tag := resp.Header.Get("ETag"); tag != "" {
		p.version = etagMark + tag
	} else {
		sum := sha256.Sum256(p.body)
		p.version = "sha256 " + hex.EncodeToString(sum[:])
	}
	switch p.kind {
	case "text/html", "application/xhtml+xml":
		p.links = p.anchors()
	case "text/xml", "application/xml":
		p.links, p.sitemap = p.locations()
	}
	return p, nil
}

// document says whether a page is one. Pictures, styles and programs of a site are none.
func (p page) document() bool {
	if p.missing || p.sitemap {
		return false
	}
	for _, kind := range []string{"image/", "audio/", "video/", "font/"} {
		if strings.HasPrefix(p.kind, kind) {
			return false
		}
	}
	return !slices.Contains([]string{"text/css", "text/javascript", "application/javascript", "application/json"}, p.kind)
}

// item is the document, under the address that led to it.
func (p page) item(address string) Item {
	name := path.Base(p.url.Path)
	if name == "/" || name == "." {
		name = p.url.Host
	}
	if (p.kind == "text/html" || p.kind == "application/xhtml+xml") && !strings.HasSuffix(name, ".html") {
		name += ".html"
	}
	return Item{Path: address, Name: name, Version: p.version, Open: func(context.Context) (io.ReadCloser, error) {
		if p.body == nil {
			return nil, errors.New("the page has not changed, and what it had is not there any more")
		}
		return io.NopCloser(bytes.NewReader(p.body)), nil
	}}
}

// anchors are the links of a page of HTML.
func (p page) anchors() (links []*url.URL) {
	base := p.url
	for tags := html.NewTokenizer(bytes.NewReader(p.body)); ; {
		switch tags.Next() {
		case html.ErrorToken:
			return links
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := tags.Token()
			if tag.DataAtom != atom.A && tag.DataAtom != atom.Base {
				continue
			}
			for _, a := range tag.Attr {
				if a.Key != "href" {
					continue
				}
				u, err := base.Parse(strings.TrimSpace(a.Val))
				if err != nil {
					continue
				}
				u.Fragment = ""
				if tag.DataAtom == atom.Base {
					base = u
				} else {
					links = append(links, u)
				}
			}
		}
	}
}

// locations are what a sitemap lists (sitemaps.org), pages or further sitemaps.
func (p page) locations() (links []*url.URL, is bool) {
	var list struct {
		XMLName xml.Name
		URLs    []struct {
			Loc string `xml:"loc"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal(p.body, &list); err != nil || list.XMLName.Local != "urlset" && list.XMLName.Local != "sitemapindex" {
		return nil, false
	}
	for _, one := range list.URLs {
		if u, err := p.url.Parse(strings.TrimSpace(one.Loc)); err == nil {
			links = append(links, u)
		}
	}
	return links, true
}
