package gguf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/serving/gguf"
)

// small writes a model that passes every check. change may alter the writer before it is written.
func small(t testing.TB, change func(*gguf.Writer)) []byte {
	t.Helper()
	w := gguf.NewWriter()
	w.Set("general.architecture", "llama")
	w.Set("general.name", "tiny")
	w.Set("llama.context_length", uint32(128))
	w.Set("llama.embedding_length", uint32(32))
	w.Set("llama.block_count", uint32(2))
	w.Set("llama.attention.head_count", uint32(4))
	w.Set("tokenizer.ggml.tokens", []string{"<s>", "a", "b"})
	w.Set("tokenizer.ggml.token_type", []int32{3, 1, 1})
	w.Set("tokenizer.ggml.bos_token_id", uint32(0))
	w.Set("tokenizer.chat_template", "{{ messages }}")
	if change != nil {
		change(w)
	}
	row := make([]float32, 64)
	for i := range row {
		row[i] = float32(i) - 31.5
	}
	w.Tensor("token_embd.weight", gguf.Q80, []int64{32, 2}, func(out io.Writer) error {
		_, err := out.Write(gguf.AppendQ8_0(nil, row))
		return err
	})
	w.Tensor("output_norm.weight", gguf.F32, []int64{3}, func(out io.Writer) error {
		_, err := out.Write(gguf.AppendF32(nil, []float32{1, 2, 3}))
		return err
	})
	var b bytes.Buffer
	if n, err := w.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo: %d of %d bytes, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func read(raw []byte) (*gguf.File, error) { return gguf.Read(bytes.NewReader(raw), int64(len(raw))) }

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	f, err := read(small(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if name, _ := f.Text("general.name"); name != "tiny" {
		t.Errorf("name is %q", name)
	}
	if n, ok := f.Int("llama.context_length"); !ok || n != 128 {
		t.Errorf("context is %d, %v", n, ok)
	}
	tokens, err := f.Strings("tokenizer.ggml.tokens")
	if err != nil || !slices.Equal(tokens, []string{"<s>", "a", "b"}) {
		t.Errorf("tokens are %q, %v", tokens, err)
	}
	norm, err := io.ReadAll(f.Data(f.Tensors[1]))
	if want := gguf.AppendF32(nil, []float32{1, 2, 3}); err != nil || !bytes.Equal(norm, want) {
		t.Errorf("tensor data is %x, %v", norm, err)
	}
	if (f.DataOffset+f.Tensors[1].Offset)%32 != 0 {
		t.Errorf("the second tensor lies at %d, which is not aligned", f.DataOffset+f.Tensors[1].Offset)
	}
	s, err := f.Summarise()
	want := gguf.Summary{
		Architecture: "llama", Name: "tiny", Quantization: "Q8_0", Context: 128, Layers: 2, Embedding: 32,
		Vocabulary: 3, Parameters: 67, FileBytes: s.FileBytes, ChatTemplate: true,
	}
	if err != nil || s != want {
		t.Errorf("summary is %+v, %v", s, err)
	}
}

// TestEveryCut cuts a good file at every length: each must be refused, since the native loader would
// read beyond its end.
func TestEveryCut(t *testing.T) {
	t.Parallel()
	raw := small(t, nil)
	last := 3 * 4 // bytes of the last tensor
	end := len(raw) - (32 - last)
	for n := range end {
		if _, err := read(raw[:n]); err == nil {
			t.Fatalf("a file cut to %d of %d bytes was accepted", n, len(raw))
		}
	}
	if _, err := read(raw[:end]); err != nil {
		t.Errorf("a file without its last padding was refused: %v", err)
	}
}

func TestRefusesHostileFiles(t *testing.T) {
	t.Parallel()
	put := func(at int, n uint64) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint64(b[at:], n) }
	}
	swap := func(old, new string) func([]byte) {
		return func(b []byte) {
			at := bytes.Index(b, []byte(old))
			if at < 0 || len(old) != len(new) {
				panic("test is wrong: " + old)
			}
			copy(b[at:], new)
		}
	}
	after := func(key string, skip int, put func([]byte)) func([]byte) {
		return func(b []byte) { put(b[bytes.Index(b, []byte(key))+len(key)+skip:]) }
	}
	for name, c := range map[string]struct {
		spoil func([]byte)
		says  string
	}{
		"magic":             {func(b []byte) { b[0] = 'X' }, "begins with"},
		"version":           {func(b []byte) { b[4] = 9 }, "version 9"},
		"big endian":        {func(b []byte) { copy(b[4:], []byte{0, 0, 0, 3}) }, "version"},
		"tensor count":      {put(8, math.MaxUint64), "claims"},
		"tensor count, few": {put(8, 1<<17), "claims"},
		"pair count":        {put(16, 1<<40), "claims"},
		"key length":        {put(24, 1<<62), "string of"},
		"same key":          {swap("tokenizer.ggml.tokens", "tokenizer.ggml.tokenz"), "twice"},
		"value type":        {after("general.name", 0, func(b []byte) { b[0] = 77 }), "unknown"},
		"string length":     {after("general.name", 4, func(b []byte) { b[7] = 0x7f }), "string of"},
		"list length":       {after("tokenizer.ggml.tokens", 8, func(b []byte) { b[5] = 1 }), "claims"},
		"list in a list":    {after("tokenizer.ggml.tokens", 4, func(b []byte) { b[0] = 9 }), "nested"},
		"dimensions":        {after("token_embd.weight", 0, func(b []byte) { b[0] = 200 }), "dimensions"},
		"negative size":     {after("token_embd.weight", 4, func(b []byte) { b[7] = 0x80 }), "dimension of"},
		"overflowing shape": {after("token_embd.weight", 4, func(b []byte) { b[7], b[15] = 0x40, 0x40 }), "too large"},
		"half a block":      {after("token_embd.weight", 4, func(b []byte) { b[0] = 31 }), "whole blocks"},
		"tensor type":       {after("token_embd.weight", 20, func(b []byte) { b[0] = 4 }), "unknown type"},
		"tensor offset":     {after("output_norm.weight", 16, func(b []byte) { b[0] = 32 }), "expected at"},
		"offset far out":    {after("output_norm.weight", 16, func(b []byte) { b[6] = 1 }), "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := small(t, func(w *gguf.Writer) { w.Set("tokenizer.ggml.tokenz", "x") })
			c.spoil(raw)
			if _, err := read(raw); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("want an error with %q, got %v", c.says, err)
			}
		})
	}
}

