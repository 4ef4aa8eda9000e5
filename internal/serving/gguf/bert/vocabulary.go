package bert

import (
	"fmt"
	"strings"

	"github.com/parley-chat/parley/internal/serving/gguf"
)

// Kinds of tokens in tokenizer.ggml.token_type.
const (
	tokenNormal  = 1
	tokenControl = 3
)

// wordStart marks a token that begins a word. WordPiece files mark the opposite, a continuation, by "##".
const wordStart = "\u2581"

const continuation = "##"

// vocabulary is a WordPiece vocabulary in the form that the engine wants.
type vocabulary struct {
	tokens []string
	kinds  []int32
	ids    map[string]int32 // of the original spelling
}

// tokenizerFile is the part of tokenizer.json that matters.
type tokenizerFile struct {
	Added []struct {
		ID      int32  `json:"id"`
		Content string `json:"content"`
		Special bool   `json:"special"`
	} `json:"added_tokens"`
	Normalizer struct {
		Type      string `json:"type"`
		Lowercase bool   `json:"lowercase"`
	} `json:"normalizer"`
	Model struct {
		Type         string           `json:"type"`
		Continuation string           `json:"continuing_subword_prefix"`
		Vocab        map[string]int32 `json:"vocab"`
	} `json:"model"`
}

func readVocabulary(dir string, size int64) (*vocabulary, error) {
	var t tokenizerFile
	if err := readJSON(dir, "tokenizer.json", &t); err != nil {
		return nil, err
	}
	if t.Model.Type != "WordPiece" || t.Model.Continuation != continuation {
		return nil, fmt.Errorf("tokenizer.json: only a WordPiece vocabulary with the prefix %q can be converted", continuation)
	}
	if t.Normalizer.Type != "BertNormalizer" || !t.Normalizer.Lowercase {
		return nil, fmt.Errorf("tokenizer.json: only an uncased BERT vocabulary can be converted")
	}
	if int64(len(t.Model.Vocab)) != size {
		return nil, fmt.Errorf("tokenizer.json has %d tokens and config.json says %d", len(t.Model.Vocab), size)
	}
	v := &vocabulary{tokens: make([]string, size), kinds: make([]int32, size), ids: t.Model.Vocab}
	for token, id := range t.Model.Vocab {
		if id < 0 || int64(id) >= size || v.kinds[id] != 0 {
			return nil, fmt.Errorf("tokenizer.json: token %q has the id %d, which is out of range or taken", token, id)
		}
		v.kinds[id] = tokenNormal
		if rest, inside := strings.CutPrefix(token, continuation); inside {
			v.tokens[id] = rest
		} else {
			v.tokens[id] = wordStart + token
		}
	}
	for _, a := range t.Added {
		if a.ID < 0 || int64(a.ID) >= size {
			return nil, fmt.Errorf("tokenizer.json: added token %q has the id %d, out of range", a.Content, a.ID)
		}
		if a.Special {
			v.kinds[a.ID], v.tokens[a.ID] = tokenControl, a.Content
		}
	}
	for _, token := range []string{"[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"} {
		if _, ok := v.ids[token]; !ok {
			return nil, fmt.Errorf("tokenizer.json lacks the token %s", token)
		}
	}
	return v, nil
}

func (v *vocabulary) describe(out *gguf.Writer, c config) {
	out.Set("tokenizer.ggml.model", "bert")
	out.Set("tokenizer.ggml.pre", "default")
	out.Set("tokenizer.ggml.token_type_count", uint32(c.Types))
	out.Set("tokenizer.ggml.tokens", v.tokens)
	out.Set("tokenizer.ggml.token_type", v.kinds)
	// The engine begins every text with "bos" and ends it with "sep", which BERT calls CLS and SEP. The
	// second is misspelt in the format itself.
	out.Set("tokenizer.ggml.bos_token_id", uint32(v.ids["[CLS]"]))
	out.Set("tokenizer.ggml.seperator_token_id", uint32(v.ids["[SEP]"]))
	out.Set("tokenizer.ggml.unknown_token_id", uint32(v.ids["[UNK]"]))
	out.Set("tokenizer.ggml.padding_token_id", uint32(v.ids["[PAD]"]))
	out.Set("tokenizer.ggml.mask_token_id", uint32(v.ids["[MASK]"]))
}
