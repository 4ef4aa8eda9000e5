package catalogue

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
)

// writeBase writes a small model that can be the base of an adapter.
func writeBase(t *testing.T, path string) {
	t.Helper()
	w := gguf.NewWriter()
	w.Set("general.architecture", "llama")
	w.Set("llama.context_length", uint32(128))
	w.Set("llama.embedding_length", uint32(8))
	w.Set("llama.block_count", uint32(1))
	w.Set("tokenizer.ggml.tokens", []string{"<s>", "a", "b"})
	w.Set("tokenizer.ggml.token_type", []int32{3, 1, 1})
	w.Set("tokenizer.ggml.bos_token_id", uint32(0))
	w.Set("tokenizer.chat_template", "{{ messages }}")
	gguftest.Numbers(w, "token_embd.weight", 0, 8, 3)
	gguftest.Numbers(w, "blk.0.attn_q.weight", 0, 8, 6)
	gguftest.Write(t, path, w)
}

func TestAdapterOfAModel(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := os.MkdirAll(b.models, 0o750); err != nil {
		t.Fatal(err)
	}
	writeBase(t, filepath.Join(b.models, "base.gguf"))
	file := filepath.Join(t.TempDir(), "mine.gguf")
	gguftest.WriteLora(t, file, 8, 6)
	a := Adapter{Base: "base", Scale: 0.5, Tenants: []string{"one"}}
	if err := b.AddAdapter(t.Context(), file, "mine", a, Silent{}); err != nil {
		t.Fatal(err)
	}
	models, err := b.Installed()
	if err != nil {
		t.Fatal(err)
	}
	var mine serving.Model
	for _, m := range models {
		if m.ID == "mine" {
			mine = m
		}
	}
	if mine.Base == nil || mine.Base.ID != "base" || mine.Scale != 0.5 || mine.Context != mine.Base.Context || mine.Kind != serving.KindChat {
		t.Errorf("the adapter is %+v", mine)
	}
	if !mine.For("one") || mine.For("two") || !mine.Root().For("two") {
		t.Error("want the adapter for the tenant one alone, and its base for all")
	}
	if m, ok, err := b.Default(serving.KindChat); err != nil || !ok || m.ID != "base" {
		t.Errorf("the default is %q, %v", m.ID, err)
	}
	if err := b.AddAdapter(t.Context(), file, "mine", a, Silent{}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the same id again: %v", err)
	}

	// Without its base it cannot be used, and is told with the reason.
	if err := b.Remove(t.Context(), "base", Silent{}); err != nil {
		t.Fatal(err)
	}
	if i, err := b.Catalogue.item("mine"); err != nil || i.Usable() || !strings.Contains(i.Problem, "adapter of base") {
		t.Errorf("without its base it is %+v, %v", i, err)
	}
	if err := b.Remove(t.Context(), "mine", Silent{}); err != nil {
		t.Fatal(err)
	}
}

func TestAdaptersThatAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := os.MkdirAll(b.models, 0o750); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(b.models, "base.gguf")
	writeBase(t, base)
	good, wide := filepath.Join(t.TempDir(), "good.gguf"), filepath.Join(t.TempDir(), "wide.gguf")
	gguftest.WriteLora(t, good, 8, 6)
	gguftest.WriteLora(t, wide, 8, 7)
	for name, c := range map[string]struct {
		file, id, why string
		a             Adapter
	}{
		"another shape":  {wide, "x", "do not fit", Adapter{Base: "base", Scale: 1}},
		"a model":        {base, "x", "not an adapter", Adapter{Base: "base", Scale: 1}},
		"no base":        {good, "x", "no model", Adapter{Base: "none", Scale: 1}},
		"no scale":       {good, "x", "scale", Adapter{Base: "base"}},
		"no id":          {good, "../x", "no model id", Adapter{Base: "base", Scale: 1}},
		"a missing file": {good + "x", "x", "no such file", Adapter{Base: "base", Scale: 1}},
	} {
		if err := b.AddAdapter(t.Context(), c.file, c.id, c.a, Silent{}); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// One that somebody copied into the folder says what to do.
	gguftest.WriteLora(t, filepath.Join(b.models, "lone.gguf"), 8, 6)
	if i, err := b.Catalogue.item("lone"); err != nil || i.State != StateDamaged || !strings.Contains(i.Problem, "parley model add") {
		t.Errorf("an adapter put there by hand is %+v, %v", i, err)
	}
}
