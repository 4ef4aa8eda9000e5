package llama

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// widestWindow bounds the window of an embedding model: a text is computed at once, and the memory for
// that grows with its square.
const widestWindow = 2048

// embedEngine is an embedding model. Callers tokenise, one goroutine computes.
type embedEngine struct {
	info  serving.Info
	model *model
	queue *embedQueue

	use    sync.RWMutex // as in chatEngine
	closed bool
	once   sync.Once
}

var _ serving.Engine = (*embedEngine)(nil)

func newEmbedEngine(cfg Config, m serving.Model, nat *model) (*embedEngine, error) {
	return newPoolingEngine(cfg, m, nat, int(llama.ModelNEmbdOut(nat.handle)), unit)
}

// newPoolingEngine makes the engine of a model that gives so many numbers for a whole text, which finish copies.
func newPoolingEngine(cfg Config, m serving.Model, nat *model, numbers int, finish func([]float32) []float32) (*embedEngine, error) {
	window := widestWindow
	if m.Context > 0 {
		window = m.Context
	}
	if trained := int(llama.ModelNCtxTrain(nat.handle)); trained > 0 {
		window = min(window, trained)
	}
	e := &embedEngine{model: nat, info: serving.Info{
		Model: m, Context: window, Slots: 1, Dim: numbers,
		MemoryBytes: llama.ModelSize(nat.handle), Description: llama.ModelDesc(nat.handle),
	}}
	enc, err := newEncoder(cfg, nat, window, numbers, finish)
	if err != nil {
		return nil, fault.Unavailable("there is not enough memory for the window of model %q: set a lower context for it", m.ID).Because(err)
	}
	e.queue = startEmbedding(enc, window)
	return e, nil
}

// Generate implements serving.Engine: an embedding model does not chat.
func (e *embedEngine) Generate(ctx context.Context, _ serving.Generation, _ func(serving.Piece) error) (serving.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return serving.Outcome{}, err
	}
	return serving.Outcome{}, e.Check(serving.Generation{})
}

// Check implements serving.Engine: no generation is good.
func (e *embedEngine) Check(serving.Generation) error {
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return errUnloaded()
	}
	return fault.Invalid("model %q does not chat: choose a chat model", e.info.Model.ID).At("model")
}

// Embed implements serving.Engine.
func (e *embedEngine) Embed(ctx context.Context, inputs []serving.Input) (serving.Embeddings, error) {
	var out serving.Embeddings
	texts, err := e.encode(ctx, inputs)
	if err != nil {
		return out, err
	}
	each := slices.ContainsFunc(inputs, func(in serving.Input) bool { return in.Each })
	if out.Vectors, out.Each, err = e.queue.embed(ctx, texts, each); err != nil {
		return serving.Embeddings{}, err
	}
	out.Usage = chat.Usage{}
	for _, t := range texts {
		out.Usage.InputTokens += len(t)
	}
	return out, nil
}

// encode turns every input into tokens and checks it.
func (e *embedEngine) encode(ctx context.Context, inputs []serving.Input) ([][]int32, error) {
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return nil, errUnloaded()
	}
	texts := make([][]int32, len(inputs))
	for i, in := range inputs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tokens, err := e.model.encodeInput(in)
		if err != nil {
			return nil, fault.Invalid("input %d: %s", i, fault.From(err).Message).At("input")
		}
		switch {
		case len(tokens) == 0:
			return nil, fault.Invalid("input %d is empty", i).At("input")
		case len(tokens) > e.info.Context:
			return nil, fault.Invalid("input %d has %d tokens and the window of model %q holds %d: split the text",
				i, len(tokens), e.info.Model.ID, e.info.Context).At("input").OfKind("context_length_exceeded")
		}
		texts[i] = tokens
	}
	return texts, nil
}

// Info implements serving.Engine.
func (e *embedEngine) Info() serving.Info { return e.info }

// Close implements serving.Engine.
func (e *embedEngine) Close() error {
	e.use.Lock()
	e.closed = true
	e.use.Unlock()
	e.once.Do(func() {
		e.queue.close()
		e.model.free()
	})
	return nil
}

// briefTokens is up to how many tokens a batch is computed without flash attention. On two cores with AMX, MiniLM
// as Q8_0, with and without: 8 tokens 6.5 and 4.9 ms, 32 tokens 14 and 11, 64 tokens 14 and 20, 256 tokens 57 and 150.
// It is most questions, and few texts.
const briefTokens = 48

// encoder makes vectors. It belongs to the queue's goroutine.
type encoder struct {
	brief, long encoding // by the length of a batch
	dim         int
	finish      func([]float32) []float32 // copies what belongs to the context
	pace        *pace

	// tokens is made when the first text is asked for with its tokens, and stays nil for a model that cannot.
	tokens    *tokenEncoder
	newTokens func(sample []int32, vector []float32) (*tokenEncoder, error)
}

// encoding is a native context with its batch.
type encoding struct {
	ctx   llama.Context
	mem   llama.Memory // none in models that only encode
	batch llama.Batch
}

