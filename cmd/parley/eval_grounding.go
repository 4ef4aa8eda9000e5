package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/retrieval/beir"
	"github.com/parley-chat/parley/internal/retrieval/ground"
	"github.com/parley-chat/parley/internal/serving"
)

func newEvalGroundingCmd(o *options) *cobra.Command {
	var dir, model string
	var sources int
	var asJSON bool
	cfg := ground.DefaultConfig()
	cmd := &cobra.Command{
		Use:   "grounding --data DIR",
		Short: "Answer questions with quotes, and count those that hold the answer",
		Long: `grounding reads DIR/corpus.jsonl and DIR/queries.jsonl, whose questions have answers word by word in their passages
(as in XQuAD), and quotes sentences of the passages nearest to each question: once with all passages there, and once
without the one that has the answer, where nothing should be quoted.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			passages, questions, err := readQuestions(dir)
			if err != nil {
				return err
			}
			engine, err := o.engine(cmd, serving.KindEmbed, model)
			if err != nil {
				return err
			}
			defer func() { _ = engine.Close() }()
			next := 500 // it grows by some texts at a time
			e := ground.Remember(embedder{engine}, func(done int) {
				if done >= next {
					_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%d texts\n", done)
					next = done + 500
				}
			})
			report, err := ground.Measure(cmd.Context(), e, passages, questions, sources, cfg)
			if err != nil {
				return err
			}
			return show(cmd, report, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "data", "", "the folder with the questions")
	f.StringVar(&model, "model", "", "the embedding model (default: the default one)")
	f.IntVar(&sources, "sources", 5, "how many passages each question gets")
	f.Float64Var(&cfg.Meaning, "meaning", cfg.Meaning, "the part of vectors in a sentence's score; the rest is of words")
	f.Float64Var(&cfg.Around, "around", cfg.Around, "the part of the whole passage in a sentence's score")
	f.Float64Var(&cfg.Least, "least", cfg.Least, "the score below which nothing is quoted")
	f.Float64Var(&cfg.Near, "near", cfg.Near, "what part of the best score others must have")
	f.IntVar(&cfg.Most, "most", cfg.Most, "how many sentences are quoted at most")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("data") // fails for a flag that does not exist
	return cmd
}

// embedder asks an engine as ground does.
type embedder struct{ engine serving.Engine }

func (e embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	out, err := e.engine.Embed(ctx, serving.Texts(texts, false))
	return out.Vectors, err
}

// readQuestions reads passages and questions in the layout of BEIR, with answers.
func readQuestions(dir string) (passages []ground.Passage, questions []ground.Question, err error) {
	err = eachLine(filepath.Join(dir, "corpus.jsonl"), func(p struct {
		ID    string `json:"_id"`
		Title string `json:"title"`
		Text  string `json:"text"`
	}) {
		passages = append(passages, ground.Passage{ID: p.ID, Source: ground.Source{Title: p.Title, Text: p.Text}})
	})
	if err != nil {
		return nil, nil, err
	}
	err = eachLine(filepath.Join(dir, "queries.jsonl"), func(q struct {
		Text    string `json:"text"`
		Doc     string `json:"doc_id"`
		Answers []struct {
			Text string `json:"text"`
		} `json:"answers"`
	}) {
		one := ground.Question{Text: q.Text, Passage: q.Doc}
		for _, a := range q.Answers {
			one.Answers = append(one.Answers, a.Text)
		}
		questions = append(questions, one)
	})
	return passages, questions, err
}

// eachLine reads a file of JSON values, one a line.
func eachLine[T any](path string, use func(T)) error {
	return beir.EachLine(path, func(line []byte) error {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return err
		}
		use(v)
		return nil
	})
}
