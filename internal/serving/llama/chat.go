package llama

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/batching"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
	"github.com/parley-chat/parley/internal/serving/prompt"
)

// chatEngine is a chat model with its context and the loop that owns it.
type chatEngine struct {
	info     serving.Info
	model    *model
	eyes     *eyes
	template *prompt.Template
	defaults sampling
	loras    *adapters
	decoder  *decoder
	loop     *batching.Loop
	shelf    *shelf.Part // nil without one

	// use is held for reading while a caller touches the model outside of the loop, so that Close does
	// not free it under its feet.
	use    sync.RWMutex
	closed bool
	once   sync.Once
}

var (
	_ serving.Engine = (*chatEngine)(nil)
	_ serving.Meter  = (*chatEngine)(nil)
)

func newChatEngine(cfg Config, m serving.Model, nat *model, sees *eyes, keep *shelf.Shelf) (*chatEngine, error) {
	tmpl, err := nat.template()
	if err != nil {
		return nil, fmt.Errorf("model %q: %w", m.ID, err)
	}
	nat.speak(append(tmpl.Calls().Markers(), prompt.ThinkingBegin, prompt.ThinkingEnd))
	window := contextOf(cfg, m, nat)
	cell := nat.cellBytes(cacheTypes[cfg.CacheType])
	kv := cacheOf(cfg, window, cell)
	loras := newAdapters(nat, m.Path)
	d, err := newDecoder(cfg, nat, kv, loras, sees.width)
	if errors.Is(err, errOnlyEncodes) {
		return nil, broken(m, "a model of the kind "+nat.arch+" cannot chat")
	}
	if err != nil {
		return nil, fault.Unavailable("there is not enough memory for the context of model %q: lower context, slots or cache_mb", m.ID).Because(err)
	}
	e := &chatEngine{
		model: nat, eyes: sees, template: tmpl, defaults: nat.defaults(), loras: loras, decoder: d,
		info: serving.Info{
			Model: m, Context: window, Slots: cfg.Slots, Description: llama.ModelDesc(nat.handle),
			MemoryBytes: llama.ModelSize(nat.handle) + uint64(kv.cells)*uint64(cell) + sees.memory(m),
		},
	}
	bounds := batching.Config{Slots: cfg.Slots, Batch: cfg.Batch, Cells: kv.cells, Step: cfg.Step, Turn: turn, Parts: !kv.unified, Guesses: cfg.Guesses}
	if !kv.unified {
		bounds.Gap = gap
	}
	if keep != nil {
		e.shelf = keep.Model(fingerprint(cfg, m, e.info.Description))
		bounds.Shelf = e.shelf
	}
	e.loop = batching.Start(d, bounds)
	return e, nil
}

// fingerprint differs for files and libraries whose computed states do not fit each other.
func fingerprint(cfg Config, m serving.Model, description string) string {
	name := fmt.Sprintf("%s, %s, %s", description, filepath.Base(cfg.Dir), cfg.CacheType)
	for _, path := range []string{m.Path, m.Projector} {
		if f, err := os.Stat(path); err == nil {
			name += fmt.Sprintf(", %d bytes of %d", f.Size(), f.ModTime().UnixNano())
		}
	}
	return name
}

// contextOf is how many tokens a conversation may have. What the catalogue says goes before the general
// setting, but no model sees further than it was trained for.
func contextOf(cfg Config, m serving.Model, nat *model) int {
	window := cfg.Context
	if m.Context > 0 {
		window = m.Context
	}
	if trained := int(llama.ModelNCtxTrain(nat.handle)); trained > 0 {
		window = min(window, trained)
	}
	return window
}

// turn is how long one adapter has the engine while another waits; see DESIGN.md for what a change costs.
const turn = 100 * time.Millisecond

// cache is the shape of a key-value cache.
type cache struct {
	cells   int  // tokens that it holds
	unified bool // all slots share the cells; else each has its equal part
}

// gap is how many unused tokens cost less than computing a batch in two parts, which is what llama.cpp
// does where the parts of the cache that a batch uses are no neighbours.
const gap = 4

// cacheOf fits the cache into the memory setting. With a part for each slot that holds a whole
// conversation, attention looks at nothing but its own conversation. Where that is too much memory, the
// slots share what there is, at least one whole conversation, and attention has to skip the others'
// cells. llama.cpp wants multiples of 256.
func cacheOf(cfg Config, window, cellBytes int) cache {
	part := (window + 255) / 256 * 256
	room := cfg.CacheMB << 20 / cellBytes
	if part*cfg.Slots <= room {
		return cache{cells: part * cfg.Slots}
	}
	return cache{cells: max(part, room/256*256), unified: true}
}

// Generate implements serving.Engine.
func (e *chatEngine) Generate(ctx context.Context, g serving.Generation, emit func(serving.Piece) error) (serving.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return serving.Outcome{}, err
	}
	calls := e.template.Calls()
	f, err := formOf(g, calls)
	if err != nil {
		return serving.Outcome{}, err
	}
	r, thinks, err := e.request(g, f)
	if err != nil {
		return serving.Outcome{}, err
	}
	if thinks {
		emit = thinking(emit)
	}
	answer := newReader(g, f, calls, emit)
	return answer.finish(e.loop.Generate(ctx, r, answer.piece))
}

