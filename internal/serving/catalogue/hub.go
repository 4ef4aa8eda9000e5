package catalogue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// remote is what the hub says of a file before it is fetched.
type remote struct {
	URL    string `json:"url"`
	Commit string `json:"commit"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // 0 if it does not say
}

// hub speaks the download protocol of the model hub.
type hub struct {
	base  string
	token Token
	// look does not follow redirects, since the first answer carries the facts and the one of the storage
	// behind it does not; load follows them.
	look, load *http.Client
	idle       time.Duration // how long a transfer may stand still
	pause      time.Duration // before the first retry; doubled each time
}

func newHub(cfg Config) *hub {
	// A transport of its own: whoever closes the idle connections of the common one, as a test server
	// does, would break into a transfer.
	transport := http.DefaultTransport
	if common, ok := transport.(*http.Transport); ok {
		transport = common.Clone()
	}
	return &hub{
		base: strings.TrimRight(cfg.HubURL, "/"), token: cfg.HubToken, idle: time.Minute, pause: time.Second,
		look: &http.Client{
			Transport:     transport,
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		load: &http.Client{Transport: transport},
	}
}

// fromHub fetches a file of the hub into the models folder, where an unfinished part waits for the next
// attempt.
func (c *Catalogue) fromHub(ctx context.Context, e Entry, p Progress) (fetched, error) {
	h := c.hub
	p.Begin(PhaseLoad, fmt.Sprintf("asking %s for %s (%s)", h.base, e.ID, e.License), 0)
	r, err := h.ask(ctx, e.Source)
	if err != nil {
		return fetched{}, err
	}
	if e.SHA256 != "" && r.SHA256 != "" && e.SHA256 != r.SHA256 {
		return fetched{}, fmt.Errorf("the hub now has another file (SHA-256 %s) than the catalogue knows (%s)", r.SHA256, e.SHA256)
	}
	if r.SHA256 = strings.ToLower(r.SHA256); e.SHA256 != "" {
		r.SHA256 = e.SHA256
	}
	if r.SHA256 == "" {
		return fetched{}, errors.New("neither the catalogue nor the hub tells the file's SHA-256, so it could not be checked")
	}
	if e.Size > 0 {
		r.Size = e.Size
	}
	part := c.partFile(e.ID)
	if err := c.room(c.models, max(r.Size, e.Bytes())-c.part(e.ID)); err != nil {
		return fetched{}, err
	}
	p.Begin(PhaseLoad, "downloading "+e.ID, r.Size)
	if err := h.fetch(ctx, r, part, p); err != nil {
		return fetched{}, err
	}
	return fetched{path: part, sha256: r.SHA256, source: e.Source.String(), commit: r.Commit}, nil
}

// address is where a file lies. Each part is escaped on its own.
func (h *hub) address(s Source) string {
	parts := strings.Split(s.File, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return h.base + "/" + s.Repo + "/resolve/" + url.PathEscape(s.Revision) + "/" + strings.Join(parts, "/")
}

const maxMoves = 5

// ask learns size, digest and commit. A redirect inside the hub, which a renamed repository gives, is
// followed; one away from it ends the search.
func (h *hub) ask(ctx context.Context, s Source) (remote, error) {
	at := h.address(s)
	for range maxMoves {
		req, err := h.request(ctx, http.MethodHead, at)
		if err != nil {
			return remote{}, err
		}
		resp, err := h.look.Do(req)
		if err != nil {
			return remote{}, unreachable(h.base, err)
		}
		_ = resp.Body.Close() // a HEAD has none
		moved := resp.StatusCode >= 300 && resp.StatusCode < 400
		if resp.StatusCode != http.StatusOK && !moved {
			return remote{}, refusal(s, h.base, resp.StatusCode)
		}
		next, badLocation := resp.Location()
		if !moved || resp.Header.Get("X-Linked-Etag") != "" || badLocation != nil || next.Host != req.URL.Host {
			return facts(req.URL.String(), resp), nil //nolint:nilerr // an unreadable Location is no redirect
		}
		at = next.String()
	}
	return remote{}, fmt.Errorf("%s/%s moved more than %d times", h.base, s.Repo, maxMoves)
}

// facts reads the headers. The linked tag of a large file is its SHA-256; that of a small one is not, and
// is left out.
func facts(at string, resp *http.Response) remote {
	r := remote{URL: at, Commit: resp.Header.Get("X-Repo-Commit")}
	tag := strings.ToLower(strings.Trim(strings.TrimPrefix(resp.Header.Get("X-Linked-Etag"), "W/"), `"`))
	if validSHA256(tag) {
		r.SHA256 = tag
	}
	if n, err := strconv.ParseInt(resp.Header.Get("X-Linked-Size"), 10, 64); err == nil && n > 0 {
		r.Size = n
	} else if resp.StatusCode == http.StatusOK && resp.ContentLength > 0 {
		r.Size = resp.ContentLength
	}
	return r
}

// request makes one with the token. The client drops the token when it is sent on to another host.
func (h *hub) request(ctx context.Context, method, at string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, http.NoBody)
	if err != nil {
		return nil, err
	}
	// A compressed transfer would make offsets and length mean something else.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "parley")
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+string(h.token))
	}
	return req, nil
}

func unreachable(base string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Unavailable("the model hub %s cannot be reached (HF_ENDPOINT names a mirror)", base).Because(err)
}

func refusal(s Source, base string, status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Unavailable("the hub wants to know who asks: accept the licence at %s/%s, make a read token there and set HF_TOKEN", base, s.Repo)
	case http.StatusNotFound:
		return fault.NotFound("the hub has no file %s in %s at revision %s", s.File, s.Repo, s.Revision)
	default:
		return fault.Unavailable("the hub answered with status %d for %s", status, s.Repo)
	}
}
