package retrieval

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Embedder gives texts their vectors, of unit length, and tells the model that made them. A text that is longer than the
// model reads is fault.Invalid.
type Embedder interface {
	Embed(ctx context.Context, sc chat.Scope, texts []string) (vectors [][]float32, model string, err error)
}

// WindowBytes is how much of a text is embedded at once: some 220 tokens of prose, which is about as much as small models
// were trained with. What has more tokens than the model reads is halved.
const WindowBytes = 900

// Windows embeds texts of any length: each text in windows that the model reads as a whole.
func Windows(ctx context.Context, e Embedder, sc chat.Scope, texts []string) (vectors [][][]float32, model string, err error) {
	var parts []string
	var of []int // the text of each part
	for i, t := range texts {
		for _, w := range Cut(t, WindowBytes) {
			parts, of = append(parts, w), append(of, i)
		}
	}
	vectors = make([][][]float32, len(texts))
	got, model, err := e.Embed(ctx, sc, parts)
	if err == nil {
		for i, v := range got {
			vectors[of[i]] = append(vectors[of[i]], v)
		}
		return vectors, model, nil
	}
	if !fault.Is(err, fault.CodeInvalid) {
		return nil, "", err
	}
	for i, part := range parts { // some are too long: each alone
		some, by, err := halved(ctx, e, sc, part)
		if err != nil {
			return nil, "", err
		}
		vectors[of[i]], model = append(vectors[of[i]], some...), by
	}
	return vectors, model, nil
}

// least is how short a text is that is not halved again: no model reads fewer tokens.
const least = 64

func halved(ctx context.Context, e Embedder, sc chat.Scope, part string) ([][]float32, string, error) {
	got, model, err := e.Embed(ctx, sc, []string{part})
	if err == nil || !fault.Is(err, fault.CodeInvalid) || len(part) <= least {
		return got, model, err
	}
	var vectors [][]float32
	for _, half := range Cut(part, (len(part)+1)/2+utf8.UTFMax) {
		some, by, err := halved(ctx, e, sc, half)
		if err != nil {
			return nil, "", err
		}
		vectors, model = append(vectors, some...), by
	}
	return vectors, model, nil
}

// Cut cuts a text into parts of so many bytes at most, between words where it can. An empty text is one empty part.
func Cut(t string, bytes int) (parts []string) {
	for len(t) > bytes {
		cut := strings.LastIndexAny(t[:bytes], " \n\t")
		if cut <= bytes/2 {
			for cut = bytes; cut > 0 && !utf8.RuneStart(t[cut]); cut-- {
			}
		}
		parts = append(parts, strings.TrimSpace(t[:cut]))
		t = strings.TrimSpace(t[cut:])
	}
	return append(parts, t)
}
