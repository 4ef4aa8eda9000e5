package batching

import (
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/holdback"
)

// Request is one sequence to generate. The loop owns Sampler from the call of Generate on.
type Request struct {
	Prompt []int32 // at least one token
	// Pictures are the parts of the prompt that have embeddings, in order; none is at its end. The tokens there are
	// negative, and tell one picture from another.
	Pictures []Picture
	Limit    int // most tokens of the answer, at least one; Prompt and Limit together fit the cache
	Stop     []string
	Sampler  Sampler
	// Owner may reuse what was computed for its other sequences, and nobody else. Its adapter is what the sequence is computed with.
	Owner Owner
	// Volatile sequences leave nothing on a disk.
	Volatile bool
}

// Picture is a part of a prompt that has embeddings in place of tokens.
type Picture struct {
	At   int         // the token of the prompt where it begins
	Rows [][]float32 // one a token
}

// sequence is a request on its way. The upper fields belong to the loop's goroutine, the lower ones are
// shared with the caller, who reads as fast or as slowly as it likes: at most Limit pieces can wait.
type sequence struct {
	gone     <-chan struct{} // closed when the caller has left
	tokens   []int32         // the prompt and what was generated
	pictures []Picture
	prompt   int // how many of tokens are the prompt
	limit    int
	done     int     // how many of tokens are in the cache
	ready    int     // how many more can be in the batch being planned
	grant    int     // tokens of the batch being planned
	output   int     // entry of the batch where the next token is sampled, -1 if none
	guess    []int32 // tokens that may come next, and how often such guesses were right
	hits     float64
	drafted  int // how many of guess are in the batch
	slot     int32
	owner    Owner
	volatile bool
	ran      uint64 // the turn of adapters in which it was last computed
	sampler  Sampler
	text     *holdback.Filter
	logprobs []placedLogprob // of tokens whose text is held back

	mu       sync.Mutex
	news     chan struct{} // capacity 1: there is something to take
	pieces   []serving.Piece
	outcome  serving.Outcome
	admitted time.Time // to a slot, for the first time
	first    time.Time // when the first token came
	end      time.Time // zero until then
	err      error
}

// placedLogprob is the logprob of the token whose text begins at byte start of the answer.
type placedLogprob struct {
	start int
	chat.TokenLogprob
}

func newSequence(r Request, gone <-chan struct{}) *sequence {
	s := &sequence{
		gone: gone, prompt: len(r.Prompt), limit: r.Limit, slot: -1, hits: unsure,
		pictures: r.Pictures, owner: r.Owner, volatile: r.Volatile, sampler: r.Sampler,
		text: holdback.New(r.Stop), news: make(chan struct{}, 1),
	}
	s.tokens = append(make([]int32, 0, len(r.Prompt)+min(r.Limit, 256)), r.Prompt...)
	s.outcome.Usage.InputTokens = len(r.Prompt)
	return s
}

// pending counts the tokens that must be computed before the next one can be sampled. It is 1 for a
// sequence that is decoding.
func (s *sequence) pending() int { return len(s.tokens) - s.done }

func (s *sequence) decoding() bool { return s.pending() == 1 }

// most is how many cells the sequence can ever take. The last token of an answer is never computed.
func (s *sequence) most() int { return s.prompt + s.limit - 1 }

func (s *sequence) left() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// advance takes the sampled token. When that ends the sequence, it says why; finish must follow.
func (s *sequence) advance(out Sampled, now time.Time) (why chat.Finish, ended bool) {
	s.mu.Lock()
	if s.first.IsZero() {
		s.first = now
	}
	s.mu.Unlock()
	if out.End {
		s.deliver(s.text.Flush(), true)
		return chat.FinishStop, true
	}
	s.tokens = append(s.tokens, out.Token)
	s.learn(out.Token)
	start := s.text.Decoded()
	text, stopped := s.text.Push(out.Bytes)
	if out.Logprob != nil {
		s.logprobs = append(s.logprobs, placedLogprob{start, *out.Logprob})
	}
	s.count()
	switch {
	case stopped:
		s.deliver(text, false)
		return chat.FinishStop, true
	case len(s.tokens)-s.prompt >= s.limit:
		s.deliver(text+s.text.Flush(), true)
		return chat.FinishLength, true
	}
	s.deliver(text, false)
	return "", false
}

// deliver hands text to the caller, with the logprobs of the tokens of which it shows something; all
// also hands over those that spell nothing, at the end of an answer.
func (s *sequence) deliver(text string, all bool) {
	n := 0
	for n < len(s.logprobs) && (all || s.logprobs[n].start < s.text.Shown()) {
		n++
	}
	if text == "" && (n == 0 || !all) {
		return
	}
	piece := serving.Piece{Text: text}
	for _, p := range s.logprobs[:n] {
		piece.Logprobs = append(piece.Logprobs, p.TokenLogprob)
	}
	s.logprobs = s.logprobs[n:]
	s.mu.Lock()
	s.pieces = append(s.pieces, piece)
	s.mu.Unlock()
	s.notify()
}

// admit notes when the sequence got a slot, and how much of it was there already; one that was put back
// keeps what it found the first time.
func (s *sequence) admit(now time.Time, reused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admitted.IsZero() {
		s.admitted = now
		s.outcome.Usage.CachedTokens = reused
	}
}

func (s *sequence) count() {
	s.mu.Lock()
	s.outcome.Usage.OutputTokens++
	s.mu.Unlock()
}

// finish tells the caller that nothing more comes. What the sequence held must be free by then, since
// the caller may send the next one at once.
func (s *sequence) finish(why chat.Finish, err error, now time.Time) {
	s.mu.Lock()
	s.end, s.err, s.outcome.Finish = now, err, why
	s.mu.Unlock()
	s.notify()
}

func (s *sequence) notify() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// take returns what has come since the last call.
func (s *sequence) take() (pieces []serving.Piece, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pieces, s.pieces = s.pieces, nil
	return pieces, !s.end.IsZero()
}

// result is what the sequence has come to: at its end, or now for a caller who leaves early, while the
// loop may still count.
func (s *sequence) result(now time.Time) (serving.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.end.IsZero() {
		now = s.end
	}
	out := s.outcome
	out.Timings = chat.Timings{"prefill": 0, "decode": 0}
	switch {
	case s.admitted.IsZero():
	case s.first.IsZero():
		out.Timings["prefill"] = now.Sub(s.admitted).Milliseconds()
	default:
		out.Timings["prefill"] = s.first.Sub(s.admitted).Milliseconds()
		out.Timings["decode"] = now.Sub(s.first).Milliseconds()
	}
	return out, s.err
}
