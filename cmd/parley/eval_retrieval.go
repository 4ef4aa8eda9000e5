package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/beir"
	"github.com/parley-chat/parley/internal/retrieval/index"
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
			e := &remembered{known: known, load: func() (serving.Engine, error) { return o.engine(cmd, serving.KindEmbed, model) }, told: cmd.ErrOrStderr()}
			log, questions, err := embedAll(cmd.Context(), e, set, lang)
			if err = errors.Join(err, e.close(), known.write(keep)); err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "parley-eval-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
			x := index.New(dir, log, zap.NewNop())
			defer x.Close()                                                         //nolint:errcheck // a temporary folder
			if _, err := x.Search(cmd.Context(), "", "", nil, nil, 1); err != nil { // it reads the log before it is measured
				return err
			}
			rows, err := set.Measure(searches(cmd.Context(), set, x, questions, meaning))
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

// corpus is a log of passages that never change.
type corpus []chat.PassageChange

// Latest implements index.Log.
func (c corpus) Latest(context.Context, string) (uint64, error) { return uint64(len(c)), nil }

// Changes implements index.Log.
func (c corpus) Changes(_ context.Context, _ string, after uint64, most int) ([]chat.PassageChange, error) {
	rest := c[after:]
	return rest[:min(most, len(rest))], nil
}

func searches(ctx context.Context, set beir.Set, x *index.Indexes, questions [][]float32, meaning float64) []beir.Search {
	find := func(i int, v []float32) (index.Found, error) {
		return x.Search(ctx, "", set.Questions[i].Text, v, []uint32{everybody}, beir.Depth)
	}
	both := func(join func(words, vectors []retrieval.Hit) []retrieval.Hit) func(int) ([]retrieval.Hit, error) {
		return func(i int) ([]retrieval.Hit, error) {
			f, err := find(i, questions[i])
			return join(f.ByWords, f.ByVector), err
		}
	}
	return []beir.Search{
		{Name: "words (BM25)", Find: func(i int) ([]retrieval.Hit, error) {
			f, err := find(i, nil)
			return f.ByWords, err
		}},
		{Name: "vectors", Find: both(func(_, v []retrieval.Hit) []retrieval.Hit { return v })},
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

// remembered embeds each text once. The model is loaded for the first that is not known.
type remembered struct {
	known  vectors
	load   func() (serving.Engine, error)
	told   io.Writer
	engine serving.Engine
	asked  int
}

// Embed implements retrieval.Embedder.
func (r *remembered) Embed(ctx context.Context, _ chat.Scope, texts []string) ([][]float32, string, error) {
	var missing []string
	for _, t := range texts {
		if r.known[t] == nil && !slices.Contains(missing, t) {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 && r.engine == nil {
		var err error
		if r.engine, err = r.load(); err != nil {
			return nil, "", err
		}
	}
	if len(missing) > 0 {
		got, err := embedder{r.engine}.Embed(ctx, missing)
		if err != nil {
			return nil, "", err
		}
		for i, t := range missing {
			r.known[t] = got[i]
		}
		if r.asked += len(missing); r.asked/1000 > (r.asked-len(missing))/1000 {
			_, _ = fmt.Fprintf(r.told, "%d texts\n", r.asked)
		}
	}
	out := make([][]float32, len(texts))
	for i, t := range texts {
		out[i] = r.known[t]
	}
	return out, "", nil
}

func (r *remembered) close() error {
	if r.engine == nil {
		return nil
	}
	return r.engine.Close()
}

// embedAll makes a log of the passages, and the questions' vectors, as search does.
func embedAll(ctx context.Context, e retrieval.Embedder, set beir.Set, lang string) (log corpus, questions [][]float32, err error) {
	const together = 16
	for some := range slices.Chunk(set.Passages, together) {
		texts := make([]string, len(some))
		for i, p := range some {
			texts[i] = p.Text
		}
		got, _, err := retrieval.Windows(ctx, e, chat.Scope{}, texts)
		if err != nil {
			return nil, nil, err
		}
		for i, t := range texts {
			n := uint64(len(log))
			log = append(log, chat.PassageChange{Seq: n + 1, ID: n, Live: true, Class: everybody, Lang: lang, Text: t, Vectors: got[i]})
		}
	}
	for _, q := range set.Questions {
		got, _, err := e.Embed(ctx, chat.Scope{}, retrieval.Cut(q.Text, retrieval.WindowBytes)[:1])
		if err != nil {
			return nil, nil, err
		}
		questions = append(questions, got[0])
	}
	return log, questions, nil
}
