package eval

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
)

// Case is one answer to ask for.
type Case struct {
	Name   string
	Schema json.RawMessage // that the answer, or the arguments of its call, must fit
	Tool   string          // the function that must be called; "" for an answer by a schema
	ask    serving.Generation
}

// drafts are the versions of JSON Schema by the folder of the test suite.
var drafts = map[string]string{
	"draft7": "http://json-schema.org/draft-07/schema#", "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
	"draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}

// Cases draws n schemas, and takes the first calls functions of the simple ones, from a folder with bfcl and
// json-schema-test-suite in it.
func Cases(dir string, n, calls int, seed uint64) ([]Case, error) {
	suite, err := suiteCases(filepath.Join(dir, "json-schema-test-suite", "tests"))
	if err != nil {
		return nil, err
	}
	var tools, simple []Case
	for _, file := range []string{"simple_python", "multiple", "parallel", "parallel_multiple", "irrelevance"} {
		list, err := functionCases(filepath.Join(dir, "bfcl", file+".jsonl"))
		if err != nil {
			return nil, err
		}
		tools = append(tools, list...)
		if file == "simple_python" {
			simple = list
		}
	}
	all := slices.Concat(suite, tools)
	slices.SortFunc(all, func(a, b Case) int { return cmp.Compare(a.Name, b.Name) })
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a draw that can be repeated is the point
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	drawn := slices.Clone(all[:min(n, len(all))])
	for i := range drawn {
		drawn[i].Tool = ""
		drawn[i].ask.Tools = chat.ToolUse{}
		drawn[i].ask.Format = &chat.Format{Schema: drawn[i].Schema}
	}
	return append(drawn, simple[:min(calls, len(simple))]...), nil
}

func suiteCases(dir string) ([]Case, error) {
	var list []Case
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		raw, err := os.ReadFile(path) //nolint:gosec // the folder is the operator's own
		if err != nil {
			return err
		}
		var groups []struct {
			Description string
			Schema      json.RawMessage
		}
		if err := json.Unmarshal(raw, &groups); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		draft, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
		for i, g := range groups {
			list = append(list, Case{
				Name: fmt.Sprintf("%s/%d %s", filepath.ToSlash(rel), i, g.Description), Schema: dated(g.Schema, drafts[draft]),
				ask: serving.Generation{Messages: question("Write an example of JSON data for this: " + g.Description + ".")},
			})
		}
		return nil
	})
	return list, err
}

// dated says which version of JSON Schema a schema is in, where it does not itself.
func dated(schema json.RawMessage, draft string) json.RawMessage {
	var top map[string]json.RawMessage
	if json.Unmarshal(schema, &top) != nil || top == nil || top["$schema"] != nil {
		return schema
	}
	rest := strings.TrimPrefix(strings.TrimSpace(string(schema)), "{")
	if len(top) > 0 {
		rest = ", " + rest
	}
	return json.RawMessage(`{"$schema": "` + draft + `"` + rest)
}

func functionCases(file string) ([]Case, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var list []Case
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			ID       string `json:"_id"`
			Messages []struct{ Role, Content string }
			Tools    []struct {
				Function struct {
					Name, Description string
					Parameters        json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		var messages []chat.Message
		for _, m := range row.Messages {
			messages = append(messages, chat.Message{Role: chat.Speaker(m.Role), Text: m.Content})
		}
		for _, t := range row.Tools {
			tool := chat.Function{Name: t.Function.Name, Description: t.Function.Description, Parameters: t.Function.Parameters}
			list = append(list, Case{
				Name: row.ID + " " + tool.Name, Schema: tool.Parameters, Tool: tool.Name,
				ask: serving.Generation{Messages: messages, Tools: chat.ToolUse{Tools: []chat.Function{tool}, Mode: chat.ToolsRequired, Only: tool.Name}},
			})
		}
	}
	return list, lines.Err()
}

func question(text string) []chat.Message { return []chat.Message{{Role: chat.User, Text: text}} }
