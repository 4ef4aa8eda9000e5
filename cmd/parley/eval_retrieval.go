package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/beir"
	"github.com/parley-chat/parley/internal/retrieval/text"
	"github.com/parley-chat/parley/internal/retrieval/vector"
	"github.com/parley-chat/parley/internal/serving"
)

func newEvalRetrievalCmd(o *options) *cobra.Command {
	var model, lang, keep string
	var asJSON bool
	meaning := retrieval.DefaultMeaning
	cmd := &cobra.Command{
		Use:   "retrieval DIR",
		Short: "Search a corpus whose answers are known, by words, by vectors and by both",
		Long: `retrieval reads DIR in the layout of BEIR (corpus.jsonl, queries*.jsonl, qrels*.tsv), indexes it as Parley does, and
prints nDCG@10, recall@100 and the time of a search. Embedding takes most of the time: --vectors keeps what it gave.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := beir.Read(args[0])
			if err != nil {
				return err
			}
			known := vectors{}
			if err := known.read(keep); err != nil {
				return err
			}
			passages, questions, err := embedAll(cmd, o, model, set, known)
			if err = errors.Join(err, known.write(keep)); err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "parley-eval-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
			words, meanings, err := indexAll(set, passages, lang, dir)
			if err != nil {
				return err
			}
			defer func() { _ = words.Close() }()
			rows, err := set.Measure(searches(cmd.Context(), set, words, meanings, questions, meaning))
			if err != nil {
				return err
			}
			return show(cmd, rows, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "the embedding model (default: the default one)")
	f.StringVar(&lang, "lang", "en", "the language of the corpus")
	f.StringVar(&keep, "vectors", "", "a file that keeps vectors for the next time")
	f.Float64Var(&meaning, "meaning", meaning, "the part of vectors in a fused score")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// everybody is the one class of rights of a corpus.
const everybody = 1

func indexAll(set beir.Set, passages [][]float32, lang, dir string) (*text.Index, *vector.Scan, error) {
	words, err := text.Open(filepath.Join(dir, "words"))
	if err != nil {
		return nil, nil, err
	}
	meanings := vector.NewScan(len(passages[0]))
	var put []text.Passage
	for i, p := range set.Passages {
		put = append(put, text.Passage{ID: uint64(i), Class: everybody, Lang: lang, Text: p.Text})
		err := meanings.Put(uint64(i), everybody, passages[i])
		if err == nil && (len(put) == 500 || i == len(set.Passages)-1) {
			err = words.Change(put, nil, 0)
			put = put[:0]
		}
		if err != nil {
			return nil, nil, errors.Join(err, words.Close())
		}
	}
	return words, meanings, nil
}

func searches(ctx context.Context, set beir.Set, words *text.Index, meanings *vector.Scan, questions [][]float32, meaning float64) []beir.Search {
	byWords := func(i int) ([]retrieval.Hit, error) {
		return words.Search(ctx, set.Questions[i].Text, []uint32{everybody}, beir.Depth)
	}
	byVectors := func(i int) ([]retrieval.Hit, error) {
		return meanings.Search(questions[i], []uint32{everybody}, beir.Depth)
	}
	both := func(join func(words, vectors []retrieval.Hit) []retrieval.Hit) func(int) ([]retrieval.Hit, error) {
		return func(i int) ([]retrieval.Hit, error) {
			w, err := byWords(i)
			if err != nil {
				return nil, err
			}
			v, err := byVectors(i)
			return join(w, v), err
		}
	}
	return []beir.Search{
		{Name: "words (BM25)", Find: byWords},
		{Name: "vectors", Find: byVectors},
		{Name: "both, by ranks", Find: both(func(w, v []retrieval.Hit) []retrieval.Hit { return retrieval.FuseRanks(w, v) })},
		{Name: "both, by scores", Find: both(func(w, v []retrieval.Hit) []retrieval.Hit { return retrieval.Fuse(w, v, meaning) })},
	}
}

// vectors are those of texts.
type vectors map[string][]float32

func (v vectors) read(path string) error {
	f, err := os.Open(path) //nolint:gosec // named by who runs the command
	if path == "" || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	if err := gob.NewDecoder(f).Decode(&v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (v vectors) write(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path) //nolint:gosec // named by who runs the command
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(f).Encode(v), f.Close())
}

func embedAll(cmd *cobra.Command, o *options, model string, set beir.Set, known vectors) (passages, questions [][]float32, err error) {
	var missing []string
	seen := map[string]bool{}
	want := func(t string) {
		for _, part := range retrieval.Cut(t, retrieval.WindowBytes) {
			if known[part] == nil && !seen[part] {
				seen[part] = true
				missing = append(missing, part)
			}
		}
	}
	for _, p := range set.Passages {
		want(p.Text)
	}
	for _, q := range set.Questions {
		want(q.Text)
	}
	if len(missing) > 0 {
		engine, err := o.engine(cmd, serving.KindEmbed, model)
		if err != nil {
			return nil, nil, err
		}
		defer func() { _ = engine.Close() }()
		e := embedder{engine}
		const together = 32
		for at := 0; at < len(missing); at += together {
			some := missing[at:min(at+together, len(missing))]
			got, err := e.Embed(cmd.Context(), some)
			if err != nil {
				return nil, nil, err
			}
			for i, t := range some {
				known[t] = got[i]
			}
			if at/together%50 == 0 {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d texts\n", at, len(missing))
			}
		}
	}
	for _, p := range set.Passages {
		passages = append(passages, known.middle(p.Text))
	}
	for _, q := range set.Questions {
		questions = append(questions, known.middle(q.Text))
	}
	return passages, questions, nil
}

// middle is the mean of a text's windows, of unit length.
func (v vectors) middle(t string) []float32 {
	parts := retrieval.Cut(t, retrieval.WindowBytes)
	sum := make([]float32, len(v[parts[0]]))
	var length float64
	for _, p := range parts {
		for i, x := range v[p] {
			sum[i] += x
		}
	}
	for _, x := range sum {
		length += float64(x) * float64(x)
	}
	for i := range sum {
		sum[i] /= float32(math.Sqrt(length))
	}
	return sum
}
