// Package arch holds the rules of who may import whom and who may name which table, as tests.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/parley-chat/parley/"

// The layers, lowest first. A package belongs to the layer whose root is the longest prefix of its path.
var (
	vocabulary = []string{"internal/chat", "internal/fault"}
	platform   = []string{"internal/config", "internal/telemetry", "internal/store", "internal/secrets", "internal/picture", "migrations"}
	features   = []string{"internal/conversation", "internal/tenancy", "internal/usage", "internal/idempotency",
		"internal/serving", "internal/backup", "internal/guardrails", "internal/sharing", "internal/prompts", "internal/retrieval", "internal/knowledge"}
	orchestrator = []string{"internal/orchestrator"}
	edge         = []string{"internal/edge"}
	top          = []string{"internal/app", "cmd", "configs", "web", "internal/bench"}
	testsOnly    = []string{"internal/arch", "internal/testkit"}
)

// exceptions are imports that break a rule for a reason.
var exceptions = map[string]string{
	"internal/edge/openaiapi -> internal/picture":                     "what a client sends is checked where it comes in",
	"internal/serving/servingtest -> internal/serving/llama/holdback": "the scripted engine holds stop strings back as the real one does",
}

// outside says which modules only some packages may use, with the reason.
var outside = []struct {
	module, reason string
	users          []string
}{
	{"github.com/labstack/echo", "HTTP is the edge's matter", []string{"internal/edge"}},
	{"github.com/hybridgroup/yzma", "native code stays behind serving.Engine", []string{"internal/serving/llama"}},
	{"github.com/jmoiron/sqlx", "SQL goes through store.Queryer", []string{"internal/store"}},
	{"github.com/tink-crypto/tink-go", "encryption is in one place", []string{"internal/secrets"}},
	{"github.com/nyaruka/phonenumbers", "personal data is found in one place", []string{"internal/guardrails"}},
	{"golang.org/x/image", "files of images are read in one place", []string{"internal/picture"}},
	{"github.com/spf13/cobra", "the command line is cmd's matter", []string{"cmd"}},
}

// tables says which package owns a table: only its SQL names it.
var tables = map[string]string{
	"tenants": "internal/tenancy", "users": "internal/tenancy", "sessions": "internal/tenancy",
	"api_keys": "internal/tenancy", "identities": "internal/tenancy",
	"invitations": "internal/tenancy", "user_groups": "internal/tenancy",
	"tenant_keys":   "internal/secrets",
	"conversations": "internal/conversation", "messages": "internal/conversation", "folders": "internal/conversation",
	"shares": "internal/sharing", "prompts": "internal/prompts",
	"usage_records": "internal/usage", "usage_days": "internal/usage", "idempotency_keys": "internal/idempotency",
	"model_defaults": "internal/serving/defaults",
	"files":          "internal/knowledge", "file_parts": "internal/knowledge", "knowledge_bases": "internal/knowledge",
	"knowledge_grants": "internal/knowledge", "documents": "internal/knowledge", "passages": "internal/knowledge",
	"knowledge_clocks": "internal/knowledge",
}

type file struct {
	path, pkg string
	test      bool
	ast       *ast.File
	text      string
}

func sources(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "node_modules" || n == ".git" || n == "testdata" || n == "data" || n == "tmpdeps" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files = append(files, file{
			path: filepath.ToSlash(rel), pkg: filepath.ToSlash(filepath.Dir(rel)),
			test: strings.HasSuffix(path, "_test.go"), ast: parsed, text: string(text),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files found: the walk is wrong", len(files))
	}
	return files
}

func (f file) imports() []string {
	var list []string
	for _, spec := range f.ast.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			list = append(list, path)
		}
	}
	return list
}

func within(pkg string, roots []string) string {
	for _, r := range roots {
		if pkg == r || strings.HasPrefix(pkg, r+"/") {
			return r
		}
	}
	return ""
}

