package llama

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/picture"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/llama/mtmd"
)

// rememberBytes bounds the embeddings that a model keeps: some hundred images of a small one. Each question of a
// conversation sends the images of the earlier ones again.
const rememberBytes = 64 << 20

// eyes turn images into what a model reads. They are safe for many goroutines. A model that cannot see has eyes too,
// which say why.
type eyes struct {
	blind     error // nil for eyes that see
	projector *mtmd.Projector
	width     int // numbers of an embedding
	tokens    int // of the vocabulary

	mu    sync.Mutex // held while something is seen, which takes seconds
	seen  []*sight   // the longest unused first
	bytes int        // of their embeddings
}

// sight is what an owner has shown. Only the same owner gets it again, so that the time of an answer tells nobody what
// others look at.
type sight struct {
	owner  string
	sum    [sha256.Size]byte
	chunks []mtmd.Chunk
	bytes  int
}

// openEyes loads the model's projector. Without one, or where it is of no use, the model reads text and the eyes say why
// they do not see; the caller holds the lock of process.
func (r *Runtime) openEyes(m serving.Model, nat *model) *eyes {
	blind := func(format string, args ...any) *eyes {
		err := fault.Invalid(format, args...).At("messages").OfKind("model_cannot_see")
		if m.Projector != "" {
			r.log.Warn("the model reads text only", zap.String("model", m.ID), zap.Error(err))
		}
		return &eyes{blind: err}
	}
	if m.Projector == "" {
		return blind("the model %q cannot see images: send text only", m.ID)
	}
	if err := gguf.InspectProjector(m.Projector, int64(nat.width())); err != nil {
		return blind("the model %q cannot see images, since its projector %s cannot be used: %s; an operator can replace it", m.ID, serving.ProjectorFile(m.ID), err)
	}
	if process.sight == nil {
		lib, err := mtmd.Load(r.cfg.Dir, process.log.callback)
		if errors.Is(err, mtmd.ErrMissing) {
			return blind("the model %q cannot see images, since the engine has no library libmtmd; an operator can build it with .ci/libmtmd of Parley's source, into the folder of the engine's libraries, and start again", m.ID)
		}
		if err != nil {
			return blind("the model %q cannot see images, since the engine's library libmtmd cannot be used: %s; an operator can build it anew with .ci/libmtmd of Parley's source", m.ID, err)
		}
		process.sight = lib
	}
	projector, err := process.sight.Open(m.Projector, nat.handle, r.cfg.threads(), r.cfg.GPULayers != 0)
	if err != nil {
		return blind("the model %q cannot see images, since its projector %s cannot be used: %s; an operator can replace it", m.ID, serving.ProjectorFile(m.ID), err)
	}
	return &eyes{projector: projector, width: nat.width(), tokens: nat.nVocab}
}

// look returns what the model reads of an image, with embeddings, or without them where it is only counted.
func (e *eyes) look(owner string, img *chat.Image, count bool) (*sight, error) {
	if e.blind != nil {
		return nil, e.blind
	}
	s := &sight{owner: owner, sum: sha256.Sum256(img.Data)}
	e.mu.Lock()
	defer e.mu.Unlock()
	if at := slices.IndexFunc(e.seen, func(old *sight) bool { return old.owner == owner && old.sum == s.sum }); at >= 0 {
		known := e.seen[at]
		e.seen = append(slices.Delete(e.seen, at, at+1), known)
		return known, nil
	}
	rgb, err := picture.Decode(img.Data)
	if err != nil {
		return nil, fault.From(err).At("messages")
	}
	if count {
		rgb.Pixels = nil
	}
	process.compute.Lock() // as the engines do, see pace
	s.chunks, err = e.projector.See(rgb.Width, rgb.Height, rgb.Pixels)
	process.compute.Unlock()
	if strange := slices.ContainsFunc(s.chunks, func(c mtmd.Chunk) bool {
		return slices.ContainsFunc(c.Tokens, func(t int32) bool { return t < 0 || int(t) >= e.tokens })
	}); strange {
		return nil, fault.Invalid("the model cannot see images: its vocabulary lacks the tokens that its projector puts around them; an operator can replace the projector by the one that was made for the model").At("messages").OfKind("model_cannot_see")
	}
	if err != nil {
		return nil, fault.Invalid("the model cannot read an image of %d x %d pixels: send it in another size", rgb.Width, rgb.Height).At("messages").Because(err)
	}
	if !count {
		e.remember(s)
	}
	return s, nil
}

func (e *eyes) remember(s *sight) {
	for _, c := range s.chunks {
		s.bytes += 4 * e.width * len(c.Rows)
	}
	e.seen, e.bytes = append(e.seen, s), e.bytes+s.bytes
	for e.bytes > rememberBytes && len(e.seen) > 1 {
		e.bytes -= e.seen[0].bytes
		e.seen = slices.Delete(e.seen, 0, 1)
	}
}

// marks are negative numbers for the places of a chunk of an image, which stand where others have tokens. Each holds 31
// bits of a hash of the image and the place, so that all of them together are the same for the same image only.
func (s *sight) marks(chunk, n int) []int32 {
	out := make([]int32, 0, n+sha256.Size/4)
	for block := 0; len(out) < n; block++ {
		text := binary.LittleEndian.AppendUint32(s.sum[:], uint32(chunk))
		sum := sha256.Sum256(binary.LittleEndian.AppendUint32(text, uint32(block)))
		for at := 0; at < len(sum); at += 4 {
			out = append(out, int32(binary.LittleEndian.Uint32(sum[at:])|1<<31))
		}
	}
	return out[:n]
}

// memory is the size of the projector's file in bytes, 0 for eyes that do not see.
func (e *eyes) memory(m serving.Model) uint64 {
	info, err := os.Stat(m.Projector)
	if e.blind != nil || err != nil {
		return 0
	}
	return uint64(info.Size())
}

// close frees the projector, before the model.
func (e *eyes) close() {
	if e.projector != nil {
		e.projector.Close()
	}
}
