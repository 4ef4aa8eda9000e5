package servingtest

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// RunEmbed checks an engine of an embedding model; the suite closes it.
func RunEmbed(t *testing.T, open func(t *testing.T) serving.Engine) {
	e := open(t)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if _, err := e.Embed(t.Context(), nil); !fault.Is(err, fault.CodeUnavailable) {
			t.Errorf("embedding after close ended with %v, want unavailable", err)
		}
	})
	t.Run("vectors", func(t *testing.T) { checkVectors(t, e) })
	t.Run("input too long", func(t *testing.T) {
		long := strings.Repeat("word ", e.Info().Context+1)
		_, err := e.Embed(t.Context(), []serving.Input{{Text: "short"}, {Text: long}})
		f := fault.From(err)
		if f == nil || f.Kind != "context_length_exceeded" || !strings.Contains(f.Message, "input 1") {
			t.Errorf("error is %v, want context_length_exceeded that names input 1", err)
		}
	})
	t.Run("does not chat", func(t *testing.T) {
		if e.Info().Model.Kind != serving.KindEmbed {
			t.Skip("this engine chats as well")
		}
		if a := try(t, e, request(nil)); !fault.Is(a.err, fault.CodeInvalid) {
			t.Errorf("error is %v, want an invalid request", a.err)
		}
	})
}

func checkVectors(t *testing.T, e serving.Engine) {
	texts := []string{"the cat sat on the mat", "stock prices fell", "the cat sat on the mat"}
	// Many inputs, so that they do not fit one batch.
	var inputs []serving.Input
	for range 20 {
		for _, s := range texts {
			inputs = append(inputs, serving.Input{Text: s})
		}
	}
	got, err := e.Embed(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Vectors) != len(inputs) || got.Usage == (chat.Usage{}) {
		t.Fatalf("%d vectors for %d inputs, usage %+v", len(got.Vectors), len(inputs), got.Usage)
	}
	for i, v := range got.Vectors {
		if len(v) != e.Info().Dim {
			t.Fatalf("vector %d has %d numbers, want %d", i, len(v), e.Info().Dim)
		}
		if n := math.Sqrt(dot(v, v)); math.Abs(n-1) > 1e-3 {
			t.Errorf("vector %d has length %v", i, n)
		}
	}
	if same := dot(got.Vectors[0], got.Vectors[2]); same < 0.999 {
		t.Errorf("equal texts are only %v alike", same)
	}
	if other := dot(got.Vectors[0], got.Vectors[1]); other > 0.9 {
		t.Errorf("different texts are %v alike", other)
	}
	one, err := e.Embed(t.Context(), inputs[1:2])
	if err != nil {
		t.Fatal(err)
	}
	if alone := dot(one.Vectors[0], got.Vectors[1]); alone < 0.999 {
		t.Errorf("a text alone and among others is only %v alike", alone)
	}
	checkTokens(t, e, inputs, got)
}

// checkTokens asks for the same vectors with those of the tokens, which an engine may leave out.
func checkTokens(t *testing.T, e serving.Engine, inputs []serving.Input, want serving.Embeddings) {
	t.Helper()
	inputs = slices.Clone(inputs)
	for i := range inputs {
		inputs[i].Each = true
	}
	got, err := e.Embed(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Vectors {
		if same := dot(v, want.Vectors[i]); same < 0.99 {
			t.Fatalf("with its tokens, text %d is only %v alike", i, same)
		}
	}
	if want.Each != nil {
		t.Error("tokens come unasked")
	}
	if got.Each == nil {
		return
	}
	if len(got.Each) != len(inputs) {
		t.Fatalf("tokens of %d texts, want %d", len(got.Each), len(inputs))
	}
	rows := 0
	for i, each := range got.Each {
		if len(each)%e.Info().Dim != 0 {
			t.Fatalf("text %d has %d bytes of tokens, of %d each", i, len(each), e.Info().Dim)
		}
		rows += len(each) / e.Info().Dim
	}
	if rows != got.Usage.InputTokens {
		t.Errorf("%d tokens have vectors, of %d", rows, got.Usage.InputTokens)
	}
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
