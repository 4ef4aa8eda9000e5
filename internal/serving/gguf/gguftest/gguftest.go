// Package gguftest writes GGUF files for tests.
package gguftest

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/parley-chat/parley/internal/serving/gguf"
)

// Write writes a file, and the folders that it lies in.
func Write(t testing.TB, path string, w *gguf.Writer) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path) //nolint:gosec // in the test's own folder
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Numbers adds a tensor of float32, all of them the same.
func Numbers(w *gguf.Writer, name string, number float32, dims ...int64) {
	w.Tensor(name, gguf.F32, dims, func(out io.Writer) error {
		count := int64(1)
		for _, d := range dims {
			count *= d
		}
		numbers := make([]float32, count)
		for i := range numbers {
			numbers[i] = number
		}
		_, err := out.Write(gguf.AppendF32(nil, numbers))
		return err
	})
}

// WriteLora writes a LoRA adapter of rank 2 that changes nothing, for a weight blk.0.attn_q of so many columns and rows of a
// model of the architecture llama.
func WriteLora(t testing.TB, path string, columns, rows int64) {
	t.Helper()
	w := gguf.NewWriter()
	w.Set("general.architecture", "llama")
	w.Set("general.type", "adapter")
	w.Set("adapter.type", "lora")
	w.Set("adapter.lora.alpha", float32(2))
	Numbers(w, "blk.0.attn_q.weight.lora_a", 0, columns, 2)
	Numbers(w, "blk.0.attn_q.weight.lora_b", 0, 2, rows)
	Write(t, path, w)
}
