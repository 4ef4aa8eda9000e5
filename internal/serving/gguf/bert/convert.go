// Package bert makes a GGUF file from a sentence embedding model that is published as BERT weights in the
// safetensors format, such as all-MiniLM-L6-v2. It converts only what the engine then computes the same
// way: an uncased WordPiece vocabulary, absolute positions and mean pooling. Everything else is refused
// by name, since a model that is converted wrongly answers, and answers nonsense.
package bert

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/parley-chat/parley/internal/serving/gguf"
)

const fileTypeQ80 = 7 // general.file_type: "mostly Q8_0"

// config is the part of config.json that shapes the network.
type config struct {
	Type      string  `json:"model_type"`
	Hidden    int64   `json:"hidden_size"`
	Inner     int64   `json:"intermediate_size"`
	Layers    int64   `json:"num_hidden_layers"`
	Heads     int64   `json:"num_attention_heads"`
	Positions int64   `json:"max_position_embeddings"`
	Types     int64   `json:"type_vocab_size"`
	Vocab     int64   `json:"vocab_size"`
	Epsilon   float32 `json:"layer_norm_eps"`
	Act       string  `json:"hidden_act"`
	Position  string  `json:"position_embedding_type"`
}

// Convert reads config.json, tokenizer.json, 1_Pooling/config.json and model.safetensors of the folder dir
// and writes the model to dst, its matrices as Q8_0. It holds one tensor in memory at a time.
func Convert(ctx context.Context, name, dir string, dst io.Writer) error {
	cfg, err := readConfig(dir)
	if err != nil {
		return err
	}
	vocab, err := readVocabulary(dir, cfg.Vocab)
	if err != nil {
		return err
	}
	w, err := openWeights(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		return err
	}
	defer w.file.Close() //nolint:errcheck // opened for reading

	out := gguf.NewWriter()
	describe(out, name, cfg)
	vocab.describe(out, cfg)
	c := converter{ctx: ctx, out: out, from: w}
	c.network(cfg)
	_, err = out.WriteTo(dst)
	return err
}

func readConfig(dir string) (config, error) {
	var c config
	if err := readJSON(dir, "config.json", &c); err != nil {
		return c, err
	}
	var pooling struct {
		Mean bool `json:"pooling_mode_mean_tokens"`
		CLS  bool `json:"pooling_mode_cls_token"`
		Max  bool `json:"pooling_mode_max_tokens"`
		Sqrt bool `json:"pooling_mode_mean_sqrt_len_tokens"`
	}
	if err := readJSON(dir, filepath.Join("1_Pooling", "config.json"), &pooling); err != nil {
		return c, err
	}
	switch {
	case c.Type != "bert":
		return c, fmt.Errorf("model type %q cannot be converted, only bert", c.Type)
	case c.Act != "gelu" || c.Position != "absolute" && c.Position != "":
		return c, fmt.Errorf("a bert with activation %q and %q positions cannot be converted", c.Act, c.Position)
	case !pooling.Mean || pooling.CLS || pooling.Max || pooling.Sqrt:
		return c, fmt.Errorf("only mean pooling can be converted")
	case c.Epsilon <= 0:
		return c, fmt.Errorf("config.json lacks layer_norm_eps")
	}
	// The upper bounds keep products of these numbers far inside an int64 and memory within reason.
	for _, n := range []int64{c.Hidden, c.Inner, c.Layers, c.Heads, c.Positions, c.Types, c.Vocab} {
		if n < 1 || n > 1<<20 {
			return c, fmt.Errorf("config.json has a size of %d, outside 1 to %d", n, 1<<20)
		}
	}
	if c.Hidden%c.Heads != 0 || c.Hidden%32 != 0 || c.Inner%32 != 0 || c.Hidden > 1<<13 || c.Inner > 1<<15 || c.Layers > 1<<8 {
		return c, fmt.Errorf("a network of %d by %d with %d heads and %d layers cannot be converted", c.Hidden, c.Inner, c.Heads, c.Layers)
	}
	return c, nil
}

func readJSON(dir, name string, into any) error {
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func describe(out *gguf.Writer, name string, c config) {
	const poolMean = 1
	out.Set("general.architecture", "bert")
	out.Set("general.type", "model")
	out.Set("general.name", name)
	out.Set("general.file_type", uint32(fileTypeQ80))
	out.Set("general.quantization_version", uint32(2))
	out.Set("bert.block_count", uint32(c.Layers))
	out.Set("bert.context_length", uint32(c.Positions))
	out.Set("bert.embedding_length", uint32(c.Hidden))
	out.Set("bert.feed_forward_length", uint32(c.Inner))
	out.Set("bert.attention.head_count", uint32(c.Heads))
	out.Set("bert.attention.layer_norm_epsilon", c.Epsilon)
	out.Set("bert.attention.causal", false)
	out.Set("bert.pooling_type", uint32(poolMean))
}

// converter adds tensors to out that read themselves from the weights when they are written.
type converter struct {
	ctx  context.Context // of one Convert; the callbacks below outlive no call
	out  *gguf.Writer
	from *weights
}

// network adds every tensor that the engine wants. The pooler of the original is left out: it belongs to
// a training goal that no embedding uses.
func (c converter) network(cfg config) {
	h, inner := cfg.Hidden, cfg.Inner
	c.matrix("token_embd.weight", "embeddings.word_embeddings.weight", cfg.Vocab, h)
	c.exact("position_embd.weight", "embeddings.position_embeddings.weight", cfg.Positions, h)
	c.exact("token_types.weight", "embeddings.token_type_embeddings.weight", cfg.Types, h)
	c.norm("token_embd_norm", "embeddings.LayerNorm", h)
	for i := range cfg.Layers {
		to, from := fmt.Sprintf("blk.%d.", i), fmt.Sprintf("encoder.layer.%d.", i)
		c.linear(to+"attn_q", from+"attention.self.query", h, h)
		c.linear(to+"attn_k", from+"attention.self.key", h, h)
		c.linear(to+"attn_v", from+"attention.self.value", h, h)
		c.linear(to+"attn_output", from+"attention.output.dense", h, h)
		c.norm(to+"attn_output_norm", from+"attention.output.LayerNorm", h)
		c.linear(to+"ffn_up", from+"intermediate.dense", inner, h)
		c.linear(to+"ffn_down", from+"output.dense", h, inner)
		c.norm(to+"layer_output_norm", from+"output.LayerNorm", h)
	}
}

func (c converter) linear(to, from string, rows, row int64) {
	c.matrix(to+".weight", from+".weight", rows, row)
	c.exact(to+".bias", from+".bias", rows)
}

func (c converter) norm(to, from string, n int64) {
	c.exact(to+".weight", from+".weight", n)
	c.exact(to+".bias", from+".bias", n)
}

func (c converter) matrix(to, from string, rows, row int64) {
	c.add(to, gguf.Q80, gguf.AppendQ8_0, from, rows, row)
}

// exact keeps full precision: these tensors are small, and the engine adds them element by element.
func (c converter) exact(to, from string, shape ...int64) {
	c.add(to, gguf.F32, gguf.AppendF32, from, shape...)
}

func (c converter) add(to string, kind gguf.TensorType, pack func([]byte, []float32) []byte, from string, shape ...int64) {
	dims := make([]int64, len(shape)) // GGUF names the row length first
	for i, n := range shape {
		dims[len(shape)-1-i] = n
	}
	c.out.Tensor(to, kind, dims, func(w io.Writer) error {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		values, err := c.from.floats(from, shape...)
		if err != nil {
			return err
		}
		_, err = w.Write(pack(nil, values))
		return err
	})
}
