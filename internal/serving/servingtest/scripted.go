package servingtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/holdback"
)

// Dim is the length of the vectors that Scripted embeds into.
const Dim = 8

// Scripted is a serving.Engine that needs no model. Its tokens are words with the space behind them.
// The zero value answers every prompt with Echo of it. Calls of tools are read from replies as Hermes
// writes them; a reply that is not what a request asks for becomes a simple one that is. An answer to be continued goes on where its text
// ends in the one that it would give anew. Set the fields before the first call.
type Scripted struct {
	Model   serving.Model // told by Info; a zero Kind answers both chat and embeddings
	Context int           // words of one conversation; 0 means 512
	Slots   int           // generations at once, further ones wait; 0 means 8

	// Replies are given in turn, and the last one ever after.
	Replies []string
	// Reply chooses the answer by the request. It is used when Replies is empty.
	Reply func(g serving.Generation) string

	// Gate, when not nil, is received from before every token: a send lets one token through, closing
	// it lets all flow.
	Gate chan struct{}
	// Started, when not nil, gets one value as each generation gets its slot. Give it room, or read it.
	Started chan struct{}

	// Fail, when not nil, ends each generation after FailAfter tokens. EmbedFail does so for Embed.
	Fail      error
	FailAfter int
	EmbedFail error

	once   sync.Once
	slots  chan struct{}
	done   chan struct{}
	mu     sync.Mutex
	closed bool
	asked  []serving.Generation
	active int
}

var _ serving.Engine = (*Scripted)(nil)

// Echo is the answer of a Scripted that was given none: it is long enough to stream and names the question.
func Echo(g serving.Generation) string {
	question := ""
	for _, m := range g.Messages {
		if m.Role != chat.Assistant {
			question = m.Text
		}
	}
	return fmt.Sprintf("You said %s. This is an answer of several words, so that there is something to "+
		"stream, to stop and to resume, and it ends here.", strings.Join(strings.Fields(question), " "))
}

func (s *Scripted) start() {
	s.once.Do(func() {
		if s.Context == 0 {
			s.Context = 512
		}
		if s.Slots == 0 {
			s.Slots = 8
		}
		s.slots = make(chan struct{}, s.Slots)
		s.done = make(chan struct{})
	})
}

// Asked returns the generations that got a slot, oldest first.
func (s *Scripted) Asked() []serving.Generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]serving.Generation(nil), s.asked...)
}

// Active counts the generations that hold a slot now.
func (s *Scripted) Active() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active
}

// Closed tells whether Close was called.
func (s *Scripted) Closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Generate implements serving.Engine.
func (s *Scripted) Generate(ctx context.Context, g serving.Generation, emit func(serving.Piece) error) (serving.Outcome, error) {
	s.start()
	var out serving.Outcome
	prompt, err := s.prompt(g)
	if err != nil {
		return out, err
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return out, ctx.Err()
	case <-s.done:
		return out, errClosed()
	}
	reply := s.admit(g)
	defer func() { s.mu.Lock(); s.active--; s.mu.Unlock() }()
	if s.Started != nil {
		s.Started <- struct{}{}
	}
	limit := s.Context - prompt
	if g.Params.MaxTokens > 0 {
		limit = min(limit, g.Params.MaxTokens)
	}
	out.Usage.InputTokens = prompt
	out.Timings = chat.Timings{"prefill": 0, "decode": 0}
	began := time.Now()
	answer := newCalls(g, emit)
	if err = s.stream(ctx, g.Params, Words(reply), limit, &out, answer.piece); err == nil {
		err = answer.finish(&out)
	}
	out.Timings["decode"] = time.Since(began).Milliseconds()
	return out, err
}

// Check implements serving.Engine.
func (s *Scripted) Check(g serving.Generation) error {
	s.start()
	_, err := s.prompt(g)
	return err
}

// prompt counts the tokens of the messages and refuses what cannot be answered.
func (s *Scripted) prompt(g serving.Generation) (tokens int, err error) {
	if s.Closed() {
		return 0, errClosed()
	}
	if s.Model.Kind == serving.KindEmbed {
		return 0, fault.Invalid("model %q only embeds: choose a chat model", s.Model.ID).At("model")
	}
	if n := len(g.Messages); g.Continue && (n == 0 || g.Messages[n-1].Role != chat.Assistant) {
		return 0, fault.Invalid("the last message must be an answer to go on with").At("messages")
	}
	for _, m := range g.Messages {
		tokens += len(Words(m.Text))
	}
	if err := checkForm(g); err != nil {
		return 0, err
	}
	if tokens >= s.Context {
		return 0, fault.Invalid("the prompt has %d tokens and the model's context holds %d", tokens, s.Context).
			At("messages").OfKind("context_length_exceeded")
	}
	return tokens, nil
}

// admit records the request and chooses its answer.
func (s *Scripted) admit(g serving.Generation) string {
	s.mu.Lock()
	s.asked = append(s.asked, g)
	n := len(s.asked)
	s.active++
	s.mu.Unlock()
	reply := formed(g, s.reply(g, n))
	if g.Continue {
		reply = strings.TrimPrefix(reply, g.Messages[len(g.Messages)-1].Text)
	}
	return reply
}

