// Package retrieval finds passages for a question: by their words (text) and by their meaning (vector), and makes one list
// of both (Fuse). What is done with it is ground's.
package retrieval

import (
	"cmp"
	"slices"
)

// Hit is a passage that was found, with a score that is comparable within its list only.
type Hit struct {
	ID    uint64
	Score float64
}

// DefaultMeaning is the part that vectors have in a fused score.
const DefaultMeaning = 0.5

// Fuse makes one list of what was found by words and by vectors, each best first: a convex combination of their scores,
// with the part meaning for the vectors. Scores are brought to 0 to 1 by the least and the greatest of their list, which was
// better here than the least that is possible (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid
// Retrieval", 2023, compare both). What is in one list only has 0 for the other; where a list is empty, the other one stands.
func Fuse(words, vectors []Hit, meaning float64) []Hit {
	switch {
	case len(words) == 0:
		meaning = 1
	case len(vectors) == 0:
		meaning = 0
	}
	scores := map[uint64]float64{}
	add := func(hits []Hit, part float64) {
		for _, h := range hits {
			score := 1.0
			if best, least := hits[0].Score, hits[len(hits)-1].Score; best > least {
				score = (h.Score - least) / (best - least)
			}
			scores[h.ID] += part * score
		}
	}
	add(words, 1-meaning)
	add(vectors, meaning)
	return sorted(scores)
}

// rank is the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
const rank = 60

// FuseRanks makes one list by ranks alone: reciprocal rank fusion, for lists whose scores cannot be compared.
func FuseRanks(lists ...[]Hit) []Hit {
	scores := map[uint64]float64{}
	for _, hits := range lists {
		for i, h := range hits {
			scores[h.ID] += 1 / float64(rank+i+1)
		}
	}
	return sorted(scores)
}

func sorted(scores map[uint64]float64) []Hit {
	hits := make([]Hit, 0, len(scores))
	for id, s := range scores {
		hits = append(hits, Hit{id, s})
	}
	Sort(hits)
	return hits
}

// Sort puts the best first, and of those that are equally good the lower id.
func Sort(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
}
