package llama

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/parley-chat/parley/internal/serving/llama/shelf"
)

// Config is how models are run.
type Config struct {
	// Dir is the folder with llama.cpp's shared libraries. The catalogue knows it.
	Dir string `mapstructure:"-"`
	// Threads computes on so many processor cores; 0 measures now and then how many are fastest.
	Threads int `mapstructure:"threads"`
	// Slots is how many answers a model generates at once.
	Slots int `mapstructure:"slots"`
	// Context is how many tokens a conversation may have where the model's catalogue entry does not say:
	// this, or what the model was trained for if that is less.
	Context int `mapstructure:"context"`
	// CacheMB bounds the memory for computed tokens (the key-value cache) of a model, in MiB. It is
	// exceeded only when a single conversation of Context tokens needs more. When Slots conversations of
	// full length do not fit, the slots share it, and a stream may pause until another one has ended.
	CacheMB int `mapstructure:"cache_mb"`
	// Batch is the most tokens of a step.
	Batch int `mapstructure:"batch"`
	// UBatch is the most tokens that are computed at once within a step; it sets the size of the
	// compute buffers. An embedding model has its window instead.
	UBatch int `mapstructure:"ubatch"`
	// Step is how long a step may take while streams are running: it bounds the pause that somebody's
	// long prompt puts into the others' answers.
	Step time.Duration `mapstructure:"step"`
	// Guesses is how many tokens of a step may be guessed from what stands in the prompt, where answers quote
	// it; 0 guesses none. The answers are the same.
	Guesses int `mapstructure:"guesses"`
	// GPULayers is how many layers are computed by a GPU, if the libraries know one; -1 means all.
	GPULayers int `mapstructure:"gpu_layers"`
	// Keep bounds what is kept of conversations that had to leave a model's cache.
	Keep shelf.Config `mapstructure:",squash"`
}

// DefaultConfig suits a machine without GPU. Dir is left to the caller.
func DefaultConfig() Config {
	return Config{
		Slots: 8, Context: 8192, CacheMB: 384, Batch: 512, UBatch: 512, Step: 100 * time.Millisecond, Guesses: 15, GPULayers: -1,
		Keep: shelf.DefaultConfig(),
	}
}

// maxSlots is a limit of llama.cpp (LLAMA_MAX_SEQ).
const maxSlots = 256

// Validate reports everything that is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.Threads >= 0 && c.Threads <= 1024, "threads: must be 0 (all cores) to 1024")
	check(c.Slots >= 1 && c.Slots <= maxSlots, "slots: must be 1 to %d", maxSlots)
	check(c.Context >= 256, "context: must be at least 256 tokens")
	check(c.CacheMB >= 1, "cache_mb: must be at least 1")
	check(c.Batch >= max(32, c.Slots), "batch: must be at least 32 and not less than slots")
	check(c.UBatch >= 1 && c.UBatch <= c.Batch, "ubatch: must be at least 1 and not more than batch")
	check(c.Step > 0, "step: must be a time such as 100ms")
	check(c.Guesses >= 0 && c.Guesses <= 63, "guesses: must be 0 (none) to 63")
	check(c.GPULayers >= -1, "gpu_layers: must be -1 (all) or more")
	return errors.Join(append(errs, c.Keep.Validate())...)
}

func (c Config) threads() int32 {
	if c.Threads > 0 {
		return int32(c.Threads)
	}
	return int32(runtime.NumCPU())
}
