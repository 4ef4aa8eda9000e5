package llama

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/batching"
	"github.com/parley-chat/parley/internal/serving/prompt"
)

// model is a loaded file: weights and vocabulary. Its methods only read, and are safe for many
// goroutines until free.
type model struct {
	handle   llama.Model
	vocab    llama.Vocab
	nVocab   int
	arch     string
	controls map[llama.Token]string // spelling of every token that text must not become
	pieces   []string               // spelling of every token, "" for controls

	firstsOnce sync.Once
	firsts     firstBytes
}

func newModel(handle llama.Model) *model {
	m := &model{handle: handle, vocab: llama.ModelGetVocab(handle), controls: map[llama.Token]string{}}
	m.nVocab = int(llama.VocabNTokens(m.vocab))
	m.arch = m.meta("general.architecture")
	m.pieces = make([]string, m.nVocab)
	buf := make([]byte, 64)
	for t := range llama.Token(m.nVocab) {
		attr := llama.VocabGetAttr(m.vocab, t)
		if attr&(llama.TokenAttrControl|llama.TokenAttrUnknown) != 0 || llama.VocabIsEOG(m.vocab, t) {
			m.controls[t] = m.spell(t, &buf, true)
			continue
		}
		m.pieces[t] = m.spell(t, &buf, false)
	}
	return m
}

// speak spells out control tokens that a model writes around calls of tools.
func (m *model) speak(markers []string) {
	for t, spelling := range m.controls {
		if slices.Contains(markers, spelling) && !llama.VocabIsEOG(m.vocab, t) {
			m.pieces[t] = spelling
		}
	}
}

// spell asks the library for a token's bytes, which may be a part of a character.
func (m *model) spell(t llama.Token, buf *[]byte, special bool) string {
	n := llama.TokenToPiece(m.vocab, t, *buf, 0, special)
	if n < 0 {
		*buf = make([]byte, -n)
		n = llama.TokenToPiece(m.vocab, t, *buf, 0, special)
	}
	return string((*buf)[:max(0, n)])
}

// free is the last step of an engine's end: after its context.
func (m *model) free() {
	_ = llama.ModelFree(m.handle) // fails for a nil handle only
	giveBack()
}

func (m *model) meta(key string) string {
	v, _ := llama.ModelMetaValStr(m.handle, key)
	return v
}

func (m *model) metaInt(key string) int {
	n, _ := strconv.Atoi(m.meta(m.arch + "." + key))
	return n
}

// cellBytes is the memory of one token in a key-value cache. It is an estimate where the layers of a model
// differ.
func (m *model) cellBytes(kept cacheType) int {
	layers, heads := int(llama.ModelNLayer(m.handle)), int(llama.ModelNHeadKV(m.handle))
	head := int(llama.ModelNEmbd(m.handle)) / max(1, int(llama.ModelNHead(m.handle)))
	key, value := m.metaInt("attention.key_length"), m.metaInt("attention.value_length")
	if key == 0 {
		key = head
	}
	if value == 0 {
		value = head
	}
	return max(1, layers*heads*(key+value)*kept.bytes/kept.numbers)
}

// template compiles the chat template that the file brings.
func (m *model) template() (*prompt.Template, error) {
	v := prompt.Vocabulary{
		BOS: m.controls[llama.VocabBOS(m.vocab)],
		EOS: m.controls[llama.VocabEOS(m.vocab)],
	}
	for _, spelling := range m.controls {
		v.Specials = append(v.Specials, spelling)
	}
	return prompt.New(m.meta("tokenizer.chat_template"), v)
}

// width is how many numbers an embedding has that stands in place of a token.
func (m *model) width() int { return int(llama.ModelNEmbdInp(m.handle)) }

// encode turns segments into tokens. Only special segments become control tokens, and what the library puts around
// images. look, which is not called where there are none, tells what an image becomes; a picture of it has no rows where they
// were only counted.
func (m *model) encode(segments []prompt.Segment, look func(*chat.Image) (*sight, error)) (tokens []int32, pictures []batching.Picture, err error) {
	for _, s := range segments {
		switch {
		case s.Image != nil:
			seen, err := look(s.Image)
			if err != nil {
				return nil, nil, err
			}
			for i, c := range seen.chunks {
				if c.Places > 0 {
					pictures = append(pictures, batching.Picture{At: len(tokens), Rows: c.Rows})
					tokens = append(tokens, seen.marks(i, c.Places)...)
				} else {
					tokens = append(tokens, c.Tokens...)
				}
			}
		case strings.ContainsRune(s.Text, 0):
			return nil, nil, fault.Invalid("the text holds the character U+0000, which no model can read: remove it").At("messages")
		case s.Special:
			tokens = append(tokens, convert(llama.Tokenize(m.vocab, s.Text, false, true))...)
		default:
			tokens = append(tokens, m.plain(s.Text)...)
		}
	}
	// Some templates write the beginning-of-text token, some leave it to the vocabulary's setting.
	bos := llama.VocabBOS(m.vocab)
	if llama.VocabGetAddBOS(m.vocab) && (len(tokens) == 0 || tokens[0] != int32(bos)) {
		tokens = append([]int32{int32(bos)}, tokens...)
		for i := range pictures {
			pictures[i].At++
		}
	}
	return tokens, pictures, nil
}

// encodeInput turns an input of an embedding into tokens, with those that the model wants around a text.
// Token ids that the caller brings are used as they are.
func (m *model) encodeInput(in serving.Input) ([]int32, error) {
	if in.Tokens == nil {
		if strings.ContainsRune(in.Text, 0) {
			return nil, fault.Invalid("the text holds the character U+0000, which no model can read: remove it")
		}
		return convert(llama.Tokenize(m.vocab, in.Text, true, false)), nil
	}
	tokens := make([]int32, len(in.Tokens))
	for i, t := range in.Tokens {
		if t < 0 || t >= m.nVocab {
			return nil, fault.Invalid("token %d does not exist: the model's tokens are 0 to %d", t, m.nVocab-1)
		}
		tokens[i] = int32(t)
	}
	return tokens, nil
}

// plain tokenises text in which nothing is a control token. The library is told so, but still finds
// those that a file lists as ordinary added tokens, and those that its merging builds letter by letter;
// text that spells such a one is taken apart within each spelling.
func (m *model) plain(text string) []int32 {
	tokens := llama.Tokenize(m.vocab, text, false, false)
	for _, t := range tokens {
		spelling, control := m.controls[t]
		if !control || utf8.RuneCountInString(spelling) < 2 || !strings.Contains(text, spelling) {
			continue // a token for unknown characters is a control, but not spelled by the text
		}
		_, first := utf8.DecodeRuneInString(spelling)
		var out []int32
		for {
			i := strings.Index(text, spelling)
			if i < 0 {
				return append(out, m.plain(text)...)
			}
			out = append(out, m.plain(text[:i+first])...)
			text = text[i+first:]
		}
	}
	return convert(tokens)
}

// convert copies tokens into the plain numbers that batching speaks of.
func convert(tokens []llama.Token) []int32 {
	out := make([]int32, len(tokens))
	for i, t := range tokens {
		out[i] = int32(t)
	}
	return out
}