func TestSummaryRefusesWhatTheLoaderTrusts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*gguf.Writer)
		says   string
	}{
		"token outside":    {func(w *gguf.Writer) { w.Set("tokenizer.ggml.eos_token_id", uint32(3)) }, "outside the vocabulary"},
		"token no number":  {func(w *gguf.Writer) { w.Set("tokenizer.ggml.eos_token_id", "2") }, "outside the vocabulary"},
		"no token is fine": {func(w *gguf.Writer) { w.Set("tokenizer.ggml.eos_token_id", int32(-1)) }, ""},
		"an adapter":       {func(w *gguf.Writer) { w.Set("general.type", "adapter") }, "general.type"},
		"a part":           {func(w *gguf.Writer) { w.Set("split.count", uint32(2)) }, "one of 2 parts"},
		"too few types":    {func(w *gguf.Writer) { w.Set("tokenizer.ggml.scores", []int32{1}) }, "scores has 1"},
		"scores of words":  {func(w *gguf.Writer) { w.Set("tokenizer.ggml.scores", []string{"1", "2", "3"}) }, "no list of numbers"},
		"scores no list":   {func(w *gguf.Writer) { w.Set("tokenizer.ggml.scores", uint32(1)) }, "no list of numbers"},
		"no tokenizer":     {func(w *gguf.Writer) { w.Set("tokenizer.ggml.model", "no_vocab") }, "not a text model"},
		"no bytes":         {func(w *gguf.Writer) { w.Set("tokenizer.ggml.model", "llama") }, "no token for the byte 0x00"},
		"no beginning":     {func(w *gguf.Writer) { w.Set("tokenizer.ggml.model", "bert") }, "seperator_token_id is not there"},
		"no end": {func(w *gguf.Writer) {
			w.Set("tokenizer.ggml.model", "gpt2")
			w.Set("tokenizer.ggml.add_eos_token", true)
		}, "eos_token_id is not there"},
		"layers":         {func(w *gguf.Writer) { w.Set("llama.nextn_predict_layers", uint32(3)) }, "outside 0 to 2"},
		"experts":        {func(w *gguf.Writer) { w.Set("llama.expert_used_count", uint32(3)) }, "do not add up"},
		"no expert used": {func(w *gguf.Writer) { w.Set("llama.expert_count", uint32(8)) }, "do not add up"},
		"too many":       {func(w *gguf.Writer) { w.Set("llama.expert_count", uint32(4096)) }, "outside 0 to 1024"},
		"uneven groups":  {func(w *gguf.Writer) { experts(w, 8, 2, 3, 1) }, "do not add up"},
		"even groups":    {func(w *gguf.Writer) { experts(w, 8, 2, 4, 2) }, ""},
		"used by layer": {func(w *gguf.Writer) {
			w.Set("llama.expert_count", uint32(8))
			w.Set("llama.expert_used_count", []int32{2, 9})
		}, "do not add up"},
		"heads by layer":    {func(w *gguf.Writer) { w.Set("llama.attention.head_count_kv", []int32{2, -9}) }, "outside 0 to"},
		"heads of words":    {func(w *gguf.Writer) { w.Set("llama.attention.head_count_kv", []string{"2"}) }, "neither a whole number"},
		"not a number":      {func(w *gguf.Writer) { w.Set("llama.rope.freq_base", float32(math.NaN())) }, "no finite number"},
		"negative":          {func(w *gguf.Writer) { w.Set("llama.attention.layer_norm_rms_epsilon", float32(-1)) }, "is negative"},
		"unknown scaling":   {func(w *gguf.Writer) { w.Set("llama.rope.scaling.type", "x") }, "unknown \"x\""},
		"alignment":         {func(w *gguf.Writer) { w.Set("general.alignment", uint32(3)) }, "power of two"},
		"alignment's type":  {func(w *gguf.Writer) { w.Set("general.alignment", "32") }, "power of two"},
		"pooling is embeds": {func(w *gguf.Writer) { w.Set("llama.pooling_type", uint32(3)) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "m.gguf")
			if err := os.WriteFile(path, small(t, c.change), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := gguf.Inspect(path)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("want %q, got %v", c.says, err)
			}
			if name == "pooling is embeds" && !s.Embeds {
				t.Error("a decoder with pooling should count as embedding")
			}
		})
	}
	if _, err := gguf.Inspect(t.TempDir()); err == nil {
		t.Error("a folder was accepted")
	}
}

