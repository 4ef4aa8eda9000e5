package llama

import (
	"fmt"
	"math"

	"github.com/hybridgroup/yzma/pkg/llama"
)

// tokenEncoder gives each token of a text its vector, and the text its own from the same computation: the one that the
// model's way of pooling makes of those of its tokens.
type tokenEncoder struct {
	encoding
	pool llama.PoolingType
	dim  int
	pace *pace
}

// newTokenEncoder is nil for a model whose vectors are no plain pooling of its tokens', which a sample tells: some have
// layers that come after. The sample is a text with the vector that the model gives it.
func newTokenEncoder(cfg Config, m *model, window int, like *encoder, sample []int32, vector []float32) (*tokenEncoder, error) {
	pool := llama.GetPoolingType(like.long.ctx)
	if int(llama.ModelNEmbd(m.handle)) != like.dim {
		return nil, nil //nolint:nilnil // says that there is none
	}
	at, err := newEncoding(cfg, m, max(window, packTokens), llama.FlashAttentionTypeAuto, llama.PoolingTypeNone)
	if err != nil {
		return nil, err
	}
	e := &tokenEncoder{at, pool, like.dim, like.pace}
	vectors, _, err := e.encode([][]int32{sample})
	if err != nil || cosine(vectors[0], vector) < 0.99 {
		e.free()
		return nil, err
	}
	return e, nil
}

func (e *tokenEncoder) encode(texts [][]int32) (vectors [][]float32, tokens [][]int8, err error) {
	if err := e.compute(texts, e.pace); err != nil {
		return nil, nil, err
	}
	vectors, tokens = make([][]float32, len(texts)), make([][]int8, len(texts))
	row := int32(0)
	for i, text := range texts {
		pooled, all := make([]float32, e.dim), make([]float32, 0, len(text)*e.dim)
		for n := range text {
			v, err := llama.GetEmbeddingsIth(e.ctx, row, int32(e.dim)) //nolint:gosec // some hundreds
			if err != nil || v == nil {
				return nil, nil, fmt.Errorf("the library has no vector of token %d of text %d: %w", n, i, err)
			}
			row++
			all = append(all, v...)
			if e.pool == llama.PoolingTypeMean || e.pool == llama.PoolingTypeCLS && n == 0 || e.pool == llama.PoolingTypeLast && n == len(text)-1 {
				for j, x := range v {
					pooled[j] += x
				}
			}
		}
		vectors[i], tokens[i] = unit(pooled), signed(all)
	}
	return vectors, tokens, nil
}

// signed keeps vectors in a byte a number, by the greatest of all of them.
func signed(v []float32) []int8 {
	most := float32(0)
	for _, x := range v {
		most = max(most, x, -x)
	}
	out := make([]int8, len(v))
	if most == 0 {
		return out
	}
	for i, x := range v {
		out[i] = int8(math.Round(float64(x / most * math.MaxInt8)))
	}
	return out
}

func cosine(a, b []float32) float64 { // of unit vectors
	sum := 0.0
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}