// Check implements serving.Engine.
func (e *chatEngine) Check(g serving.Generation) error {
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return errUnloaded()
	}
	f, err := formOf(g, e.template.Calls())
	if err != nil {
		return err
	}
	_, err = e.prompt(g, f, true)
	return err
}

// thinking puts before an answer the mark of the thinking that its prompt has begun.
func thinking(emit func(serving.Piece) error) func(serving.Piece) error {
	begun := false
	return func(p serving.Piece) error {
		if !begun {
			begun = true
			if err := emit(serving.Piece{Text: prompt.ThinkingBegin + "\n"}); err != nil {
				return err
			}
		}
		return emit(p)
	}
}

// request does all that needs no slot: rendering, tokens, the check of the length, the sampler. It tells whether the
// answer begins with the model's thinking.
func (e *chatEngine) request(g serving.Generation, f form) (r batching.Request, thinks bool, err error) {
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return r, false, errUnloaded()
	}
	p, err := e.prompt(g, f, false)
	if err != nil {
		return r, false, err
	}
	r.Prompt, r.Pictures = p.tokens, p.pictures
	r.Owner.Tenant, r.Volatile = g.Tenant, g.Volatile
	if r.Owner.Adapter, err = e.loras.use(g.Adapter); err != nil {
		return r, false, err
	}
	room := e.info.Context - len(r.Prompt)
	r.Limit, r.Stop = room, g.Params.Stop
	if g.Params.MaxTokens > 0 {
		r.Limit = min(room, g.Params.MaxTokens)
	}
	r.Sampler, err = newSampler(e.model, e.decoder.ctx, g.Params, e.defaults, r.Limit, f.gbnf)
	return r, p.thinks, err
}

// rendered is a prompt as the loop takes it.
type rendered struct {
	tokens   []int32
	pictures []batching.Picture
	thinks   bool // it ends within the model's thinking
}

// prompt renders the messages into tokens that leave room for an answer; count leaves out the embeddings of pictures,
// which take time. The caller holds use.
func (e *chatEngine) prompt(g serving.Generation, f form, count bool) (p rendered, err error) {
	render := func(messages []chat.Message) ([]prompt.Segment, error) {
		return e.template.Render(messages, g.Tools.Offered())
	}
	if g.Continue {
		render = e.template.Continue
	}
	segments, err := render(g.Messages)
	if err != nil {
		return p, err
	}
	p.thinks = !g.Continue && prompt.Thinks(segments)
	if p.thinks && f.gbnf != "" { // what has a form is not thought about
		p.thinks = false
		segments = e.template.Opened(segments, prompt.ThinkingEnd+"\n\n")
	}
	if f.opened != "" {
		segments = e.template.Opened(segments, f.opened)
	}
	p.tokens, p.pictures, err = e.model.encode(segments, func(img *chat.Image) (*sight, error) { return e.eyes.look(g.Tenant, img, count) })
	switch {
	case err != nil:
		return p, err
	case len(p.tokens) >= e.info.Context && g.Continue:
		return p, fault.Invalid("the conversation and the answer so far have %d tokens, and the context of model %q holds no more than %d: this answer cannot go on; ask for the rest in a new conversation or use a model with a longer context",
			len(p.tokens), e.info.Model.ID, e.info.Context).At("messages").OfKind("context_length_exceeded")
	case len(p.tokens) >= e.info.Context: // at least one token of the answer must fit as well
		return p, fault.Invalid("the prompt has %d tokens and the context of model %q holds %d, the answer included: shorten the messages or use a model with a longer context",
			len(p.tokens), e.info.Model.ID, e.info.Context).At("messages").OfKind("context_length_exceeded")
	case len(p.tokens) == 0:
		return p, fault.Invalid("the messages are empty").At("messages")
	case p.tokens[len(p.tokens)-1] < 0:
		return p, fault.Unavailable("the model's chat template puts nothing after the last image: choose another model file")
	}
	return p, nil
}

func errUnloaded() error { return fault.Unavailable("the model was unloaded: ask again") }

// Embed implements serving.Engine: a chat model has no embeddings.
func (e *chatEngine) Embed(context.Context, []serving.Input) (serving.Embeddings, error) {
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return serving.Embeddings{}, errUnloaded()
	}
	return serving.Embeddings{}, fault.Invalid("model %q does not embed: choose an embedding model", e.info.Model.ID).At("model")
}

// Info implements serving.Engine.
func (e *chatEngine) Info() serving.Info { return e.info }

// Work implements serving.Meter.
func (e *chatEngine) Work() serving.Work { return e.loop.Work() }

// Close implements serving.Engine.
func (e *chatEngine) Close() error {
	e.use.Lock()
	e.closed = true
	e.use.Unlock()
	e.once.Do(func() {
		e.loop.Close()
		e.decoder.free()
		e.eyes.close()
		e.model.free()
		if e.shelf != nil {
			e.shelf.Flush()
		}
	})
	return nil
}