func (s *Scripted) reply(g serving.Generation, n int) string {
	switch {
	case len(s.Replies) > 0:
		return s.Replies[min(n, len(s.Replies))-1]
	case s.Reply != nil:
		return s.Reply(g)
	}
	return Echo(g)
}

func (s *Scripted) stream(ctx context.Context, p chat.Params, words []string, limit int, out *serving.Outcome, emit func(serving.Piece) error) error {
	text := holdback.New(p.Stop)
	var waiting []chat.TokenLogprob // of words whose text is held back
	out.Finish = chat.FinishStop
	for i, w := range words {
		if i == limit {
			out.Finish = chat.FinishLength
			break
		}
		if s.Fail != nil && i == s.FailAfter {
			return s.Fail
		}
		if err := s.step(ctx); err != nil {
			return err
		}
		out.Usage.OutputTokens++
		shown, stopped := text.Push([]byte(w))
		if p.Logprobs {
			waiting = append(waiting, logprob(w, p.TopLogprobs))
		}
		if stopped {
			return send(emit, shown, fitting(waiting, shown))
		}
		if shown == "" {
			continue
		}
		if err := send(emit, shown, waiting); err != nil {
			return err
		}
		waiting = nil
	}
	return send(emit, text.Flush(), waiting)
}

// step waits for the gate, and sees cancellation and Close.
func (s *Scripted) step(ctx context.Context) error {
	if s.Gate != nil {
		select {
		case <-s.Gate:
		case <-ctx.Done():
		case <-s.done:
		}
	}
	if s.Closed() {
		return errClosed()
	}
	return ctx.Err()
}

func send(emit func(serving.Piece) error, text string, tokens []chat.TokenLogprob) error {
	if text == "" {
		return nil
	}
	return emit(serving.Piece{Text: text, Logprobs: tokens})
}

// fitting keeps the tokens of which the shown text holds something.
func fitting(tokens []chat.TokenLogprob, shown string) []chat.TokenLogprob {
	length := 0
	for i, t := range tokens {
		if length >= len(shown) {
			return tokens[:i]
		}
		length += len(t.Bytes)
	}
	return tokens
}

func logprob(word string, top int) chat.TokenLogprob {
	t := chat.TokenLogprob{Token: word, Bytes: []byte(word), Logprob: math.Log(0.5)}
	for i := range top {
		rival := word
		if i > 0 {
			rival = fmt.Sprintf("rival%d ", i)
		}
		t.Top = append(t.Top, chat.TokenLogprob{
			Token: rival, Bytes: []byte(rival), Logprob: float64(i+1) * math.Log(0.5),
		})
	}
	return t
}

// Words splits text as Scripted counts it: each token is a word with the white space behind it.
func Words(text string) []string {
	var words []string
	for text != "" {
		n := strings.IndexAny(text, " \n\t")
		if n < 0 {
			return append(words, text)
		}
		for n < len(text) && strings.ContainsRune(" \n\t", rune(text[n])) {
			n++
		}
		words, text = append(words, text[:n]), text[n:]
	}
	return words
}

// Embed implements serving.Engine. Equal inputs have equal vectors, others most likely not.
func (s *Scripted) Embed(ctx context.Context, inputs []serving.Input) (serving.Embeddings, error) {
	s.start()
	var out serving.Embeddings
	switch {
	case s.Closed():
		return out, errClosed()
	case s.Model.Kind == serving.KindChat:
		return out, fault.Invalid("model %q does not embed: choose an embedding model", s.Model.ID).At("model")
	case s.EmbedFail != nil:
		return out, s.EmbedFail
	case ctx.Err() != nil:
		return out, ctx.Err()
	}
	for i, in := range inputs {
		count := len(Words(in.Text))
		key := in.Text
		if in.Tokens != nil {
			count, key = len(in.Tokens), fmt.Sprint(in.Tokens)
		}
		if count > s.Context {
			return serving.Embeddings{}, fault.Invalid("input %d has %d tokens and the model's window holds %d", i, count, s.Context).
				At("input").OfKind("context_length_exceeded")
		}
		out.Usage.InputTokens += count
		out.Vectors = append(out.Vectors, Vector(key))
	}
	return out, nil
}

// Vector is the unit vector that Scripted gives this text.
func Vector(text string) []float32 {
	v, sum := make([]float32, Dim), 0.0
	for i := range v {
		h := fnv.New64a()
		_, _ = fmt.Fprintf(h, "%d %s", i, text)
		v[i] = float32(h.Sum64()>>40)/float32(1<<23) - 1
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// Info implements serving.Engine.
func (s *Scripted) Info() serving.Info {
	s.start()
	info := serving.Info{Model: s.Model, Context: s.Context, Slots: s.Slots, MemoryBytes: 1 << 20, Description: "scripted"}
	if s.Model.Kind != serving.KindChat {
		info.Dim = Dim
	}
	return info
}

// Close implements serving.Engine.
func (s *Scripted) Close() error {
	s.start()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	return nil
}

func errClosed() error {
	return fault.Unavailable("the model was unloaded while it answered: ask again")
}