func experts(w *gguf.Writer, count, used, groups, chosen uint32) {
	w.Set("llama.expert_count", count)
	w.Set("llama.expert_used_count", used)
	w.Set("llama.expert_group_count", groups)
	w.Set("llama.expert_group_used_count", chosen)
}

// TestVocabulary lays vocabularies before the checks that no change of another key can reach.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	var whole []string
	for b := range 256 {
		whole = append(whole, fmt.Sprintf("<0x%02X>", b))
	}
	for name, c := range map[string]struct {
		arch, model string
		tokens      []string
		types       []int32
		says        string
	}{
		"twice":              {"llama", "gpt2", []string{"a", "b", "a"}, nil, `token 2, "a", appears twice`},
		"twice after a zero": {"llama", "gpt2", []string{"a", "b", "a\x00b"}, nil, "appears twice"},
		"twice as empty":     {"llama", "gpt2", []string{"", "[EMPTY_0]"}, nil, "appears twice"},
		"all bytes":          {"llama", "llama", whole, nil, ""},
		"a byte in BERT":     {"bert", "bert", whole, append(make([]int32, 255), 6), "no tokens for single bytes"},
		"pictures":           {"clip", "llama", whole, nil, "sees pictures"},
		"too many tokens":    {"llama", "gpt2", make([]string, 1<<20+1), nil, "more than the 1048576 allowed"},
		"a huge token":       {"llama", "gpt2", []string{strings.Repeat("a", 1<<17)}, nil, "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gguf.NewWriter()
			w.Set("general.architecture", c.arch)
			for _, key := range []string{"context_length", "embedding_length", "block_count"} {
				w.Set(c.arch+"."+key, uint32(8))
			}
			w.Set("tokenizer.ggml.model", c.model)
			w.Set("tokenizer.ggml.tokens", c.tokens)
			if c.types != nil {
				w.Set("tokenizer.ggml.token_type", c.types)
			}
			w.Tensor("t", gguf.F32, []int64{1}, func(out io.Writer) error { _, err := out.Write(make([]byte, 4)); return err })
			var b bytes.Buffer
			if _, err := w.WriteTo(&b); err != nil {
				t.Fatal(err)
			}
			f, err := read(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Summarise(); c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("want %q, got %v", c.says, err)
			}
		})
	}
}

