package llama

import (
	"math"

	"github.com/parley-chat/parley/internal/chat"
)

// logprob is the log probability of a token and of the best top tokens, over the whole vocabulary and
// before penalties, cuts and temperature.
func logprob(logits []float32, token, top int, pieces []string) *chat.TokenLogprob {
	best := largest(nil, logits, top)
	highest := float32(math.Inf(-1))
	for _, v := range logits {
		highest = max(highest, v)
	}
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v - highest))
	}
	norm := float64(highest) + math.Log(sum)
	entry := func(i int) chat.TokenLogprob {
		return chat.TokenLogprob{
			Token: string([]rune(pieces[i])), Bytes: []byte(pieces[i]),
			// A banned token has the logit minus infinity, which JSON cannot write.
			Logprob: max(-9999, float64(logits[i])-norm),
		}
	}
	out := entry(token)
	for _, i := range best {
		out.Top = append(out.Top, entry(int(i)))
	}
	return &out
}

// largest appends to best the places of the n largest values, largest first; of equal ones, the first. What is
// no number, as a spoilt model computes it, counts as the least. n is small.
func largest(best []int32, values []float32, n int) []int32 {
	if n == 0 {
		return best
	}
	for i, v := range values {
		full := len(best) == n
		if full && !greater(v, values[best[n-1]]) {
			continue
		}
		at := len(best)
		for at > 0 && greater(v, values[best[at-1]]) {
			at--
		}
		if !full {
			best = append(best, 0)
		}
		copy(best[at+1:], best[at:])
		best[at] = int32(i)
	}
	return best
}

// greater is a > b, where anything is greater than what is no number.
func greater(a, b float32) bool { return a > b || b != b && a == a }
