// Package batching is the scheduler of the embedded engine: one goroutine that owns a native context
// and decodes all running sequences in one batch a step. It knows tokens, slots and cells of the
// key-value cache, but nothing native, so that its rules are tested with a fake Decoder. Begin at
// Loop.Generate, the caller's side, and Loop.step, the owner's.
package batching

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/chat"
)

// ErrNoRoom is what Decode returns, possibly wrapped, when the cache has no place for the batch and is
// as it was before. The loop then makes room and tries again.
var ErrNoRoom = errors.New("no room in the key-value cache")

// Entry is one token of a batch.
type Entry struct {
	Token  int32
	Pos    int32 // place in its sequence, from 0
	Slot   int32
	Output bool // the next token will be sampled here
	// Embedding, when not nil, is a row of a picture, to be computed in place of the token.
	Embedding []float32

	padding bool // of a free slot; forgotten after the step
}

// Owner is whose computed tokens they are: only the same tenant's sequences with the same adapter may use them.
type Owner struct {
	Tenant  string
	Adapter string // "" for the model as it is
}

// Decoder is the native context. Only the loop's goroutine calls it.
type Decoder interface {
	// Adapt computes all further batches with an adapter, "" for the model as it is. That may take the time of some steps.
	Adapt(adapter string)
	// Decode computes one batch, in which the tokens of a slot are together and the slots ascend. All entries have
	// embeddings or none has. The slice is the loop's and is used again. After an error other than
	// ErrNoRoom the content of the batch's slots is unknown; the loop forgets them.
	Decode(batch []Entry) error
	// Trim keeps the first n tokens of a slot. False says that this model cannot go back and that the slot
	// is now empty. Trimming to nothing always succeeds.
	Trim(slot int32, n int) bool
	// Copy gives an empty slot the first n tokens of another one, or reports that it cannot and leaves it
	// empty.
	Copy(from, to int32, n int) bool
	// Save returns what was computed for a slot, for Restore to bring back into an empty one, or nil where
	// that is not possible.
	Save(slot int32) []byte
	// Restore reports whether the slot now holds what Save returned; if not, it is empty.
	Restore(slot int32, state []byte) bool
}

// Shelf keeps what was computed for sequences that have no slot any more. What an owner puts there is
// found by the same owner only. But for Fetch, the loop's goroutine calls it, so it answers from memory.
type Shelf interface {
	// Find returns the state whose tokens share the longest beginning with these, and how long that is, if
	// it is longer than least. Such a state holds n or more tokens, told by held.
	Find(owner Owner, tokens []int32, least int) (state []byte, held, n int)
	// Fetch brings into memory what Find would find, from where that takes time. Callers' goroutines call it.
	Fetch(ctx context.Context, owner Owner, tokens []int32, least int)
	// Put keeps a state. The shelf owns state from here on, and nobody writes tokens any more. A volatile one is never written to a disk.
	Put(owner Owner, tokens []int32, state []byte, volatile bool)
	// Has tells whether there is a state whose tokens begin with all of these.
	Has(owner Owner, tokens []int32) bool
}

// Sampler chooses the tokens of one sequence. Sample is called by the loop's goroutine only. Close is
// called exactly once, after the last Sample.
type Sampler interface {
	// Sample picks the next token from the output of an entry of the last batch.
	Sample(entry int) (Sampled, error)
	Close()
}

// Sampled is one token that was chosen.
type Sampled struct {
	Token   int32
	End     bool   // the model ends its answer here; the token is no text
	Bytes   []byte // what the token spells; may be a part of a character
	Logprob *chat.TokenLogprob
}