func TestWriterRefusesMisuse(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(*gguf.Writer){
		"key twice":    func(w *gguf.Writer) { w.Set("k", "1"); w.Set("k", "2") },
		"odd value":    func(w *gguf.Writer) { w.Set("k", struct{}{}) },
		"half a block": func(w *gguf.Writer) { w.Tensor("t", gguf.Q80, []int64{31}, nil) },
		"long name":    func(w *gguf.Writer) { w.Tensor(strings.Repeat("t", 64), gguf.F32, []int64{1}, nil) },
		"few bytes": func(w *gguf.Writer) {
			w.Tensor("t", gguf.F32, []int64{2}, func(out io.Writer) error { _, err := out.Write(make([]byte, 4)); return err })
		},
	} {
		w := gguf.NewWriter()
		use(w)
		if _, err := w.WriteTo(io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestHostileCountsCostNothing: what a header claims is never a reason to allocate. It is not parallel, since the
// allocations of other tests would count.
func TestHostileCountsCostNothing(t *testing.T) {
	raw := small(t, nil)
	places := []int{8, 16, 24} // counts of tensors and pairs, length of the first key
	for key, skip := range map[string]int{"general.name": 4, "tokenizer.ggml.tokens": 8, "tokenizer.ggml.token_type": 8} {
		places = append(places, bytes.Index(raw, []byte(key))+len(key)+skip)
	}
	for _, at := range places {
		for _, claim := range []uint64{1 << 20, 1 << 32, 1 << 62, math.MaxUint64} {
			spoilt := bytes.Clone(raw)
			binary.LittleEndian.PutUint64(spoilt[at:], claim)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := read(spoilt)
			if err == nil {
				_, err = f.Summarise()
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 || err == nil {
				t.Errorf("%d at byte %d: %d bytes allocated, error %v", claim, at, took, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	raw := small(f, nil)
	f.Add(raw)
	f.Add(raw[:100])
	f.Add(small(f, func(w *gguf.Writer) {
		w.Set("tokenizer.ggml.model", "llama")
		experts(w, 8, 2, 4, 2)
		w.Set("llama.attention.head_count_kv", []int32{2, 1})
	}))
	f.Add([]byte("GGUF\x03\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := read(raw)
		if err != nil {
			return
		}
		_, _ = file.Summarise()
		_, _ = file.Strings("tokenizer.ggml.tokens")
		for _, tensor := range file.Tensors {
			end := file.DataOffset + tensor.Offset + tensor.Bytes
			if tensor.Bytes < 0 || tensor.Offset < 0 || end > int64(len(raw)) {
				t.Fatalf("accepted tensor %q ends at %d of %d", tensor.Name, end, len(raw))
			}
		}
	})
}
