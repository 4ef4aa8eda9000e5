package retrieval

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Embedder gives texts their vectors, and those of their tokens where that is asked for and the model can, and tells the
// model that made them. A text that is longer than the model reads is fault.Invalid.
type Embedder interface {
	Embed(ctx context.Context, sc chat.Scope, texts []string, each bool) (out []Embedded, model string, err error)
}

// Embedded is what a model makes of a text.
type Embedded struct {
	Vector []float32 // of unit length
	Each   []int8    // of its tokens, one after the other, as serving.Embeddings has them; may be nil
}

// WindowBytes is how much of a text is embedded at once: some 220 tokens of prose, which is about as much as small models
// were trained with. What has more tokens than the model reads is halved.
const WindowBytes = 900

// Windows embeds texts of any length: each text in windows that the model reads as a whole.
func Windows(ctx context.Context, e Embedder, sc chat.Scope, texts []string, each bool) (windows [][]Embedded, model string, err error) {
	var parts []string
	var of []int // the text of each part
	for i, t := range texts {
		for _, w := range Cut(t, WindowBytes) {
			parts, of = append(parts, w), append(of, i)
		}
	}
	windows = make([][]Embedded, len(texts))
	got, model, err := e.Embed(ctx, sc, parts, each)
	if err == nil {
		for i, v := range got {
			windows[of[i]] = append(windows[of[i]], v)
		}
		return windows, model, nil
	}
	if !fault.Is(err, fault.CodeInvalid) {
		return nil, "", err
	}
	for i, part := range parts { // some are too long: each alone
		some, by, err := halved(ctx, e, sc, part, each)
		if err != nil {
			return nil, "", err
		}
		windows[of[i]], model = append(windows[of[i]], some...), by
	}
	return windows, model, nil
}

// least is how short a text is that is not halved again: no model reads fewer tokens.
const least = 64

func halved(ctx context.Context, e Embedder, sc chat.Scope, part string, each bool) ([]Embedded, string, error) {
	got, model, err := e.Embed(ctx, sc, []string{part}, each)
	if err == nil || !fault.Is(err, fault.CodeInvalid) || len(part) <= least {
		return got, model, err
	}
	var windows []Embedded
	for _, half := range Cut(part, (len(part)+1)/2+utf8.UTFMax) {
		some, by, err := halved(ctx, e, sc, half, each)
		if err != nil {
			return nil, "", err
		}
		windows, model = append(windows, some...), by
	}
	return windows, model, nil
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
