package serving_test

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// An adapter shares the engine of its base, exists for its tenants only, and goes with its base.
func TestAdaptersShareTheBase(t *testing.T) {
	t.Parallel()
	base := modelA
	mine := serving.Model{ID: "mine", Kind: serving.KindChat, Path: "mine.gguf", Base: &base, Scale: 0.5, Tenants: []string{"t"}, About: serving.About{Size: 7}}
	theirs := serving.Model{ID: "theirs", Kind: serving.KindChat, Path: "theirs.gguf", Base: &base, Scale: 1, Tenants: []string{"other"}}
	engine := &servingtest.Scripted{}
	loads := 0
	loader := loaderFunc(func(m serving.Model) serving.Engine { loads++; engine.Model = m; return engine })
	s := serving.New(serving.DefaultConfig(), catalogue{base, mine, theirs}, loader, serving.NewMetrics(prometheus.NewRegistry()), zap.NewNop())
	t.Cleanup(func() { _ = s.Close(context.Background()) })

	if _, err := s.Resolve("t", serving.KindChat, "theirs"); fault.From(err).Kind != "model_not_found" {
		t.Errorf("another tenant's adapter: %v", err)
	}
	if m, err := s.Resolve("other", serving.KindChat, "theirs"); err != nil || m.ID != "theirs" {
		t.Errorf("one's own adapter: %q, %v", m.ID, err)
	}
	for _, m := range []serving.Model{base, mine} {
		if _, _, err := ask(s, m); err != nil {
			t.Fatal(err)
		}
	}
	asked := engine.Asked()
	if loads != 1 || engine.Model.ID != "a" || len(asked) != 2 {
		t.Fatalf("%d loads, last of %q, %d questions", loads, engine.Model.ID, len(asked))
	}
	if asked[0].Adapter != nil || asked[1].Adapter == nil || *asked[1].Adapter != (serving.Adapter{ID: "mine", Path: "mine.gguf", Scale: 0.5}) {
		t.Errorf("asked with the adapters %v and %v", asked[0].Adapter, asked[1].Adapter)
	}
	if got := loadedModels(t, s); got != "a mine" || s.Loaded()["mine"].MemoryBytes != 7 {
		t.Errorf("%q are loaded, mine with %d bytes", got, s.Loaded()["mine"].MemoryBytes)
	}
	if !s.Unload("mine") || loadedModels(t, s) != "" {
		t.Errorf("%q are loaded after the adapter went", loadedModels(t, s))
	}
}

type loaderFunc func(serving.Model) serving.Engine

func (f loaderFunc) Load(_ context.Context, m serving.Model) (serving.Engine, error) {
	return f(m), nil
}
