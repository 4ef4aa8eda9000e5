package edge

import (
	"math"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// CheckParams refuses settings out of their range, naming the field as the APIs call it.
func CheckParams(p chat.Params) error {
	within := func(name string, v *float64, lo, hi float64) error {
		if v != nil && (math.IsNaN(*v) || *v < lo || *v > hi) {
			return fault.Invalid("%s must be from %g to %g, not %g", name, lo, hi, *v).At(name)
		}
		return nil
	}
	for _, check := range []struct {
		name   string
		v      *float64
		lo, hi float64
	}{
		{"temperature", p.Temperature, 0, 2},
		{"top_p", p.TopP, 0, 1},
		{"min_p", p.MinP, 0, 1},
		{"repeat_penalty", p.RepeatPenalty, 0, 2},
		{"frequency_penalty", &p.FrequencyPenalty, -2, 2},
		{"presence_penalty", &p.PresencePenalty, -2, 2},
	} {
		if err := within(check.name, check.v, check.lo, check.hi); err != nil {
			return err
		}
	}
	for _, bias := range p.LogitBias {
		if err := within("logit_bias", &bias, -100, 100); err != nil {
			return err
		}
	}
	switch {
	case p.TopK != nil && *p.TopK < 0:
		return fault.Invalid("top_k must be 0 (no limit) or more").At("top_k")
	case p.MaxTokens < 0:
		return fault.Invalid("max_tokens must be at least 1").At("max_tokens")
	case p.TopLogprobs < 0 || p.TopLogprobs > 20:
		return fault.Invalid("top_logprobs must be from 0 to 20").At("top_logprobs")
	case len(p.Stop) > 4:
		return fault.Invalid("stop takes at most 4 texts, not %d", len(p.Stop)).At("stop")
	}
	for _, s := range p.Stop {
		if s == "" || len(s) > 256 {
			return fault.Invalid("a stop text must have 1 to 256 bytes").At("stop")
		}
	}
	return nil
}
