package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/retrieval/beir"
	"github.com/parley-chat/parley/internal/retrieval/ground"
	"github.com/parley-chat/parley/internal/serving"
)

func newEvalCitationsCmd(o *options) *cobra.Command {
	var model string
	var most int
	var asJSON bool
	cfg := ground.DefaultJudging()
	cmd := &cobra.Command{
		Use:   "citations DIR",
		Short: "Hold claims against passages that speak of them and against others, as citations are checked",
		Long: `citations reads DIR in the layout of BEIR, whose questions are claims (as in SciFact). Each claim is judged as a sentence
that cites the passage it belongs to, and as one that cites another passage, the one that has most of its words.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := beir.Read(args[0])
			if err != nil {
				return err
			}
			var passages []ground.Passage
			for _, p := range set.Passages {
				passages = append(passages, ground.Passage{ID: p.ID, Source: ground.Source{Text: p.Text}})
			}
			var claims []ground.Stated
			for _, q := range set.Questions[:min(most, len(set.Questions))] {
				claims = append(claims, ground.Stated{Text: q.Text, Passages: slices.Sorted(maps.Keys(q.Relevant))})
			}
			engine, err := o.engine(cmd, serving.KindEmbed, model)
			if err != nil {
				return err
			}
			defer func() { _ = engine.Close() }()
			next := 500
			e := ground.Remember(embedder{engine}, func(done int) {
				if done >= next {
					_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%d texts\n", done)
					next = done + 500
				}
			})
			report, err := ground.MeasureClaims(cmd.Context(), e, passages, claims, cfg)
			if err != nil {
				return err
			}
			return show(cmd, report, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "the embedding model (default: the default one)")
	f.IntVar(&most, "most", 300, "how many claims are judged")
	f.Float64Var(&cfg.Meaning, "meaning", cfg.Meaning, "the part of vectors in a claim's support; the rest is of words")
	f.Float64Var(&cfg.Least, "least", cfg.Least, "the support that a claim needs")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
