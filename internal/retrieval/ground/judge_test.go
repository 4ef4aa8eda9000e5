package ground

import (
	"context"
	"slices"
	"testing"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	const answer = "# Tides\nThe moon pulls the sea [S1]. It rises twice a day. [S1, S2]\nDoes it matter? Yes. Nobody knows why 【S3】"
	list, said := claims(answer, 2)
	type claim struct {
		text, said string
		cites      []int
	}
	want := []claim{
		{"The moon pulls the sea [S1].", "The moon pulls the sea.", []int{0}},
		{"It rises twice a day. [S1, S2]", "It rises twice a day.", []int{0, 1}},
		{"Nobody knows why 【S3】", "Nobody knows why", nil}, // there is no third source
	}
	if len(list) != len(want) {
		t.Fatalf("%+v", list)
	}
	for i, w := range want {
		if got := answer[list[i].Start:list[i].End]; got != w.text || said[i] != w.said || !slices.Equal(list[i].Cites, w.cites) {
			t.Errorf("%q, said %q, cites %v; want %+v", got, said[i], list[i].Cites, w)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	sources := []Source{
		{Title: "Harbour", Text: "The pier was built in 1911. It is 240 metres long. Ferries leave every hour."},
		{Title: "Park", Text: "Dogs must be on a lead in the park. It closes at dusk."},
	}
	cfg := DefaultJudging()
	for _, c := range []struct {
		answer    string
		supported []bool
	}{
		{"The pier was built in 1911 [S1].", []bool{true}},
		{"The pier was built in 1911 [S2].", []bool{false}},                          // the other source
		{"The pier was built in 1912 [S1].", []bool{false}},                          // another number
		{"The pier was built in 1911 and it is 240 metres long [S1].", []bool{true}}, // two sentences
		{"Ferries leave every hour. The mayor owns seven elephants.", []bool{true, false}},
		{"Hello there.", nil},
	} {
		list, err := Judge(context.Background(), bag{map[string]int{}}, c.answer, sources, cfg)
		if err != nil {
			t.Fatal(err)
		}
		var got []bool
		for _, claim := range list {
			got = append(got, claim.Support >= cfg.Least)
			if claim.Support > cfg.Least && sources[claim.Best.Source].Text[claim.Best.Start:claim.Best.End] == "" {
				t.Error("no place")
			}
		}
		if !slices.Equal(got, c.supported) {
			t.Errorf("%q: %+v", c.answer, list)
		}
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	cfg := Judging{Least: 0.5}
	if got := Unsupported([]Claim{{Support: 0.4}, {Support: 0.5}, {Support: 0.9}, {}}, cfg); got != 0.5 {
		t.Error(got)
	}
	if got := Unsupported(nil, cfg); got != 0 {
		t.Error(got)
	}
}

func TestMeasureClaims(t *testing.T) {
	t.Parallel()
	passages := []Passage{{ID: "a", Source: harbour[0]}, {ID: "b", Source: harbour[1]}}
	r, err := MeasureClaims(context.Background(), bag{map[string]int{}}, passages, []Stated{
		{Text: "The harbour opens at six.", Passages: []string{"a"}},
		{Text: "Soup is served from noon.", Passages: []string{"b"}},
	}, DefaultJudging())
	if err != nil || r.Claims != 2 || r.Area != 1 || r.Kept != 1 || r.Caught != 1 || len(r.Thresholds) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := MeasureClaims(context.Background(), bag{map[string]int{}}, passages, []Stated{{Text: "What is said.", Passages: []string{"c"}}}, DefaultJudging()); err == nil {
		t.Error("a claim without its passage is measured")
	}
}
