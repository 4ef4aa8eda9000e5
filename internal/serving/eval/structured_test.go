package eval_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/eval"
	"github.com/parley-chat/parley/internal/serving/llama"
)

func env(t *testing.T, key string) string {
	t.Helper()
	v := os.Getenv(key)
	if v == "" {
		t.Skipf("%s is not set: make test-models sets it", key)
	}
	return v
}

// A part of what `parley eval structured` does.
func TestStructured(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "..", "shared", "testdata", "tools"))
	if err != nil {
		t.Fatal(err)
	}
	if d := os.Getenv("PARLEY_TEST_TOOLS"); d != "" {
		dir = d
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("needs ../shared/testdata/tools, or PARLEY_TEST_TOOLS: %v", err)
	}
	cfg := llama.DefaultConfig()
	cfg.Dir, cfg.Context = env(t, "PARLEY_TEST_ENGINE"), 2048
	runtime, err := llama.Open(cfg, nil, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := runtime.Load(t.Context(), serving.Model{ID: "tiny", Kind: serving.KindChat, Path: env(t, "PARLEY_TEST_CHAT_MODEL")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	schemas, calls := 40, 20
	if testing.Short() {
		schemas, calls = 8, 4
	}
	cases, err := eval.Cases(dir, schemas, calls, 11)
	if err != nil {
		t.Fatal(err)
	}
	r, err := eval.Structured(t.Context(), e, cases, eval.Options{Seed: 11, Tokens: 96})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Schemas.Failed)+len(r.Calls.Failed) > 0 || r.Calls.Refusals() > 0 || r.Schemas.Fit < r.Schemas.Asked/3 {
		_ = r.Print(t.Output())
		t.Error("answers do not fit their schemas, or are refused")
	}
}
