package bert_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/bert"
)

// source is a tiny model in the form in which embedding models are published.
type source struct {
	config, pooling, tokenizer map[string]any
	shapes                     map[string][]int
	kind                       string // of the numbers
	cut                        int    // bytes to leave off
}

func tiny() *source {
	s := &source{
		kind: "F32",
		config: map[string]any{
			"model_type": "bert", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
			"max_position_embeddings": 4, "type_vocab_size": 2, "vocab_size": 7, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
		},
		pooling: map[string]any{"pooling_mode_mean_tokens": true},
		tokenizer: map[string]any{
			"added_tokens": []any{
				map[string]any{"id": 0, "content": "[PAD]", "special": true},
				map[string]any{"id": 1, "content": "[UNK]", "special": true},
				map[string]any{"id": 2, "content": "[CLS]", "special": true},
				map[string]any{"id": 3, "content": "[SEP]", "special": true},
				map[string]any{"id": 4, "content": "[MASK]", "special": true},
			},
			"normalizer": map[string]any{"type": "BertNormalizer", "lowercase": true},
			"model": map[string]any{
				"type": "WordPiece", "continuing_subword_prefix": "##",
				"vocab": map[string]any{"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "play": 5, "##ing": 6},
			},
		},
		shapes: map[string][]int{
			"embeddings.word_embeddings.weight": {7, 32}, "embeddings.position_embeddings.weight": {4, 32},
			"embeddings.token_type_embeddings.weight": {2, 32}, "pooler.dense.weight": {32, 32},
		},
	}
	norm := func(name string) { s.shapes[name+".weight"], s.shapes[name+".bias"] = []int{32}, []int{32} }
	linear := func(name string, rows, row int) {
		s.shapes[name+".weight"], s.shapes[name+".bias"] = []int{rows, row}, []int{rows}
	}
	norm("embeddings.LayerNorm")
	for _, part := range []string{"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"} {
		linear("encoder.layer.0."+part, 32, 32)
	}
	linear("encoder.layer.0.intermediate.dense", 64, 32)
	linear("encoder.layer.0.output.dense", 32, 64)
	norm("encoder.layer.0.attention.output.LayerNorm")
	norm("encoder.layer.0.output.LayerNorm")
	return s
}

// write puts the model into a folder. Number i of the tensors, in the order of their names, is i/1000.
func (s *source) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	index, data := map[string]any{"__metadata__": map[string]string{"format": "pt"}}, []byte{}
	for _, name := range slices.Sorted(maps.Keys(s.shapes)) {
		from, count := len(data), 1
		for _, n := range s.shapes[name] {
			count *= n
		}
		for range count {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(len(data)/4)/1000))
		}
		index[name] = map[string]any{"dtype": s.kind, "shape": s.shapes[name], "data_offsets": []int{from, len(data)}}
	}
	head, err := json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	weights := append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...)
	weights = append(weights, data...)
	put := func(name string, raw []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("model.safetensors", weights[:len(weights)-s.cut])
	for name, v := range map[string]any{"config.json": s.config, "1_Pooling/config.json": s.pooling, "tokenizer.json": s.tokenizer} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		put(name, raw)
	}
	return dir
}

func TestConvert(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := bert.Convert(t.Context(), "tiny", tiny().write(t), &out); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Read(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Summarise()
	if err != nil || !s.Embeds || s.Context != 4 || s.Embedding != 32 || s.Layers != 1 || s.Quantization != "Q8_0" || s.Name != "tiny" {
		t.Errorf("summary is %+v, %v", s, err)
	}
	tokens, err := f.Strings("tokenizer.ggml.tokens")
	if want := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2581play", "ing"}; err != nil || !slices.Equal(tokens, want) {
		t.Errorf("tokens are %q, %v", tokens, err)
	}
	for key, want := range map[string]int64{"bos": 2, "seperator": 3, "unknown": 1, "padding": 0, "mask": 4} {
		if got, ok := f.Int("tokenizer.ggml." + key + "_token_id"); !ok || got != want {
			t.Errorf("token %s is %d", key, got)
		}
	}
	if pooling, _ := f.Int("bert.pooling_type"); pooling != 1 {
		t.Errorf("pooling is %d", pooling)
	}
	got := map[string]gguf.Tensor{}
	for _, tensor := range f.Tensors {
		got[tensor.Name] = tensor
	}
	if len(got) != 5+16 {
		t.Errorf("%d tensors: %v", len(got), slices.Sorted(maps.Keys(got)))
	}
	up := got["blk.0.ffn_up.weight"]
	if !slices.Equal(up.Dims, []int64{32, 64}) || up.Type != gguf.Q80 {
		t.Errorf("ffn_up is %s %v", up.Type, up.Dims)
	}
	if norm := got["blk.0.layer_output_norm.bias"]; norm.Type != gguf.F32 || norm.Bytes != 128 {
		t.Errorf("layer_output_norm.bias is %s of %d bytes", norm.Type, norm.Bytes)
	}
	// The first tensor of the source by name is this norm's bias, so its numbers are known.
	first := make([]byte, 8)
	if _, err := f.Data(got["token_embd_norm.bias"]).ReadAt(first, 0); err != nil || math.Float32frombits(binary.LittleEndian.Uint32(first[4:])) != 0.001 {
		t.Errorf("token_embd_norm.bias begins with %x, %v", first, err)
	}
}

func TestConvertRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*source)
		says   string
	}{
		"another network":   {func(s *source) { s.config["model_type"] = "roberta" }, "roberta"},
		"relative position": {func(s *source) { s.config["position_embedding_type"] = "relative_key" }, "relative_key"},
		"another pooling":   {func(s *source) { s.pooling["pooling_mode_cls_token"] = true }, "mean pooling"},
		"no sizes":          {func(s *source) { delete(s.config, "hidden_size") }, "outside"},
		"huge sizes":        {func(s *source) { s.config["vocab_size"] = 1 << 40 }, "outside"},
		"odd heads":         {func(s *source) { s.config["num_attention_heads"] = 5 }, "5 heads"},
		"cased":             {func(s *source) { s.tokenizer["normalizer"] = map[string]any{"type": "BertNormalizer"} }, "uncased"},
		"vocabulary size":   {func(s *source) { s.config["vocab_size"] = 8 }, "7 tokens"},
		"ids clash": {func(s *source) {
			s.tokenizer["model"].(map[string]any)["vocab"].(map[string]any)["play"] = 0
		}, "taken"},
		"added id":       {func(s *source) { s.tokenizer["added_tokens"].([]any)[0].(map[string]any)["id"] = 99 }, "out of range"},
		"missing tensor": {func(s *source) { delete(s.shapes, "encoder.layer.0.output.dense.bias") }, "is missing"},
		"other shape":    {func(s *source) { s.shapes["encoder.layer.0.output.dense.bias"] = []int{31} }, "instead of"},
		"other numbers":  {func(s *source) { s.kind = "F16" }, "only F32"},
		"cut off":        {func(s *source) { s.cut = 1 }, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tiny()
			c.change(s)
			if err := bert.Convert(t.Context(), "tiny", s.write(t), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("want an error with %q, got %v", c.says, err)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := bert.Convert(ctx, "tiny", tiny().write(t), &bytes.Buffer{}); err == nil {
			t.Error("a cancelled conversion went on")
		}
	})
}
