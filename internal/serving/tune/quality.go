package tune

import (
	"context"
	"math"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// questions are of many kinds, so that the choice of the first token is open in some and clear in others.
var questions = []string{
	"What is the capital of France?",
	"Write a short poem about rain.",
	"Is 97 a prime number?",
	"Translate to German: Good morning, my friend.",
	"List three uses of a paper clip.",
	"Why is the sky blue?",
	"Fix the grammar: She go to school yesterday.",
	"Write a function in Python that reverses a list.",
	"What should I cook tonight with eggs and rice?",
	"Summarise: The meeting is moved to Thursday at ten, because the room is taken on Wednesday.",
	"Who wrote Hamlet?",
	"Continue the story: The door opened, and",
	"Explain gravity to a child.",
	"¿Qué hora es en Madrid cuando son las tres en Londres?",
	"Give me a title for an essay about friendship.",
	"Answer with yes or no: can penguins fly?",
}

const (
	// topTokens is how many tokens of a distribution are looked at; the others count together.
	topTokens = 64
	// firstTokens is how far an answer goes to show its first: a token can be a part of a character.
	firstTokens = 2
)

// distribution is the probability of the likeliest tokens by their spelling. Control tokens, which have none,
// count together.
type distribution map[string]float64

// firstTokens asks every question for the distribution of the first token of its answer. One that ends before
// it has begun has none.
func (r run) firstTokens(ctx context.Context) ([]distribution, error) {
	cold := 0.0
	all := make([]distribution, len(questions))
	for i, q := range questions {
		_, err := r.engine.Generate(ctx, serving.Generation{
			Messages: []chat.Message{{Role: chat.User, Text: q}},
			Params:   chat.Params{MaxTokens: firstTokens, Temperature: &cold, Logprobs: true, TopLogprobs: topTokens},
			Tenant:   "tune-questions", Volatile: true, // what the template puts before each is read once
		}, func(p serving.Piece) error {
			if all[i] == nil && len(p.Logprobs) > 0 {
				all[i] = distribution{}
				for _, t := range p.Logprobs[0].Top {
					all[i][string(t.Bytes)] += math.Exp(t.Logprob)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(known(all)) < len(questions)/2 {
		return nil, fault.Unavailable("the model answers too few questions for its quality to be measured")
	}
	return all, nil
}

func known(all []distribution) []int {
	var out []int
	for i, d := range all {
		if len(d) > 0 {
			out = append(out, i)
		}
	}
	return out
}

// divergence is the mean of the Kullback-Leibler divergences, in nats. A question that only one of them answers
// counts as a great one.
func divergence(source, candidate []distribution) float64 {
	sum := 0.0
	asked := known(source)
	for _, i := range asked {
		sum += source[i].divergence(candidate[i])
	}
	return sum / float64(len(asked))
}

// least is the probability of what is not among the likeliest tokens, as far as that cannot be told.
const least = 1e-6

// divergence is that of q from p, as far as the tokens that p names and the sum of the others show it.
func (p distribution) divergence(q distribution) float64 {
	floor := 1.0 // a token that q does not name is at most as likely as the least that it names
	for _, v := range q {
		floor = min(floor, v)
	}
	if len(q) == 0 {
		floor = least
	}
	sum, pRest, qRest := 0.0, 1.0, 1.0
	for token, v := range p {
		other, ok := q[token]
		if !ok {
			other = floor
		}
		v, other = max(v, least), max(other, least)
		sum += v * math.Log(v/other)
		pRest, qRest = pRest-v, qRest-other
	}
	pRest, qRest = max(pRest, least), max(qRest, least)
	return max(0, sum+pRest*math.Log(pRest/qRest))
}
