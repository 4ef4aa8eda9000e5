package gguf

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
)

// vocabulary checks the list of tokens and everything that stands beside it: native code indexes by it.
func (f *File) vocabulary(s *Summary) error {
	tokens, ok := f.List("tokenizer.ggml.tokens")
	if !ok || tokens.Elem != String || tokens.Len < 1 {
		return fmt.Errorf("not a text model: it has no vocabulary (tokenizer.ggml.tokens)")
	}
	if tokens.Len > maxTokens {
		return fmt.Errorf("the vocabulary has %d tokens, more than the %d allowed", tokens.Len, maxTokens)
	}
	s.Vocabulary = tokens.Len
	for name, elems := range map[string][]ValueType{"scores": {Float32, Int32}, "token_type": {Int32}} {
		l, ok := f.List("tokenizer.ggml." + name)
		switch {
		case !ok && f.values["tokenizer.ggml."+name] != nil || ok && !slices.Contains(elems, l.Elem):
			return fmt.Errorf("tokenizer.ggml.%s is no list of numbers", name)
		case ok && l.Len < tokens.Len:
			return fmt.Errorf("tokenizer.ggml.%s has %d entries for %d tokens", name, l.Len, tokens.Len)
		}
	}
	for key := range f.values {
		if !strings.HasPrefix(key, "tokenizer.ggml.") || !strings.HasSuffix(key, "_token_id") {
			continue
		}
		// -1 in 32 bits, signed or not, is the usual way to say "none".
		id, ok := f.Int(key)
		if !ok || id != none && id != 1<<32-1 && (id < 0 || id >= tokens.Len) {
			return fmt.Errorf("metadata %q is %v, outside the vocabulary of %d tokens", clip(key), f.Value(key), tokens.Len)
		}
	}
	return f.spellings(tokens)
}

// none is the id of a special token that there is not.
const none = -1

// spellings checks what the native tokenizer of this kind takes for granted, and ends the process without.
func (f *File) spellings(tokens Array) error {
	kind, ok := f.Text("tokenizer.ggml.model")
	if ok && (kind == "none" || kind == "no_vocab") {
		return fmt.Errorf("not a text model: its tokenizer is %q", kind)
	}
	types, err := f.numbers("tokenizer.ggml.token_type")
	if err != nil {
		return err
	}
	const byteType = 6
	if kind == "bert" && slices.Contains(types, byteType) {
		return fmt.Errorf("a vocabulary of BERT has no tokens for single bytes")
	}
	var bytes [256]bool
	seed, seen := maphash.MakeSeed(), make(map[uint64]struct{})
	d := f.at(tokens)
	for id := range tokens.Len {
		word, err := d.string(maxToken)
		if err != nil {
			return fmt.Errorf("token %d: %w", id, err)
		}
		word, _, _ = strings.Cut(word, "\x00") // as the native loader reads it
		if word == "" {
			word = fmt.Sprintf("[EMPTY_%d]", id)
		}
		key := maphash.String(seed, word)
		if _, twice := seen[key]; twice {
			return fmt.Errorf("token %d, %q, appears twice in the vocabulary", id, clip(word))
		}
		seen[key] = struct{}{}
		if b, ok := byteOf(word); ok {
			bytes[b] = true
		}
	}
	if at := slices.Index(bytes[:], false); kind == "llama" && at >= 0 {
		return fmt.Errorf("the vocabulary has no token for the byte 0x%02X, without which not every text can be read", at)
	}
	return f.around(kind, tokens.Len)
}

// byteOf is the byte that a token stands for, if it stands for one.
func byteOf(word string) (byte, bool) {
	if len(word) == 1 {
		return word[0], true
	}
	if len(word) != 6 || !strings.HasPrefix(word, "<0x") || word[5] != '>' || word[3:5] != strings.ToUpper(word[3:5]) {
		return 0, false
	}
	b, err := strconv.ParseUint(word[3:5], 16, 8)
	return byte(b), err == nil
}

// around checks that there are the tokens that the tokenizer puts before and behind a text.
func (f *File) around(kind string, tokens int64) error {
	fallback := map[string][3]int64{ // beginning, end, separator where the file does not say
		"llama": {1, 2, none}, "bert": {101, none, 102}, "gpt2": {11, 11, none}, "t5": {none, 1, none},
	}[kind]
	for i, t := range []struct{ id, switched string }{
		{"bos_token_id", "add_bos_token"}, {"eos_token_id", "add_eos_token"}, {"seperator_token_id", "add_sep_token"}, //nolint:misspell // so it is spelled
	} {
		wanted, _ := f.values["tokenizer.ggml."+t.switched].(bool)
		if kind == "bert" && i != 1 {
			wanted = true
		}
		id, ok := f.Int("tokenizer.ggml." + t.id)
		if !ok || id < 0 || id >= tokens {
			id = fallback[i]
		}
		if known := kind == "llama" || kind == "bert" || kind == "gpt2" || kind == "t5"; wanted && known && (id < 0 || id >= tokens) {
			return fmt.Errorf("tokenizer.ggml.%s is not there, and every text shall have it", t.id)
		}
	}
	return nil
}
