package llama

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"strconv"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving/llama/batching"
)

// sampling is what a model's file recommends, or what we use where it says nothing.
type sampling struct {
	temperature, topP, minP, repeat float32
	topK                            int32
}

// defaults reads the recommendation that some files carry.
func (m *model) defaults() sampling {
	s := sampling{temperature: 0.7, topP: 0.95, minP: 0.05, repeat: 1, topK: 40}
	set := func(key llama.ModelMetaKey, to *float32) {
		if v, err := strconv.ParseFloat(m.meta(llama.ModelMetaKeyStr(key)), 32); err == nil {
			*to = float32(v)
		}
	}
	set(llama.ModelMetaKeySamplingTemp, &s.temperature)
	set(llama.ModelMetaKeySamplingTopP, &s.topP)
	set(llama.ModelMetaKeySamplingMinP, &s.minP)
	set(llama.ModelMetaKeySamplingPenaltyRepeat, &s.repeat)
	if k, err := strconv.ParseInt(m.meta(llama.ModelMetaKeyStr(llama.ModelMetaKeySamplingTopK)), 10, 32); err == nil {
		s.topK = int32(k)
	}
	return s
}

// with puts the request's settings over the defaults.
func (s sampling) with(p chat.Params) sampling {
	over := func(v *float64, to *float32) {
		if v != nil {
			*to = float32(*v)
		}
	}
	over(p.Temperature, &s.temperature)
	over(p.TopP, &s.topP)
	over(p.MinP, &s.minP)
	over(p.RepeatPenalty, &s.repeat)
	if p.TopK != nil {
		s.topK = int32(min(max(0, *p.TopK), 1<<30))
	}
	return s
}

// sampler is the chain of one sequence.
type sampler struct {
	chain    llama.Sampler
	ctx      llama.Context
	model    *model
	logprobs bool
	top      int

	// cut is how many of the best tokens the chain is given; 0 means all. The library's chain begins by
	// copying the whole vocabulary, which for eight streams is a tenth of a step. Choosing the best tokens
	// before is the same as its top_k and costs a quarter.
	cut   int
	best  []int32
	cands []llama.TokenData
	array llama.TokenDataArray

	rule  *constraint // nil for an answer without bounds
	reach float32     // how much less than the best a logit may be for min_p to keep it; 0 keeps all
	whole []llama.TokenData
}

var _ batching.Sampler = (*sampler)(nil)

// mostCut is the greatest top_k for which choosing by insertion is cheap.
const mostCut = 128

// newSampler builds the chain. It uses no state of the context, so any goroutine may; penalties look at
// the answer, at most limit tokens, and not at the prompt.
// A grammar that is not "" holds the answer.
func newSampler(m *model, ctx llama.Context, p chat.Params, defaults sampling, limit int, gbnf string) (*sampler, error) {
	bias, err := biases(m, p.LogitBias)
	if err != nil {
		return nil, err
	}
	var rule *constraint
	if gbnf != "" {
		if rule, err = newConstraint(m, gbnf); err != nil {
			return nil, err
		}
	}
	s := defaults.with(p)
	params := llama.SamplerChainDefaultParams()
	params.NoPerf = 1
	chain := llama.SamplerChainInit(params)
	add := func(one llama.Sampler) { llama.SamplerChainAdd(chain, one) }
	changed := false // tokens that are not the best may become so
	if len(bias) > 0 {
		add(llama.SamplerInitLogitBias(int32(m.nVocab), int32(len(bias)), &bias[0]))
		changed = true
	}
	if s.repeat != 1 || p.FrequencyPenalty != 0 || p.PresencePenalty != 0 {
		add(llama.SamplerInitPenalties(int32(m.nVocab), int32(limit), s.repeat, float32(p.FrequencyPenalty), float32(p.PresencePenalty)))
		changed = true
	}
	out := &sampler{chain: chain, ctx: ctx, model: m, logprobs: p.Logprobs, top: p.TopLogprobs, rule: rule}
	if s.temperature <= 0 {
		s.topK = 1
		add(llama.SamplerInitGreedy())
	} else {
		// The cheap cut comes first: the later ones sort what is left.
		if s.topK > 0 {
			add(llama.SamplerInitTopK(s.topK))
		}
		if s.topP < 1 {
			add(llama.SamplerInitTopP(s.topP, 1))
		}
		if s.minP > 0 {
			add(llama.SamplerInitMinP(s.minP, 1))
			out.reach = float32(math.Log(float64(s.minP)))
		}
		add(llama.SamplerInitTemp(s.temperature))
		add(llama.SamplerInitDist(seed(p.Seed)))
	}
	if !changed && s.topK > 0 && s.topK <= mostCut {
		out.cut = int(s.topK)
		out.cands = make([]llama.TokenData, out.cut)
	}
	return out, nil
}

