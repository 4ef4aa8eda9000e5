package nearest

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// Set is vectors of unit length, and questions about them.
type Set struct {
	Name      string
	Dim       int
	Vectors   []float32 // of Dim numbers each
	Questions [][]float32
}

// Len counts the vectors.
func (s Set) Len() int { return len(s.Vectors) / s.Dim }

func (s Set) vector(i int) []float32 { return s.Vectors[i*s.Dim : (i+1)*s.Dim] }

// Clustered draws vectors around 500 topics. Some directions of the space matter more than others, as they do for texts, and
// none of them is that of one number.
func Clustered(n, dim, questions int) Set {
	r := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // the same each time
	fade := make([]float32, dim)
	for i := range fade {
		fade[i] = float32(math.Pow(float64(i+1), -0.35))
	}
	topics := make([][]float32, 500)
	for i := range topics {
		topics[i] = make([]float32, dim)
		for j := range topics[i] {
			topics[i][j] = float32(r.NormFloat64()) * fade[j]
		}
	}
	turned := newTurn(r, dim)
	draw := func(v []float32) {
		topic := topics[r.IntN(len(topics))]
		for j := range v {
			v[j] = topic[j] + 0.7*float32(r.NormFloat64())*fade[j]
		}
		turned.do(v)
		unit(v)
	}
	s := Set{Name: "clustered", Dim: dim, Vectors: make([]float32, n*dim)}
	for i := range n {
		draw(s.vector(i))
	}
	for range questions {
		v := make([]float32, dim)
		draw(v)
		s.Questions = append(s.Questions, v)
	}
	return s
}

// Of makes a set of vectors that are there: some of them, taken out, are the questions.
func Of(name string, all [][]float32, questions int) Set {
	s := Set{Name: name, Dim: len(all[0])}
	every := max(2, len(all)/max(1, questions))
	for i, v := range all {
		v = slices.Clone(v)
		unit(v)
		if i%every == 0 && len(s.Questions) < questions {
			s.Questions = append(s.Questions, v)
		} else {
			s.Vectors = append(s.Vectors, v...)
		}
	}
	return s
}

func unit(v []float32) {
	length := float32(math.Sqrt(float64(dot(v, v))))
	for i := range v {
		v[i] /= length
	}
}

func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// truth is the K nearest of each question among the vectors that each filter lets pass, by exact search: by filter and question.
func (s Set) truth(filters []func(i int) bool) [][][]int {
	found := make([][][]int, len(filters))
	for f := range found {
		found[f] = make([][]int, len(s.Questions))
	}
	var work sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		work.Go(func() {
			for q := part; q < len(s.Questions); q += parts {
				best := make([][]near, len(filters))
				for i := range s.Len() {
					score := dot(s.Questions[q], s.vector(i))
					for f, passes := range filters {
						if b := best[f]; (len(b) < K || score > b[K-1].score) && passes(i) {
							best[f] = insert(b, near{i, score})
						}
					}
				}
				for f, b := range best {
					for _, n := range b {
						found[f][q] = append(found[f][q], n.i)
					}
				}
			}
		})
	}
	work.Wait()
	return found
}

type near struct {
	i     int
	score float32
}

// insert keeps the K best in order.
func insert(b []near, n near) []near {
	at, _ := slices.BinarySearchFunc(b, n, func(a, n near) int {
		if a.score > n.score {
			return -1
		}
		return 1
	})
	return slices.Insert(b, at, n)[:min(K, len(b)+1)]
}
