package batching

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/serving"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tokens, want []int32 }{
		{[]int32{1, 2, 3}, nil},
		{[]int32{1, 2, 3, 4, 1, 2, 3}, []int32{4, 1, 2, 3}},
		{[]int32{1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3}, []int32{5, 1, 2, 3}}, // the last time
		{[]int32{1, 2, 3, 4, 0, 2, 3}, nil},
		{[]int32{7, 7, 7, 7}, []int32{7}},
	} {
		if got := lookup(c.tokens); !slices.Equal(got, c.want) {
			t.Errorf("after %v comes %v, want %v", c.tokens, got, c.want)
		}
	}
}

// What is in a picture is never guessed.
func TestLookupEndsAtPictures(t *testing.T) {
	t.Parallel()
	if got := lookup([]int32{1, 2, 3, 4, 5, -7, -8, 6, 1, 2, 3}); !slices.Equal(got, []int32{4, 5}) {
		t.Errorf("got %v", got)
	}
}

func TestCosts(t *testing.T) {
	t.Parallel()
	var c costs
	if c.of(3) != c.of(9) {
		t.Error("steps of unknown cost differ")
	}
	c.took(2, 2*time.Second)
	c.took(6, 4*time.Second)
	c.took(1000, time.Hour)
	for n, want := range map[int]float64{1: 2, 2: 2, 3: 2.5, 6: 4, 40: 4, 1000: 4} {
		if got := c.of(n); got != want {
			t.Errorf("a step of %d tokens costs %v, want %v", n, got, want)
		}
	}
}

// writer is a Sampler that says given tokens, and checks that each is sampled where it belongs.
type writer struct {
	t      *testing.T
	f      *fake
	prompt int
	says   []int32
	said   int
}

func (w *writer) Sample(entry int) (Sampled, error) {
	e := w.f.steps[len(w.f.steps)-1][entry]
	if !e.Output || int(e.Pos) != w.prompt+w.said-1 {
		w.t.Errorf("token %d is sampled at %+v", w.said, e)
	}
	if w.said > 0 && e.Token != w.says[w.said-1] {
		w.t.Errorf("token %d is sampled after a token that was not chosen", w.said)
	}
	if w.said == len(w.says) {
		return Sampled{End: true}, nil
	}
	w.said++
	return Sampled{Token: w.says[w.said-1], Bytes: []byte{byte('a' + w.says[w.said-1]%26)}}, nil
}

func (w *writer) Close() {}

// Answers that quote their prompt take fewer steps and are the same; others take no more tokens than plain
// ones once that is known.
func TestGuesses(t *testing.T) {
	t.Parallel()
	document := prompt(400)
	random := rand.New(rand.NewPCG(3, 4))
	quote := slices.Clone(document[100:300])
	for i := range quote {
		if random.IntN(25) == 0 {
			quote[i] = 7 // changed in a few places
		}
	}
	for name, c := range map[string]struct {
		says       []int32
		rigid      bool
		stop       string
		limit      int
		most, want int // steps, letters
	}{
		"quotes":          {says: quote, limit: 500, most: 120, want: 200},
		"quotes its end":  {says: document[380:], limit: 500, most: 21, want: 20},
		"does not":        {says: prompt(200), limit: 500, most: 203, want: 200},
		"repeats itself":  {says: slices.Repeat(prompt(10), 20), limit: 500, most: 70, want: 200},
		"is cut":          {says: quote, limit: 150, most: 120, want: 150},
		"cannot go back":  {says: quote, rigid: true, limit: 500, most: 300, want: 200},
		"shared document": {says: document[100:300], limit: 500, most: 60, want: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{rigid: c.rigid, cost: time.Millisecond, base: 4 * time.Millisecond, cfg: Config{Slots: 2, Batch: 512, Cells: 2000, Guesses: 15}}
			l := start(t, f)
			w := &writer{t: t, f: f, prompt: len(document), says: c.says}
			var text strings.Builder
			out, err := l.Generate(t.Context(), Request{Prompt: document, Limit: c.limit, Sampler: w}, func(p serving.Piece) error {
				text.WriteString(p.Text)
				return nil
			})
			if err != nil || text.Len() != c.want || out.Usage.OutputTokens < c.want {
				t.Errorf("%d letters, outcome %+v, error %v", text.Len(), out, err)
			}
			for i, letter := range []byte(text.String()) {
				if letter != byte('a'+c.says[i]%26) {
					t.Fatalf("letter %d is wrong", i)
				}
			}
			if n := len(f.history()); n > c.most {
				t.Errorf("%d steps for %d tokens, want at most %d", n, c.want, c.most)
			}
			l.Close()
			if w := l.Work(); int(w.Steps) != len(f.history()) || w.GuessedRight > w.Guessed || name == "quotes" && w.GuessedRight < 100 {
				t.Errorf("counted %+v", w)
			}
			computed := 0
			for _, batch := range f.history() {
				computed += len(batch)
			}
			if name == "does not" && computed > 400+200+20 {
				t.Errorf("%d tokens were computed for 600", computed)
			}
		})
	}
}
