package tune

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/testkit"
)

// worker is a scripted engine that takes time for each token that it reads and writes.
type worker struct {
	*servingtest.Scripted
	clock       *testkit.Clock // moves only when an engine works
	read, write time.Duration
	worse       time.Duration // how many times slower it is in the second round
	round       *int
}

func (w worker) Generate(ctx context.Context, g serving.Generation, emit func(serving.Piece) error) (serving.Outcome, error) {
	if w.worse > 0 && *w.round == 2 {
		w.read, w.write = w.read*w.worse, w.write*w.worse
	}
	w.clock.Add(w.read * time.Duration(len(servingtest.Words(g.Messages[0].Text))))
	return w.Scripted.Generate(ctx, g, func(p serving.Piece) error {
		w.clock.Add(w.write)
		return emit(p)
	})
}

// bench compares two workers, the models "source" and "candidate".
func bench(source, candidate worker) (*servingtest.Loader, Bench) {
	c := testkit.NewClock(time.Unix(1e9, 0))
	candidate.round = new(int)
	loader := &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		w := source
		if m.ID == "candidate" {
			w = candidate
			*w.round++
		}
		w.clock = c
		if w.Scripted == nil {
			w.Scripted = &servingtest.Scripted{Reply: story, Context: 4096}
		} else {
			w.Scripted = &servingtest.Scripted{Reply: w.Reply, Context: 4096, Fail: w.Fail}
		}
		return w
	}}
	return loader, Bench{Loader: loader, Now: c.Now}
}

func story(serving.Generation) string {
	return strings.Repeat("Once upon a time there was a ferry. ", 20)
}

var models = [2]serving.Model{{ID: "source"}, {ID: "candidate"}}

func TestCompare(t *testing.T) {
	t.Parallel()
	const slow, quick = 4 * time.Millisecond, time.Millisecond
	other := func(serving.Generation) string { return strings.Repeat("Never before was there a ship. ", 20) }
	for name, c := range map[string]struct {
		source, candidate worker
		within            time.Duration
		better            bool
		rounds            int
		says              string
	}{
		"faster":                 {worker{read: slow, write: slow}, worker{read: quick, write: quick}, 0, true, 3, "together"},
		"slower":                 {worker{read: quick, write: quick}, worker{read: slow, write: slow}, 0, false, 3, "together"},
		"the same":               {worker{read: slow, write: slow}, worker{read: slow, write: slow}, 0, false, 3, "together 1.00 times"},
		"says something else":    {worker{read: slow, write: slow}, worker{Scripted: &servingtest.Scripted{Reply: other}, read: quick, write: quick}, 0, false, 1, "the most that passes as equal"},
		"wins on a busy machine": {worker{read: slow, write: slow}, worker{read: quick, write: quick, worse: 40}, 0, false, 3, "at worst 0."},
		"no time for a second":   {worker{read: 10 * time.Second, write: slow}, worker{read: quick, write: quick}, time.Minute, true, 1, "together"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loader, b := bench(c.source, c.candidate)
			b.Within = c.within
			v, err := b.Compare(t.Context(), models[0], models[1])
			if err != nil || v.Better() != c.better || v.Rounds != c.rounds || !strings.Contains(v.String(), c.says) {
				t.Errorf("%v, better %v after %d rounds, error %v", v, v.Better(), v.Rounds, err)
			}
			for i, m := range loader.Loaded() { // in turns
				if m.ID != models[i%2].ID {
					t.Errorf("load %d was of %s", i, m.ID)
				}
			}
		})
	}
}

func TestCompareFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		candidate *servingtest.Scripted
		want      func(error) bool
	}{
		"breaks": {&servingtest.Scripted{Reply: story, Fail: broken}, func(err error) bool { return errors.Is(err, broken) }},
		"says too little": {&servingtest.Scripted{Reply: func(serving.Generation) string { return "Once " }},
			func(err error) bool { return fault.Is(err, fault.CodeUnavailable) }},
	} {
		_, b := bench(worker{read: 1, write: 1}, worker{Scripted: c.candidate, read: 1, write: 1})
		if _, err := b.Compare(t.Context(), models[0], models[1]); !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	loader, b := bench(worker{}, worker{})
	loader.Fail = broken
	if _, err := b.Compare(t.Context(), models[0], models[1]); !errors.Is(err, broken) {
		t.Errorf("load: %v", err)
	}
	slow := Bench{Now: time.Now, Within: time.Millisecond, Loader: &servingtest.Loader{Engine: func(serving.Model) serving.Engine {
		return &servingtest.Scripted{Reply: story, Context: 4096, Gate: make(chan struct{})} // never says a word
	}}}
	if _, err := slow.Compare(t.Context(), models[0], models[1]); !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(err.Error(), "longer than 1ms") {
		t.Errorf("too slow: %v", err)
	}
	_, b = bench(worker{}, worker{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Compare(ctx, models[0], models[1]); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The engines are freed whatever happens, else a server beside would find no memory.
func TestCompareCloses(t *testing.T) {
	t.Parallel()
	var all []*servingtest.Scripted
	b := Bench{Now: time.Now, Loader: &servingtest.Loader{Engine: func(serving.Model) serving.Engine {
		all = append(all, &servingtest.Scripted{Reply: story, Context: 4096, Fail: errors.New("broken"), FailAfter: 40 - 39*len(all)})
		return all[len(all)-1]
	}}}
	_, err := b.Compare(t.Context(), models[0], models[1])
	for i, e := range all {
		if !e.Closed() {
			t.Errorf("engine %d is still loaded after %v", i, err)
		}
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	s := Speed{Prefill: 512, One: 150, Eight: 50}
	if got := s.Seconds(); math.Abs(got-math.Sqrt(2*4)) > 1e-9 {
		t.Errorf("got %v", got)
	}
	v := Verdict{Source: s, Least: 1.01, Candidate: Speed{Prefill: 512 * 1.04, One: 150 * 1.04, Eight: 50 * 1.04}}
	if v.Better() {
		t.Error("four percent are not worth another file")
	}
	v.Rounds = rounds
	v.Candidate = Speed{Prefill: 512 * 1.06, One: 150 * 1.06, Eight: 50 * 1.06}
	if !v.Better() || math.Abs(v.Ratio()-1.06) > 1e-9 {
		t.Errorf("ratio is %v", v.Ratio())
	}
	if v.Rounds = 1; v.Better() {
		t.Error("after one round six percent may be chance")
	}
	if v.Rounds, v.Least = rounds, 0.9; v.Better() {
		t.Error("who loses a round is not better")
	}
	v.Least = 1.01
	if v.Divergence = 0.06; v.Better() {
		t.Error("another answer is no better one")
	}
}

func TestDivergence(t *testing.T) {
	t.Parallel()
	p := distribution{"a": 0.5, "b": 0.25}
	for name, c := range map[string]struct {
		q           distribution
		least, most float64
	}{
		"the same":       {distribution{"a": 0.5, "b": 0.25}, 0, 1e-12},
		"by hand":        {distribution{"a": 0.25, "b": 0.5}, 0.5*math.Ln2 - 0.25*math.Ln2 - 1e-9, 0.25*math.Ln2 + 1e-9},
		"one unknown":    {distribution{"a": 0.5, "c": 0.01}, 0.5, 2},
		"nothing common": {distribution{"x": 0.9, "y": 1e-9}, 5, 20},
		"nothing at all": {nil, 5, 20},
	} {
		if got := p.divergence(c.q); got < c.least || got > c.most {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := divergence([]distribution{p, nil, p}, []distribution{p, p, {"a": 0.25, "b": 0.5}}); math.Abs(got-0.125*math.Ln2) > 1e-9 {
		t.Errorf("the mean is %v", got)
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]int{"Q4_1": 1, "F16": 1, "Q8_0": 0, "MXFP4": 0, "type 99": 0} {
		if got := Candidates(kind); len(got) != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}
