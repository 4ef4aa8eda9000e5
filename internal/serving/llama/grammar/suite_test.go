package grammar_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving/llama/grammar"
)

// sampleSchemas are those of the JSON Schema test suite, by where they stand.
func sampleSchemas(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "..", "..", "shared", "testdata", "tools", "json-schema-test-suite", "tests")
	if d := os.Getenv("PARLEY_TEST_TOOLS"); d != "" {
		dir = filepath.Join(d, "json-schema-test-suite", "tests")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("needs ../shared/testdata/tools, or PARLEY_TEST_TOOLS: %v", err)
	}
	out := map[string]json.RawMessage{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var cases []struct {
			Description string
			Schema      json.RawMessage
		}
		if err := json.Unmarshal(raw, &cases); err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		for _, c := range cases {
			s := c.Schema
			if !strings.Contains(string(s), `"$schema"`) && strings.HasPrefix(string(s), "{") {
				rest := strings.TrimPrefix(string(s), "{")
				comma := ","
				if strings.TrimSpace(rest) == "}" {
					comma = ""
				}
				draft := map[string]string{"draft7": "http://json-schema.org/draft-07/schema#", "draft2019-09": "https://json-schema.org/draft/2019-09/schema"}[strings.Split(rel, string(filepath.Separator))[0]]
				if draft != "" {
					s = json.RawMessage(`{"$schema":"` + draft + `"` + comma + rest)
				}
			}
			out[rel+": "+c.Description] = s
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever fits a grammar fits its schema.
func TestSuite(t *testing.T) {
	t.Parallel()
	refused := map[string]int{}
	total, took := 0, time.Duration(0)
	schemas := sampleSchemas(t)
	for i, name := range slices.Sorted(maps.Keys(schemas)) {
		if testing.Short() && i%5 > 0 {
			continue
		}
		schema := schemas[name]
		total++
		began := time.Now()
		g := grammar.New()
		root, check, err := g.Schema(schema)
		text := ""
		if err == nil {
			text, err = g.Write(root)
		}
		if d := time.Since(began); d > took {
			took = d
			t.Logf("%s: %v, %d bytes", name, d, len(text))
		}
		if err != nil {
			f := fault.From(err)
			if f.Code != fault.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
			refused[f.Message]++
			t.Logf("refused: %s: %s", name, f.Message)
			continue
		}
		m, err := readGBNF(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 15 {
			out := m.random(r)
			if err := check.Text(out); err != nil {
				t.Errorf("%s\nschema %s\ntext %s\n%v", name, schema, out, err)
				break
			}
		}
	}
	n := 0
	for _, c := range refused {
		n += c
	}
	t.Logf("%d schemas, %d refused", total, n)
}
