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

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/beir"
	"github.com/parley-chat/parley/internal/retrieval/index"
	"github.com/parley-chat/parley/internal/retrieval/late"
	"github.com/parley-chat/parley/internal/serving"
)

func newEvalRetrievalCmd(o *options) *cobra.Command {
	var model, lang, keep string
	var asJSON bool
	meaning, tokens := retrieval.DefaultMeaning, late.DefaultPart
	cmd := &cobra.Command{
		Use:   "retrieval DIR",
		Short: "Search a corpus whose answers are known, by words, by vectors, by both, and ranked again",
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
			all, err := embedAll(cmd.Context(), e, set, lang)
			if err = errors.Join(err, e.close(), known.write(keep)); err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "parley-eval-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
			x := index.New(dir, all.log, zap.NewNop())
			defer x.Close()                                                         //nolint:errcheck // a temporary folder
			if _, err := x.Search(cmd.Context(), "", "", nil, nil, 1); err != nil { // it reads the log before it is measured
				return err
			}
			rows, err := set.Measure(searches(cmd.Context(), set, x, all, meaning, tokens))
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
	f.Float64Var(&tokens, "tokens", tokens, "the part of tokens in the score of what is ranked again")
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

// material is what search has of a set: its passages with the packed tokens of each, and its questions.
type material struct {
	log       corpus
	tokens    [][]byte
	questions []retrieval.Embedded
}

func searches(ctx context.Context, set beir.Set, x *index.Indexes, all material, meaning, tokens float64) []beir.Search {
	find := func(i int, v []float32) (index.Found, error) {
		return x.Search(ctx, "", set.Questions[i].Text, v, []uint32{everybody}, beir.Depth)
	}
	both := func(join func(words, vectors []retrieval.Hit) []retrieval.Hit) func(int) ([]retrieval.Hit, error) {
		return func(i int) ([]retrieval.Hit, error) {
			f, err := find(i, all.questions[i].Vector)
			return join(f.ByWords, f.ByVector), err
		}
	}
	byScores := both(func(w, v []retrieval.Hit) []retrieval.Hit { return retrieval.Fuse(w, v, meaning) })
	again := func(i int) ([]retrieval.Hit, error) {
		hits, err := byScores(i)
		if err != nil {
			return nil, err
		}
		packed := make([][]byte, min(len(hits), late.Candidates))
		for n := range packed {
			packed[n] = all.tokens[hits[n].ID]
		}
		q := all.questions[i]
		if !late.Reads(retrieval.Cut(set.Questions[i].Text, retrieval.WindowBytes)[0], q.Each, len(q.Vector)) {
			return hits, nil
		}
		ranked, _, err := late.Rerank(hits, late.NewQuestion(q.Each, len(q.Vector)), packed, tokens)
		return ranked, err
	}
	return []beir.Search{
		{Name: "words (BM25)", Find: func(i int) ([]retrieval.Hit, error) {
			f, err := find(i, nil)
			return f.ByWords, err
		}},
		{Name: "vectors", Find: both(func(_, v []retrieval.Hit) []retrieval.Hit { return v })},
		{Name: "both, by ranks", Find: both(func(w, v []retrieval.Hit) []retrieval.Hit { return retrieval.FuseRanks(w, v) })},
		{Name: "both, by scores", Find: byScores},
		{Name: "ranked again by tokens", Find: again}, // the same again, for a model without
	}
}

// vectors are those of texts.
type vectors map[string]kept

// kept is what is kept of a text: the vectors of its windows, and its tokens as late.Pack has them.
type kept struct {
	Windows [][]float32
	Tokens  []byte
}

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

// remembered embeds each passage once. The model is loaded for the first text that is not known.
type remembered struct {
	known  vectors
	load   func() (serving.Engine, error)
	told   io.Writer
	engine serving.Engine
	asked  int
}

// Embed implements retrieval.Embedder, and remembers nothing.
func (r *remembered) Embed(ctx context.Context, _ chat.Scope, texts []string, each bool) (out []retrieval.Embedded, model string, err error) {
	if r.engine == nil {
		if r.engine, err = r.load(); err != nil {
			return nil, "", err
		}
	}
	got, err := r.engine.Embed(ctx, serving.Texts(texts, each))
	if err != nil {
		return nil, "", err
	}
	return app.Embedded(got), "", nil
}

// learn embeds the texts that are not known.
func (r *remembered) learn(ctx context.Context, texts []string) error {
	var missing []string
	for _, t := range texts {
		if _, known := r.known[t]; !known && !slices.Contains(missing, t) {
			missing = append(missing, t)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	got, _, err := retrieval.Windows(ctx, r, chat.Scope{}, missing, true)
	if err != nil {
		return err
	}
	for i, t := range missing {
		var k kept
		k.Windows, k.Tokens = late.Parts(got[i])
		r.known[t] = k
	}
	if r.asked += len(missing); r.asked/1000 > (r.asked-len(missing))/1000 {
		_, _ = fmt.Fprintf(r.told, "%d texts\n", r.asked)
	}
	return nil
}

func (r *remembered) close() error {
	if r.engine == nil {
		return nil
	}
	return r.engine.Close()
}

// embedAll makes a log of the passages, and the questions' vectors, as search does.
func embedAll(ctx context.Context, e *remembered, set beir.Set, lang string) (all material, err error) {
	const together = 16
	for some := range slices.Chunk(set.Passages, together) {
		texts := make([]string, len(some))
		for i, p := range some {
			texts[i] = p.Text
		}
		if err := e.learn(ctx, texts); err != nil {
			return all, err
		}
		for _, t := range texts {
			n, k := uint64(len(all.log)), e.known[t]
			all.log = append(all.log, chat.PassageChange{Seq: n + 1, ID: n, Live: true, Class: everybody, Lang: lang, Text: t, Vectors: k.Windows})
			all.tokens = append(all.tokens, k.Tokens)
		}
	}
	for some := range slices.Chunk(set.Questions, together) {
		texts := make([]string, len(some))
		for i, q := range some {
			texts[i] = retrieval.Cut(q.Text, retrieval.WindowBytes)[0]
		}
		got, _, err := e.Embed(ctx, chat.Scope{}, texts, true)
		if err != nil {
			return all, err
		}
		all.questions = append(all.questions, got...)
	}
	return all, nil
}
