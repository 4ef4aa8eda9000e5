package ground

import (
	"context"
	"strings"
	"testing"
)

type flat struct{}

func (flat) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i := range out {
		out[i] = make([]float32, 384)
		out[i][i%384] = 1
	}
	return out, nil
}

// What quoting costs besides the vectors: five sources of some hundred words.
func BenchmarkQuotes(b *testing.B) {
	text := strings.Repeat("The Panthers defense gave up just 308 points, ranking sixth in the league that year. ", 8)
	sources := make([]Source, 5)
	for i := range sources {
		sources[i] = Source{Title: "A season", Text: text}
	}
	for b.Loop() {
		if _, err := Quotes(b.Context(), flat{}, "How many points did the defense give up?", sources, DefaultConfig()); err != nil {
			b.Fatal(err)
		}
	}
}