func biases(m *model, by map[int]float64) ([]llama.LogitBias, error) {
	var list []llama.LogitBias
	for token, bias := range by {
		if token < 0 || token >= m.nVocab {
			return nil, fault.Invalid("token %d does not exist: the model's tokens are 0 to %d", token, m.nVocab-1).At("logit_bias")
		}
		list = append(list, llama.LogitBias{Token: llama.Token(token), Bias: float32(bias)})
	}
	slices.SortFunc(list, func(a, b llama.LogitBias) int { return int(a.Token) - int(b.Token) })
	return list, nil
}

// seed folds the request's seed, or a random one, into what the library takes. Its greatest value means
// "random" there.
func seed(want *int64) uint32 {
	var n uint32
	if want != nil {
		n = uint32(*want) ^ uint32(*want>>32)
	} else {
		var b [4]byte
		_, _ = rand.Read(b[:]) // never fails
		n = binary.LittleEndian.Uint32(b[:])
	}
	if n == 1<<32-1 {
		n--
	}
	return n
}

// Sample implements batching.Sampler.
func (s *sampler) Sample(entry int) (batching.Sampled, error) {
	var logits []float32
	if s.cut > 0 || s.logprobs || s.rule != nil {
		var err error
		if logits, err = llama.GetLogitsIth(s.ctx, int32(entry), s.model.nVocab); err != nil || logits == nil {
			return batching.Sampled{}, errors.New("llama.cpp has no logits of the token")
		}
	}
	var t llama.Token
	switch {
	case s.rule != nil:
		var err error
		if t, err = s.bound(logits); err != nil {
			return batching.Sampled{}, err
		}
	case s.cut > 0:
		if t = s.choose(logits); t >= 0 {
			llama.SamplerAccept(s.chain, t)
		}
	default:
		t = llama.SamplerSample(s.chain, s.ctx, int32(entry))
	}
	if t < 0 || int(t) >= s.model.nVocab {
		return batching.Sampled{}, errors.New("llama.cpp chose no token")
	}
	out := batching.Sampled{Token: int32(t), End: llama.VocabIsEOG(s.model.vocab, t)}
	if out.End {
		return out, nil
	}
	out.Bytes = []byte(s.model.pieces[t])
	if s.logprobs {
		out.Logprob = logprob(logits, int(t), s.top, s.model.pieces)
	}
	return out, nil
}

// choose runs the chain over the best tokens only.
func (s *sampler) choose(logits []float32) llama.Token {
	s.best = largest(s.best[:0], logits, s.cut)
	for i, t := range s.best {
		s.cands[i] = llama.TokenData{Id: llama.Token(t), Logit: logits[t]}
	}
	return s.apply(s.cands[:len(s.best)], true)
}

// apply runs the chain over candidates.
func (s *sampler) apply(list []llama.TokenData, sorted bool) llama.Token {
	s.array = llama.TokenDataArray{Data: &list[0], Size: uint64(len(list)), Selected: -1}
	if sorted {
		s.array.Sorted = 1
	}
	llama.SamplerApply(s.chain, &s.array)
	runtime.KeepAlive(s)
	if s.array.Selected < 0 || s.array.Selected >= int64(len(list)) {
		return llama.TokenNull
	}
	return list[s.array.Selected].Id
}

// bound chooses a token that the grammar takes. Most of what a model wants to say fits, so its choice is
// tried first; only when it does not fit is the whole vocabulary held against the grammar.
func (s *sampler) bound(logits []float32) (llama.Token, error) {
	var t llama.Token
	if s.cut > 0 {
		t = s.choose(logits)
	} else {
		t = s.apply(s.every(logits), false)
	}
	if t < 0 || !s.rule.allows(t) {
		list := s.near(logits)
		if list == nil {
			list = s.rule.allowed(logits)
		}
		if len(list) == 0 {
			return 0, errNoToken
		}
		if t = s.apply(list, false); t < 0 {
			return 0, errNoToken
		}
	}
	s.rule.accept(t)
	llama.SamplerAccept(s.chain, t)
	return t, nil
}

// nearby is how many of the best tokens are held against the grammar before the whole vocabulary is.
const nearby = 96

// near lists those of the best tokens that the grammar takes, if all others are so much less likely than
// the best of these that the chain would drop them. It is nil when that is not so.
func (s *sampler) near(logits []float32) []llama.TokenData {
	if s.cut == 0 || (s.cut > 1 && s.reach >= 0) {
		return nil
	}
	s.best = largest(s.best[:0], logits, nearby)
	list := s.rule.among(s.best, logits)
	if len(list) == 0 {
		return nil
	}
	if last := logits[s.best[len(s.best)-1]]; s.cut > 1 && len(list) < s.cut && last > list[0].Logit+s.reach {
		return nil
	}
	return list
}

// every makes candidates of the whole vocabulary.
func (s *sampler) every(logits []float32) []llama.TokenData {
	s.whole = s.whole[:0]
	for t, logit := range logits {
		s.whole = append(s.whole, llama.TokenData{Id: llama.Token(t), Logit: logit})
	}
	return s.whole
}

// Close implements batching.Sampler.
func (s *sampler) Close() {
	llama.SamplerFree(s.chain)
	if s.rule != nil {
		s.rule.free()
	}
}
