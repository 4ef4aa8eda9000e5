package ground

import "context"

// Remember asks an embedder for each text once, a few at a time, and tells how many of how many it has. It is for one
// goroutine.
func Remember(e Embedder, progress func(done int)) Embedder {
	return &memory{e: e, progress: progress, known: map[string][]float32{}}
}

type memory struct {
	e        Embedder
	progress func(done int)
	known    map[string][]float32
}

const together = 64 // texts of one request

func (m *memory) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	var missing []string
	seen := map[string]bool{}
	for _, t := range texts {
		if m.known[t] == nil && !seen[t] {
			seen[t] = true
			missing = append(missing, t)
		}
	}
	for len(missing) > 0 {
		n := min(together, len(missing))
		vectors, err := m.e.Embed(ctx, missing[:n])
		if err != nil {
			return nil, err
		}
		for i, v := range vectors {
			m.known[missing[i]] = v
		}
		missing = missing[n:]
		m.progress(len(m.known))
	}
	out := make([][]float32, len(texts))
	for i, t := range texts {
		out[i] = m.known[t]
	}
	return out, nil
}
