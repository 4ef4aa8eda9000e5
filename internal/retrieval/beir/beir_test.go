package beir

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/parley-chat/parley/internal/retrieval"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReadAndMeasure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "corpus.jsonl", `{"_id": "a", "title": "Ships", "text": "sail"}`+"\n"+`{"_id": "b", "text": "rest"}`+"\n"+`{"_id": "c", "text": "x"}`+"\n")
	write(t, dir, "queries.jsonl", `{"_id": "1", "text": "who sails?"}`+"\n"+`{"_id": "2", "text": "nobody asks"}`+"\n")
	write(t, dir, "qrels.tsv", "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t1\n2\tc\t0\n")
	s, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Passages) != 3 || s.Passages[0].Text != "Ships sail" || len(s.Questions) != 1 || s.Questions[0].Relevant["a"] != 2 {
		t.Fatalf("%+v", s)
	}
	answer := func(ids ...uint64) func(int) ([]retrieval.Hit, error) {
		return func(int) (hits []retrieval.Hit, err error) {
			for _, id := range ids {
				hits = append(hits, retrieval.Hit{ID: id})
			}
			return hits, nil
		}
	}
	rows, err := s.Measure([]Search{{"right", answer(0, 1)}, {"turned", answer(1, 0, 2)}, {"half", answer(2, 1)}, {"none", answer()}})
	if err != nil {
		t.Fatal(err)
	}
	second := 1 / math.Log2(3)
	for i, want := range [][3]float64{{1, 1, 1}, {(1 + 2*second) / (2 + second), 1, 1}, {second / (2 + second), 0.5, 1}, {0, 0, 0}} {
		if r := rows[i]; math.Abs(r.NDCG-want[0]) > 1e-9 || r.Recall != want[1] || r.Hit != want[2] {
			t.Errorf("%s: %+v, want %v", r.Name, r, want)
		}
	}
	write(t, dir, "qrels.more.tsv", "")
	if _, err := Read(dir); err == nil {
		t.Error("two files of judgements are read")
	}
}
