package llama

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/hybridgroup/yzma/pkg/llama"

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
	// GPUMain is the GPU for what is not split, and GPUSplit how a model is split over several: "none", "layer"
	// or "row", in parts of GPUShares; without shares, by their memory.
	GPUMain   int       `mapstructure:"gpu_main"`
	GPUSplit  string    `mapstructure:"gpu_split"`
	GPUShares []float32 `mapstructure:"gpu_shares"`
	// CacheType is how numbers are kept in the cache: "f16", or "q8_0" in half the memory.
	CacheType string `mapstructure:"cache_type"`
	// FlashAttention is "on", "off", or "auto" where the library decides by the hardware.
	FlashAttention string `mapstructure:"flash_attention"`
	// Keep bounds what is kept of conversations that had to leave a model's cache.
	Keep shelf.Config `mapstructure:",squash"`
}

// DefaultConfig suits a machine without GPU. Dir is left to the caller.
func DefaultConfig() Config {
	return Config{
		Slots: 8, Context: 8192, CacheMB: 384, Batch: 512, UBatch: 512, Step: 100 * time.Millisecond, Guesses: 15,
		GPULayers: -1, GPUSplit: "layer", CacheType: "f16", FlashAttention: "auto",
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
	check(c.GPUMain >= 0, "gpu_main: must be 0 or more")
	check(len(c.GPUShares) <= maxGPUs, "gpu_shares: at most %d", maxGPUs)
	check(!slices.ContainsFunc(c.GPUShares, func(share float32) bool { return share < 0 }), "gpu_shares: must not be negative")
	_, known := splits[c.GPUSplit]
	check(known, "gpu_split: must be none, layer or row")
	_, known = cacheTypes[c.CacheType]
	check(known, "cache_type: must be f16 or q8_0")
	_, known = attentions[c.FlashAttention]
	check(known, "flash_attention: must be auto, on or off")
	check(c.CacheType != "q8_0" || c.FlashAttention != "off", "flash_attention: a cache of q8_0 needs it")
	return errors.Join(append(errs, c.Keep.Validate())...)
}

// maxGPUs is a limit of llama.cpp: it reads so many shares, whatever there are.
const maxGPUs = 16

var (
	splits     = map[string]llama.SplitMode{"none": llama.SplitModeNone, "layer": llama.SplitModeLayer, "row": llama.SplitModeRow}
	attentions = map[string]llama.FlashAttentionType{
		"auto": llama.FlashAttentionTypeAuto, "on": llama.FlashAttentionTypeEnabled, "off": llama.FlashAttentionTypeDisabled,
	}
	cacheTypes = map[string]cacheType{"f16": {llama.GGMLTypeF16, 2, 1}, "q8_0": {llama.GGMLTypeQ8_0, 34, 32}}
)

// cacheType is how the numbers of the cache are kept: so many bytes for so many of them.
type cacheType struct {
	native         llama.GGMLType
	bytes, numbers int
}

func (c Config) threads() int32 {
	if c.Threads > 0 {
		return int32(c.Threads)
	}
	return int32(runtime.NumCPU())
}
