package tune

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
)

// run measures one loaded model.
type run struct {
	engine serving.Engine
	now    func() time.Time
}

const (
	streams   = 8
	oneTokens = 32 // of the answer that is measured alone
	manyEach  = 16 // of each of those measured together
	// leastTokens is how long an answer must be at least, on average.
	leastTokens = 8
)

// passage is a text of about promptTokens tokens, whatever the vocabulary.
var passage = strings.Repeat("The ferry leaves the old harbour at seven in the morning and reaches the island before noon, unless the wind turns. "+
	"Whoever wants to see the lighthouse should take the path along the cliffs, bring water, and be back by five o'clock. ", 11)

// speed measures once. Each prompt begins in its own way and has its own owner, so that nothing of another is reused.
func (r run) speed(ctx context.Context) (Speed, error) {
	var s Speed
	read, err := r.ask(ctx, "prefill", "Summarise this in one word. "+passage, 1)
	if err != nil {
		return s, err
	}
	s.Prefill = rate(read.out.Usage.InputTokens-read.out.Usage.CachedTokens, read.last.Sub(read.began))
	one, err := r.ask(ctx, "one", "Tell me a long story about a lighthouse and a ferry.", oneTokens)
	if err != nil {
		return s, err
	}
	s.One = together(one)
	var asked [streams]answer
	var failed [streams]error
	var readers sync.WaitGroup
	for i := range asked {
		readers.Go(func() {
			asked[i], failed[i] = r.ask(ctx, fmt.Sprint("eight", i), fmt.Sprintf("%d. Tell me a long story about the number %d.", i+1, i+1), manyEach)
		})
	}
	readers.Wait()
	for _, err := range failed {
		if err != nil {
			return s, err
		}
	}
	if s.Eight = together(asked[:]...); s.Prefill <= 0 || s.One <= 0 || s.Eight <= 0 {
		return s, errSilent
	}
	return s, nil
}

// answer is when one came.
type answer struct {
	out                serving.Outcome
	began, first, last time.Time
}

func (r run) ask(ctx context.Context, owner, text string, most int) (answer, error) {
	cold := 0.0
	a := answer{began: r.now()}
	var err error
	a.out, err = r.engine.Generate(ctx, serving.Generation{
		Messages: []chat.Message{{Role: chat.User, Text: text}},
		Params:   chat.Params{MaxTokens: most, Temperature: &cold},
		Tenant:   "tune-" + owner, Volatile: true,
	}, func(serving.Piece) error {
		if a.first.IsZero() {
			a.first = r.now()
		}
		return nil
	})
	a.last = r.now()
	return a, err
}

// together is how many tokens a second came between the first of all and the last; 0 when there are too few.
func together(all ...answer) float64 {
	tokens, first, last := 0, all[0].first, all[0].last
	for _, a := range all {
		tokens += a.out.Usage.OutputTokens - 1
		if a.first.Before(first) && !a.first.IsZero() {
			first = a.first
		}
		if a.last.After(last) {
			last = a.last
		}
	}
	if tokens < leastTokens*len(all) || first.IsZero() {
		return 0
	}
	return rate(tokens, last.Sub(first))
}

func rate(tokens int, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(tokens) / took.Seconds()
}