func newEncoder(cfg Config, m *model, window, dim int, finish func([]float32) []float32) (*encoder, error) {
	e := &encoder{dim: dim, finish: finish, pace: newPace(cfg.threads(), cfg.Threads > 0)}
	e.newTokens = func(sample []int32, vector []float32) (*tokenEncoder, error) {
		return newTokenEncoder(cfg, m, window, e, sample, vector)
	}
	var err error
	// The attention of an encoder looks both ways, so that a text cannot be cut into several parts.
	if e.long, err = newEncoding(cfg, m, max(window, packTokens), llama.FlashAttentionTypeAuto, llama.PoolingTypeUnspecified); err != nil {
		return nil, err
	}
	if e.brief, err = newEncoding(cfg, m, briefTokens, llama.FlashAttentionTypeDisabled, llama.PoolingTypeUnspecified); err != nil {
		e.long.free()
		return nil, err
	}
	return e, nil
}

// newEncoding makes a context for batches of so many tokens. An unspecified pooling is the model's own.
func newEncoding(cfg Config, m *model, tokens int, attention llama.FlashAttentionType, pool llama.PoolingType) (encoding, error) {
	// The library plans for a batch of equally long texts, as many as there may be, and aborts where that leaves a rest.
	tokens = (tokens + packTexts - 1) / packTexts * packTexts
	p := llama.ContextDefaultParams()
	p.NCtx, p.NBatch, p.NUbatch = uint32(tokens), uint32(tokens), uint32(tokens)
	p.NSeqMax = packTexts
	p.NThreads, p.NThreadsBatch = cfg.threads(), cfg.threads()
	p.KVUnified, p.NoPerf, p.Embeddings = 1, 1, 1
	p.FlashAttentionType = attention
	p.PoolingType = pool
	ctx, err := llama.InitFromModel(m.handle, p)
	if err == nil && pool == llama.PoolingTypeUnspecified && llama.GetPoolingType(ctx) == llama.PoolingTypeNone {
		// A file that does not say gives one vector a token; the mean is what such models are trained with.
		_ = llama.Free(ctx)
		p.PoolingType = llama.PoolingTypeMean
		ctx, err = llama.InitFromModel(m.handle, p)
	}
	if err != nil {
		return encoding{}, fmt.Errorf("make context of %d tokens: %w", tokens, err)
	}
	e := encoding{ctx: ctx, batch: llama.BatchInit(int32(tokens), 0, 1)}
	e.mem, _ = llama.GetMemory(ctx)
	return e, nil
}

// encode computes the vectors of some texts, which fit one batch together, and of each of their tokens where that is asked
// for and the model can.
func (e *encoder) encode(texts [][]int32, each bool) (vectors [][]float32, tokens [][]int8, err error) {
	if each && e.newTokens != nil {
		sample := texts[:1]
		vectors, err := e.pooled(sample)
		if err == nil {
			e.tokens, err = e.newTokens(sample[0], vectors[0])
		}
		if err != nil {
			return nil, nil, err
		}
		e.newTokens = nil
	}
	if each && e.tokens != nil {
		return e.tokens.encode(texts)
	}
	vectors, err = e.pooled(texts)
	return vectors, nil, err
}

func (e *encoder) pooled(texts [][]int32) ([][]float32, error) {
	tokens := 0
	for _, text := range texts {
		tokens += len(text)
	}
	at := &e.long
	if tokens <= briefTokens {
		at = &e.brief
	}
	if err := at.compute(texts, e.pace); err != nil {
		return nil, err
	}
	vectors := make([][]float32, len(texts))
	for i := range texts {
		raw, err := llama.GetEmbeddingsSeq(at.ctx, llama.SeqId(i), int32(e.dim))
		if err != nil || raw == nil {
			return nil, fmt.Errorf("the library has no vector of text %d: %w", i, err)
		}
		vectors[i] = e.finish(raw)
	}
	return vectors, nil
}

// compute runs the model over some texts, a sequence each.
func (e *encoding) compute(texts [][]int32, p *pace) error {
	if err := e.batch.Clear(); err != nil {
		return fmt.Errorf("clear batch: %w", err)
	}
	if e.mem != 0 {
		_ = llama.MemoryClear(e.mem, false) // fails for a nil memory only
	}
	for i, text := range texts {
		seq := []llama.SeqId{llama.SeqId(i)}
		for pos, t := range text {
			if err := e.batch.Add(llama.Token(t), llama.Pos(pos), seq, true); err != nil {
				return fmt.Errorf("fill batch: %w", err)
			}
		}
	}
	if code, err := compute(e.ctx, e.batch, p); err != nil || code != 0 {
		return fmt.Errorf("encode %d texts: llama.cpp returns %d: %w", len(texts), code, err)
	}
	return nil
}

func (e *encoder) free() {
	e.brief.free()
	e.long.free()
	if e.tokens != nil {
		e.tokens.free()
	}
}

func (e *encoding) free() {
	_ = llama.BatchFree(e.batch)
	_ = llama.Free(e.ctx)
}
