package batching

import (
	"slices"
	"testing"
)

// painted is a prompt of words, a picture of n places with the given mark, and words.
func painted(before []int32, mark int32, n int, after []int32) Request {
	r := Request{Prompt: slices.Clone(before), Limit: 5, Owner: Owner{Tenant: "a"}, Pictures: []Picture{{At: len(before)}}}
	for i := range int32(n) {
		r.Prompt = append(r.Prompt, mark-i)
		r.Pictures[0].Rows = append(r.Pictures[0].Rows, []float32{float32(mark - i)})
	}
	r.Prompt = append(r.Prompt, after...)
	return r
}

// paint runs a request with a picture and returns how many tokens were reused.
func paint(t *testing.T, l *Loop, r Request) int {
	t.Helper()
	r.Sampler = &script{t: t, words: []string{"a", "b"}}
	run := begin(t.Context(), t, l, r, []string{"a", "b"}, nil)
	run.wait(t)
	if run.err != nil || run.text.String() != "ab" {
		t.Fatalf("answer %q, error %v", run.text.String(), run.err)
	}
	return run.out.Usage.CachedTokens
}

// Pictures are computed in steps of their own, which hold the right rows, and running streams go on between them.
func TestPicturesAlternateWithTokens(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: small(), gate: make(chan struct{}), began: make(chan struct{}, 1000)}
	l := start(t, f)
	stream := ask(t.Context(), t, l, 10, 60, slices.Repeat([]string{"w"}, 60), nil)
	<-f.began
	var runs []*run
	for i := range int32(2) {
		runs = append(runs, begin(t.Context(), t, l, painted(prompt(20), -1000*(i+1), 70, prompt(20)), []string{"a"}, nil))
	}
	waitInbox(t, l, 2)
	close(f.gate)
	for _, r := range append(runs, stream) {
		if r.wait(t); r.err != nil {
			t.Fatal(r.err)
		}
	}
	last := false
	for _, step := range f.history() {
		pictures := step[0].Embedding != nil
		for _, e := range step {
			if (e.Embedding != nil) != pictures {
				t.Fatalf("a step has tokens and pictures: %+v", step)
			}
			if pictures && (e.Token >= 0 || e.Embedding[0] != float32(e.Token) || e.Output) || !pictures && e.Token < 0 {
				t.Fatalf("a wrong entry: %+v", e)
			}
		}
		if pictures && last {
			t.Error("two steps of pictures follow each other while a stream runs")
		}
		last = pictures
	}
}

// A picture is reused as a whole or not at all: two that begin alike are two pictures.
func TestPicturesAreReusedWhole(t *testing.T) {
	t.Parallel()
	l := start(t, &fake{cfg: small()})
	before, after := prompt(10), prompt(30)
	one := painted(before, -1, 40, after)
	if n := paint(t, l, one); n != 0 {
		t.Errorf("the first reuses %d tokens", n)
	}
	if n := paint(t, l, one); n != 79 {
		t.Errorf("the same picture: %d tokens are reused, want 79", n)
	}
	other := painted(before, -1, 40, after)
	other.Prompt[10+25] = -999 // another one from its middle on
	if n := paint(t, l, other); n != 10 {
		t.Errorf("a picture that begins alike: %d tokens are reused, want the 10 before it", n)
	}
}
