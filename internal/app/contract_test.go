package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/edge/openapi"
)

// contract holds every answer of these tests against the document that the same server publishes: what
// the page and the clients are built from must be what is sent.
type contract struct {
	routes  []contractRoute
	compile func(pointer string) (*jsonschema.Schema, error)
}

type contractRoute struct {
	edge.Route
	path *regexp.Regexp
}

var param = regexp.MustCompile(`\\\{\w+\\\}`)

func newContract(routes []edge.Route) (*contract, error) {
	doc, err := openapi.Document(routes, "test")
	if err != nil {
		return nil, err
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("parley.json", parsed); err != nil {
		return nil, err
	}
	c := &contract{}
	var mu sync.Mutex
	c.compile = func(pointer string) (*jsonschema.Schema, error) {
		mu.Lock()
		defer mu.Unlock()
		return compiler.Compile("parley.json#" + pointer)
	}
	for _, r := range routes {
		pattern := param.ReplaceAllString(regexp.QuoteMeta(openapi.Path(r.Path)), `[^/]+`)
		c.routes = append(c.routes, contractRoute{r, regexp.MustCompile("^" + pattern + "$")})
	}
	return c, nil
}

// check fails the test for a JSON answer that is not what the document says.
func (c *contract) check(t testing.TB, method, path string, a answer) {
	t.Helper()
	if c == nil { // a server in another process, which does not tell its routes
		return
	}
	path, _, _ = strings.Cut(path, "?")
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || path == "/openapi.json" || method == http.MethodHead {
		return
	}
	for _, r := range c.routes {
		if r.Method != method || !r.path.MatchString(path) {
			continue
		}
		status := "default"
		if a.status < 300 {
			status = fmt.Sprint(max(r.Op.Status, http.StatusOK))
		}
		at := fmt.Sprintf("/paths/%s/%s/responses/%s/content/application~1json/schema",
			escape(openapi.Path(r.Path)), strings.ToLower(method), status)
		schema, err := c.compile(at)
		if err != nil {
			t.Errorf("%s %s answers %d, which the document does not tell: %v", method, path, a.status, err)
			return
		}
		body, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
		if err != nil {
			t.Errorf("%s %s: %v", method, path, err)
			return
		}
		if err := schema.Validate(body); err != nil {
			t.Errorf("%s %s answers what the document does not tell: %v\n%.500s", method, path, err, a.body)
		}
		return
	}
}

// checkSchema fails the test for JSON that is not as one of the document's schemas says.
func (c *contract) checkSchema(t testing.TB, name string, data []byte) {
	t.Helper()
	schema, err := c.compile("/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(body); err != nil {
		t.Errorf("not a %s: %v\n%.500s", name, err, data)
	}
}

// escape writes a key for a JSON pointer in a URL's fragment.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key)
}
