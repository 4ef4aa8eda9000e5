package main

import (
	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/bench/nearest"
)

func newBenchIndexCmd() *cobra.Command {
	var n, dim, questions int
	var o nearest.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "index",
		Short: "Measure the index of vectors: recall, time and memory, under rights and after changes",
		Long: `index draws vectors around topics, looks for the nearest of some questions by comparing all of them, and prints how many
of those the index finds, what a question costs, and the same where only a part may be seen. With --python it asks hnswlib
and faiss as well; in a checkout, "make bench-index" installs them first.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = cmd.ErrOrStderr()
			o.Set = nearest.Clustered(n, dim, questions)
			report, err := nearest.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			return show(cmd, report, asJSON)
		},
	}
	f := cmd.Flags()
	f.IntVar(&n, "vectors", 100_000, "how many vectors")
	f.IntVar(&dim, "numbers", 384, "numbers of each vector")
	f.IntVar(&questions, "questions", 300, "how many questions")
	f.StringVar(&o.Python, "python", "", "a Python that has hnswlib, faiss and numpy")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
