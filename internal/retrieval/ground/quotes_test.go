package ground

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// bag gives a text a vector that has its words' places set, so that texts with common words are alike.
type bag struct{ places map[string]int }

func (b bag) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, t := range texts {
		out[i] = make([]float32, 256)
		for w := range words(t) {
			at, known := b.places[w]
			if !known {
				at = len(b.places)
				b.places[w] = at
			}
			out[i][at] = 1
		}
		if length := dot(out[i], out[i]); length > 0 {
			out[i] = center([][]float32{out[i]})
		}
	}
	return out, nil
}

var harbour = []Source{
	{Title: "Harbour rules", Text: "The harbour opens at six. Ships over 80 metres need a pilot. Pilots are ordered a day before."},
	{Title: "Canteen", Text: "Soup is served from noon. It costs three euros.\n\nFriday is fish day."},
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		question string
		want     []string
	}{
		{"Which ships need a pilot?", []string{"Ships over 80 metres need a pilot."}},
		{"When is soup served?", []string{"Soup is served from noon."}},
		{"Is Friday the day of fish?", []string{"Friday is fish day."}},
		{"Who won the chess tournament?", nil},
		{"", nil},
	} {
		q, err := Quotes(t.Context(), bag{map[string]int{}}, c.question, harbour, Config{Meaning: 0.5, Around: 0.2, Least: 0.4, Near: 0.8, Most: 3})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range q.Spans {
			got = append(got, harbour[s.Source].Text[s.Start:s.End])
		}
		if !slices.Equal(got, c.want) || q.Score < 0 || q.Score > 1 {
			t.Errorf("%q: %q, score %.2f", c.question, got, q.Score)
		}
	}
}

// Sentences that follow each other are one quote; a paragraph's end parts them.
func TestQuotesAreJoined(t *testing.T) {
	t.Parallel()
	cfg := Config{Meaning: 0, Around: 1, Least: 0, Near: 0, Most: 10} // every sentence scores as its passage does
	q, err := Quotes(t.Context(), bag{map[string]int{}}, "soup", harbour, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range q.Spans {
		got = append(got, harbour[s.Source].Text[s.Start:s.End])
	}
	if want := []string{harbour[0].Text, "Soup is served from noon. It costs three euros.", "Friday is fish day."}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestNothingToQuote(t *testing.T) {
	t.Parallel()
	for _, sources := range [][]Source{nil, {{Title: "Empty"}}, {{Text: " \n "}}} {
		if q, err := Quotes(t.Context(), bag{map[string]int{}}, "soup", sources, DefaultConfig()); err != nil || len(q.Spans) > 0 {
			t.Errorf("%v: %+v, %v", sources, q, err)
		}
	}
	gone := errors.New("gone")
	if _, err := Quotes(t.Context(), broken{gone}, "soup", harbour, DefaultConfig()); !errors.Is(err, gone) {
		t.Errorf("a broken embedder: %v", err)
	}
}

type broken struct{ err error }

func (b broken) Embed(context.Context, []string) ([][]float32, error) { return nil, b.err }

// Whatever the text, spans are parts of it, in order, and cut no character.
func FuzzSentences(f *testing.F) {
	for _, s := range harbour {
		f.Add(s.Text)
	}
	f.Add("a\u0301.\r\n\x80 b? 他来了。")
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, s := range sentences(text) {
			if s.Start < end || s.End <= s.Start || s.End > len(text) || strings.TrimSpace(text[s.Start:s.End]) == "" {
				t.Fatalf("span %+v of %d bytes after %d", s, len(text), end)
			}
			end = s.End
		}
		words(text)
	})
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	passages := []Passage{{"h", harbour[0]}, {"c", harbour[1]}}
	questions := []Question{
		{"Which ships need a pilot?", "h", []string{"over 80 metres"}},
		{"How many euros is soup?", "c", []string{"three euros"}},
	}
	asked := 0
	e := Remember(bag{map[string]int{}}, func(done int) { asked = done })
	r, err := Measure(t.Context(), e, passages, questions, 1, Config{Meaning: 0.5, Around: 0.2, Least: 0.4, Near: 0.7, Most: 3})
	if err != nil || r.Questions != 2 || r.Found != 2 || r.Right < 1 || r.Refused != 2 || r.Area != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if want := 3 + 3 + 2; asked != want { // sentences and questions, each once
		t.Errorf("%d texts were embedded, want %d", asked, want)
	}
	questions[0].Passage = "none"
	if _, err := Measure(t.Context(), e, passages, questions, 1, DefaultConfig()); err == nil {
		t.Error("a question about no passage was measured")
	}
}