func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, f := range sources(t) {
		for _, imp := range f.imports() {
			to, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			edgeName := f.pkg + " -> " + to
			if exceptions[edgeName] != "" {
				used[edgeName] = true
				continue
			}
			if why := forbidden(f, to); why != "" {
				t.Errorf("%s imports %s: %s", f.path, to, why)
			}
		}
	}
	for e := range exceptions {
		if !used[e] {
			t.Errorf("the exception %q is not needed any more", e)
		}
	}
}

// forbidden returns why a file may not import a package of ours, or "".
func forbidden(f file, to string) string {
	if within(to, testsOnly) != "" || strings.HasSuffix(to, "test") {
		if f.test || within(f.pkg, testsOnly) != "" || strings.HasSuffix(f.pkg, "test") {
			return ""
		}
		return "that package is for tests"
	}
	if within(to, vocabulary) != "" {
		if root := within(f.pkg, vocabulary); root != "" && !f.test {
			return "the vocabulary imports nothing of ours"
		}
		return ""
	}
	switch {
	case within(f.pkg, testsOnly) != "" || within(f.pkg, top) != "":
		if within(to, []string{"internal/app"}) != "" && within(f.pkg, []string{"cmd", "internal/bench", "internal/app"}) == "" {
			return "nobody but cmd imports app"
		}
		return ""
	case within(f.pkg, vocabulary) != "":
		return "the vocabulary imports nothing of ours"
	case within(f.pkg, platform) != "":
		if within(to, platform) != "" {
			return ""
		}
		return "the platform imports only the vocabulary and itself"
	case within(f.pkg, features) != "":
		if within(to, platform) != "" || within(to, features) == within(f.pkg, features) {
			return ""
		}
		return "a feature imports the vocabulary, the platform and its own subfolders"
	case within(f.pkg, orchestrator) != "":
		if within(to, platform) != "" || within(to, features) != "" || within(to, orchestrator) != "" {
			return ""
		}
		return "the orchestrator imports features and what is below them"
	case within(f.pkg, edge) != "":
		if within(to, append(slices.Concat(features, orchestrator, edge), "internal/config")) != "" {
			return ""
		}
		return "the edge imports features, the orchestrator and itself, and holds no SQL"
	}
	return "its folder is in no layer: add it to internal/arch"
}

func TestOutsideModulesStayInTheirPlace(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		for _, imp := range f.imports() {
			for _, o := range outside {
				if strings.HasPrefix(imp, o.module) && within(f.pkg, o.users) == "" && !f.test {
					t.Errorf("%s imports %s: %s", f.path, imp, o.reason)
				}
			}
		}
	}
}

// A statement names a table after one of these words.
var tableName = regexp.MustCompile(`(?i)\b(?:FROM|INTO|UPDATE|JOIN)\s+([a-z_]+)\b`)

func TestEachTableIsNamedByItsOwnerAlone(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || !strings.ContainsAny(lit.Value, " \n") {
				return true
			}
			for _, m := range tableName.FindAllStringSubmatch(lit.Value, -1) {
				owner, known := tables[m[1]]
				if !known {
					continue
				}
				seen[m[1]] = true
				if within(f.pkg, []string{owner}) == "" && looksLikeSQL(lit.Value) {
					t.Errorf("%s names the table %s, which belongs to %s", f.path, m[1], owner)
				}
			}
			return true
		})
	}
	for name := range tables {
		if !seen[name] {
			t.Errorf("no statement names the table %s: is the map out of date?", name)
		}
	}
}

func looksLikeSQL(s string) bool {
	return regexp.MustCompile(`\b(SELECT|INSERT|UPDATE|DELETE)\b`).MatchString(s)
}

// Every table of the schema has an owner in the map.
func TestEveryTableHasAnOwner(t *testing.T) {
	t.Parallel()
	create := regexp.MustCompile(`(?i)CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)`)
	for _, dialect := range []string{"sqlite", "postgres"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "migrations", dialect, "*.sql"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no migrations of %s: %v", dialect, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range create.FindAllStringSubmatch(string(text), -1) {
				if tables[m[1]] == "" {
					t.Errorf("%s makes the table %s, which no package owns", name, m[1])
				}
			}
		}
	}
}
