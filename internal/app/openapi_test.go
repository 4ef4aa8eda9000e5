package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/edge/openapi"
)

// The document tells every route and refers to nothing that is not in it. Whether it is valid OpenAPI 3.1
// is checked with the official clients.
func TestDocumentTellsEveryRoute(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	a := s.must(t, http.StatusOK, credential{}, "GET", "/openapi.json", nil)
	var doc struct {
		OpenAPI    string `json:"openapi"`
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	a.into(t, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("version %q", doc.OpenAPI)
	}
	page := string(s.must(t, http.StatusOK, credential{}, "GET", "/docs", nil).body)
	for _, r := range s.Routes() {
		path := openapi.Path(r.Path)
		if _, ok := doc.Paths[path][strings.ToLower(r.Method)]; !ok {
			t.Errorf("%s %s is not in the document", r.Method, path)
		}
		if !strings.Contains(page, path) {
			t.Errorf("%s is not on the page", path)
		}
	}
	for rest := string(a.body); ; {
		_, after, found := strings.Cut(rest, `"#/components/schemas/`)
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, `"`)
		if doc.Components.Schemas[name] == nil {
			t.Errorf("the schema %s is not there", name)
		}
		rest = tail
	}
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for _, raw := range methods {
			var op struct{ OperationID string }
			if err := json.Unmarshal(raw, &op); err != nil || op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s: operation id %q is missing or taken, %v", path, op.OperationID, err)
			}
			ids[op.OperationID] = true
		}
	}
	for _, name := range []string{"SocketRequest", "SocketReply"} {
		if doc.Components.Schemas[name] == nil {
			t.Errorf("the schema %s of the WebSocket is not there", name)
		}
	}
	for where, names := range map[string][]string{
		"/v1/chat.completions post":    {"Idempotency-Key", "X-Request-Timeout"},
		"/v1/chat/completions post":    {"Idempotency-Key", "X-Request-Timeout"},
		"/v1/keys post":                {"Idempotency-Key"},
		"/v1/messages/{id}/events get": {"Last-Event-ID"},
		"/v1/ws get":                   {"X-Request-Timeout"},
	} {
		path, method, _ := strings.Cut(where, " ")
		for _, name := range names {
			if !strings.Contains(string(doc.Paths[path][method]), `"name": "`+name+`",`) {
				t.Errorf("%s does not tell the header %s", where, name)
			}
		}
	}
	for name := range doc.Components.Schemas {
		if regexp.MustCompile(`Type\d+$`).MatchString(name) {
			t.Errorf("the schema %q shares its name with another: give its type a name of its own", name)
		}
		if strings.Contains(name, "Github") || strings.ContainsAny(name, "[]./") {
			t.Errorf("the schema %q is named after its package", name)
		}
	}
}

func TestPageAnswersHEADAndUnknownAddresses(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for path, status := range map[string]int{"/v1/nothing": 404, "/v1/nothing/else": 404} {
		if a := s.call(t, seeded, "GET", path, nil); a.status != status || a.code() != "unknown_url" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := s.call(t, seeded, "HEAD", "/", nil); a.status != 200 && a.status != 404 { // 404: built without the page
		t.Errorf("HEAD /: %d", a.status)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/v1/models"} {
		get, head := s.must(t, http.StatusOK, seeded, "GET", path, nil), s.must(t, http.StatusOK, seeded, "HEAD", path, nil)
		if got, want := head.header.Get("Content-Type"), get.header.Get("Content-Type"); got != want || len(head.body) > 0 {
			t.Errorf("HEAD %s: %q with %d bytes, GET has %q", path, got, len(head.body), want)
		}
	}
}

// A wrong method and a wrong Content-Type get their own statuses, in the shape of every error.
func TestWrongMethodAndWrongContentType(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for _, c := range []struct{ method, path, allow string }{
		{"GET", "/v1/chat/completions", "POST"}, {"DELETE", "/v1/models", "GET, HEAD"}, {"PUT", "/v1/models/a/b", "GET, HEAD"},
		{"PUT", "/v1/conversations/conv_0", "GET, HEAD, PATCH, DELETE"}, {"POST", "/v1/ws", "GET"}, {"PROPFIND", "/v1/me", "GET, HEAD, PATCH, DELETE"},
		{"POST", "/readyz", "GET, HEAD"}, {"POST", "/", "GET, HEAD"}, {"DELETE", "/c/conv_0", "GET, HEAD"}, {"OPTIONS", "/v1/keys", "GET, HEAD, POST"},
	} {
		a := s.call(t, seeded, c.method, c.path, nil)
		allow := strings.Split(a.header.Get("Allow"), ", ")
		slices.Sort(allow)
		want := strings.Split(c.allow, ", ")
		slices.Sort(want)
		allow = slices.DeleteFunc(allow, func(m string) bool { return m == "OPTIONS" }) // echo counts it in
		if a.status != http.StatusMethodNotAllowed || a.code() != "method_not_allowed" || !slices.Equal(allow, want) {
			t.Errorf("%s %s: %d, Allow %v: %s", c.method, c.path, a.status, allow, a.body)
		}
	}
	a := s.call(t, seeded, "POST", "/v1/chat/completions", seeds[0], "Content-Type", "text/plain")
	if a.status != http.StatusUnsupportedMediaType || a.code() != "unsupported_media_type" {
		t.Errorf("text/plain: %d %s", a.status, a.body)
	}
}

var update = flag.Bool("update", false, "write the document that the page's types are made from")

// The page's types are made from a copy of the document, so that a change of the API that the page has not
// followed does not compile. `make api-types` writes both anew.
func TestPageKnowsThisAPI(t *testing.T) {
	t.Parallel()
	const file = "../../web/src/api/openapi.json"
	s := boot(t, "", nil, nil)
	now := s.must(t, http.StatusOK, credential{}, "GET", "/openapi.json", nil).body
	if *update {
		if err := os.WriteFile(file, append(now, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(kept), bytes.TrimSpace(now)) {
		t.Error("the API has changed: run `make api-types` and commit web/src/api")
	}
}
