package llama

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"unicode/utf8"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/fault"
)

// constraint holds an answer to a grammar. The library aborts the process when it is told of a token that
// the grammar does not take, so that each is tried first.
type constraint struct {
	grammar llama.Sampler
	model   *model
	ends    map[llama.Token]bool
	firsts  *firstBytes
	tail    []byte // the bytes of a character that is not whole
	one     []llama.TokenData
	all     []llama.TokenData
	array   llama.TokenDataArray
}

// errNoToken says that the vocabulary cannot spell what the grammar asks for.
var errNoToken = errors.New("no token of the model goes on with the grammar")

// newConstraint compiles a grammar.
func newConstraint(m *model, gbnf string) (*constraint, error) {
	c := &constraint{model: m, ends: map[llama.Token]bool{}, firsts: m.firstBytes(), one: make([]llama.TokenData, 1)}
	for t := range m.controls {
		if llama.VocabIsEOG(m.vocab, t) {
			c.ends[t] = true
		}
	}
	if c.grammar = llama.SamplerInitGrammar(m.vocab, gbnf, "root"); c.grammar == 0 {
		return nil, fault.Invalid("the engine cannot run the grammar of this schema: use a simpler one").OfKind("schema_too_complex")
	}
	return c, nil
}

// allows tells whether the answer may go on with a token.
func (c *constraint) allows(t llama.Token) bool {
	if !c.spells(t) {
		return false
	}
	c.one[0] = llama.TokenData{Id: t}
	c.apply(c.one)
	return !math.IsInf(float64(c.one[0].Logit), -1)
}

// spells refuses control tokens that do not end the answer, and bytes that make no character: the library
// looks at neither.
func (c *constraint) spells(t llama.Token) bool {
	if c.ends[t] {
		return true
	}
	_, ok := joinUTF8(c.tail, c.model.pieces[t])
	return ok && c.model.pieces[t] != ""
}

// joinUTF8 returns the bytes of a character that is not whole after these; false when they are none.
func joinUTF8(tail []byte, piece string) ([]byte, bool) {
	rest := append(append(make([]byte, 0, len(tail)+len(piece)), tail...), piece...)
	for len(rest) > 0 {
		if !utf8.FullRune(rest) {
			return rest, true
		}
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			return nil, false
		}
		rest = rest[size:]
	}
	return nil, true
}

// allowed lists the tokens with which the answer may go on. The slice is used again. The library takes a
// millisecond for ten thousand tokens, so the tokens of one byte are asked first: one whose first byte is
// refused need not be.
func (c *constraint) allowed(logits []float32) []llama.TokenData {
	c.all = c.all[:0]
	for _, t := range c.firsts.alone {
		c.all = append(c.all, llama.TokenData{Id: t})
	}
	c.apply(c.all)
	var refused [256]bool
	for _, d := range c.all {
		refused[c.model.pieces[d.Id][0]] = math.IsInf(float64(d.Logit), -1)
	}
	c.all = c.all[:0]
	for b, tokens := range c.firsts.tokens {
		if refused[b] {
			continue
		}
		for _, t := range tokens {
			c.all = append(c.all, llama.TokenData{Id: t, Logit: logits[t]})
		}
	}
	for t := range c.ends {
		c.all = append(c.all, llama.TokenData{Id: t, Logit: logits[t]})
	}
	list := c.filter(c.all)
	// In the order of the vocabulary, so that the same seed gives the same answer.
	slices.SortFunc(list, func(a, b llama.TokenData) int { return int(a.Id) - int(b.Id) })
	return list
}

// among keeps the tokens of a list with which the answer may go on.
func (c *constraint) among(best []int32, logits []float32) []llama.TokenData {
	c.all = c.all[:0]
	for _, t := range best {
		if id := llama.Token(t); c.model.pieces[t] != "" || c.ends[id] {
			c.all = append(c.all, llama.TokenData{Id: id, Logit: logits[t]})
		}
	}
	return c.filter(c.all)
}

func (c *constraint) filter(list []llama.TokenData) []llama.TokenData {
	c.apply(list)
	kept := list[:0]
	for _, d := range list {
		if !math.IsInf(float64(d.Logit), -1) && c.spells(d.Id) {
			kept = append(kept, d)
		}
	}
	return kept
}

func (c *constraint) apply(list []llama.TokenData) {
	if len(list) == 0 {
		return
	}
	c.array = llama.TokenDataArray{Data: &list[0], Size: uint64(len(list)), Selected: -1}
	llama.SamplerApply(c.grammar, &c.array)
	runtime.KeepAlive(c)
}

// accept goes on with a token that is allowed.
func (c *constraint) accept(t llama.Token) {
	llama.SamplerAccept(c.grammar, t)
	if !c.ends[t] {
		c.tail, _ = joinUTF8(c.tail, c.model.pieces[t])
	}
}

func (c *constraint) free() { llama.SamplerFree(c.grammar) }

// firstBytes are the tokens of a vocabulary by the first byte that they spell.
type firstBytes struct {
	tokens [256][]llama.Token
	alone  []llama.Token // one token for each byte that has one of its own
}

// firstBytes is made at the first use: most answers have no bounds.
func (m *model) firstBytes() *firstBytes {
	m.firstsOnce.Do(func() {
		var alone [256]bool
		for t, piece := range m.pieces {
			if piece == "" {
				continue
			}
			m.firsts.tokens[piece[0]] = append(m.firsts.tokens[piece[0]], llama.Token(t))
			if len(piece) == 1 && !alone[piece[0]] {
				alone[piece[0]] = true
				m.firsts.alone = append(m.firsts.alone, llama.Token(t))
			}
		}
	})
	return &m.firsts
}
