package llama

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/serving/llama/batching"
)

// decoder is a native context with its batch. It belongs to the loop's goroutine.
type decoder struct {
	ctx   llama.Context
	mem   llama.Memory
	batch llama.Batch
	// pictures is the batch of embeddings, each of width numbers; without room where width is 0.
	pictures llama.Batch
	width    int
	seq      [1]llama.SeqId
	pace     *pace
	loras    *adapters
	// unified says that all slots share the cells.
	unified bool
}

var _ batching.Decoder = (*decoder)(nil)

// errOnlyEncodes says that a model keeps no tokens to go on from, so that it cannot generate.
var errOnlyEncodes = errors.New("the model only encodes")

// newDecoder makes a context. Width is that of the embeddings of pictures, 0 for a model that gets none.
func newDecoder(cfg Config, m *model, c cache, loras *adapters, width int) (*decoder, error) {
	p := llama.ContextDefaultParams()
	p.NCtx = uint32(c.cells)
	size := cfg.Batch + cfg.Slots + cfg.Guesses // the slots' share is for closing gaps
	p.NBatch, p.NUbatch = uint32(size), uint32(cfg.UBatch)
	p.NSeqMax = uint32(cfg.Slots)
	// Without this bound the buffers are made for logits at every token of a batch.
	p.NOutputsMax = uint32(cfg.Slots + cfg.Guesses)
	p.NThreads, p.NThreadsBatch = cfg.threads(), cfg.threads()
	p.KVUnified = 0
	if c.unified {
		p.KVUnified = 1
	}
	p.TypeK, p.TypeV = cacheTypes[cfg.CacheType].native, cacheTypes[cfg.CacheType].native
	p.FlashAttentionType = attentions[cfg.FlashAttention]
	p.SwaFull = 1 // models with a sliding window keep all tokens, else nothing but the very end could be reused
	p.NoPerf = 1
	ctx, err := llama.InitFromModel(m.handle, p)
	if err != nil {
		return nil, fmt.Errorf("make context of %d tokens: %w", c.cells, err)
	}
	d := &decoder{ctx: ctx, loras: loras, unified: c.unified, pace: newPace(cfg.threads(), cfg.Threads > 0), batch: llama.BatchInit(int32(size), 0, 1)}
	if width > 0 {
		d.pictures, d.width = llama.BatchInit(int32(size), int32(width), 1), width
	}
	if d.mem, err = llama.GetMemory(ctx); err != nil || d.mem == 0 {
		d.free()
		return nil, errOnlyEncodes
	}
	return d, nil
}

// Adapt implements batching.Decoder. The library plans its memory anew at the next step.
func (d *decoder) Adapt(adapter string) { d.loras.set(d.ctx, adapter) }

// Decode implements batching.Decoder.
func (d *decoder) Decode(entries []batching.Entry) error {
	batch, err := d.fill(entries)
	if err != nil {
		return fmt.Errorf("fill batch: %w", err)
	}
	code, err := compute(d.ctx, batch, d.pace)
	switch {
	case err != nil:
		return fmt.Errorf("decode: %w", err)
	case code == 1: // nothing was computed, and the cache is as before
		return fmt.Errorf("decode %d tokens: %w", len(entries), batching.ErrNoRoom)
	case code != 0:
		return fmt.Errorf("decode %d tokens: llama.cpp returns %d", len(entries), code)
	}
	return nil
}

// fill writes entries into the batch of tokens or into that of pictures.
func (d *decoder) fill(entries []batching.Entry) (llama.Batch, error) {
	if entries[0].Embedding != nil {
		return d.fillPictures(entries), nil
	}
	if err := d.batch.Clear(); err != nil {
		return d.batch, err
	}
	for _, e := range entries {
		d.seq[0] = llama.SeqId(e.Slot)
		if err := d.batch.Add(llama.Token(e.Token), llama.Pos(e.Pos), d.seq[:], e.Output); err != nil {
			return d.batch, err
		}
	}
	return d.batch, nil
}

// fillPictures writes the library's arrays itself, since the binding fills batches of tokens only.
func (d *decoder) fillPictures(entries []batching.Entry) llama.Batch {
	b, n := &d.pictures, len(entries)
	rows, places := unsafe.Slice(b.Embd, n*d.width), unsafe.Slice(b.Pos, n)
	counts, owners, outputs := unsafe.Slice(b.NSeqId, n), unsafe.Slice(b.SeqId, n), unsafe.Slice(b.Logits, n)
	for i, e := range entries {
		copy(rows[i*d.width:], e.Embedding)
		places[i], counts[i], *owners[i], outputs[i] = llama.Pos(e.Pos), 1, llama.SeqId(e.Slot), 0
	}
	b.NTokens = int32(n)
	return *b
}

// compute runs a batch. The engines of a process take turns, because their threads would hold each other
// up; see pace.
func compute(ctx llama.Context, batch llama.Batch, p *pace) (int32, error) {
	process.compute.Lock()
	defer process.compute.Unlock()
	llama.SetNThreads(ctx, p.threads(), p.threads())
	began := time.Now()
	code, err := llama.Decode(ctx, batch)
	if err == nil {
		err = llama.Synchronize(ctx)
	}
	p.took(int(batch.NTokens), time.Since(began))
	return code, err
}

// Trim implements batching.Decoder. Models with a running state (Mamba and its like) cannot go back.
func (d *decoder) Trim(slot int32, n int) bool {
	if n > 0 {
		if ok, err := llama.MemorySeqRm(d.mem, llama.SeqId(slot), llama.Pos(n), -1); ok && err == nil {
			return true
		}
	}
	_, _ = llama.MemorySeqRm(d.mem, llama.SeqId(slot), -1, -1) // removing a whole sequence never fails
	return n == 0
}

// Copy implements batching.Decoder. The library's own copy between parts of the cache takes whole parts and
// puts the work off until the next step, when the source may hold something else.
func (d *decoder) Copy(from, to int32, n int) bool {
	if d.unified {
		err := llama.MemorySeqCp(d.mem, llama.SeqId(from), llama.SeqId(to), 0, llama.Pos(n))
		return err == nil && d.Trim(to, n)
	}
	return d.Restore(to, d.Save(from)) && d.Trim(to, n)
}

// Save implements batching.Decoder.
func (d *decoder) Save(slot int32) []byte {
	state := make([]byte, llama.StateSeqGetSize(d.ctx, llama.SeqId(slot)))
	if len(state) == 0 || llama.StateSeqGetData(d.ctx, state, llama.SeqId(slot)) != uint64(len(state)) {
		return nil
	}
	return state
}

// Restore implements batching.Decoder.
func (d *decoder) Restore(slot int32, state []byte) bool {
	if len(state) > 0 && llama.StateSeqSetData(d.ctx, state, llama.SeqId(slot)) == uint64(len(state)) {
		return true
	}
	d.Trim(slot, 0)
	return false
}

func (d *decoder) free() {
	_ = llama.BatchFree(d.batch)
	if d.width > 0 {
		_ = llama.BatchFree(d.pictures)
	}
	_ = llama.Free(d.ctx)
}
