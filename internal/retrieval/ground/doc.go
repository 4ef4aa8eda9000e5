// Package ground ties answers to the passages that they rest on. Quotes answers with the passages' own sentences, for
// models that are too small to be trusted with more; Context hands passages to a model that is not; Marks reads the
// model's citations as they stream; Judge holds each cited sentence against what it cites.
//
// All places are bytes of UTF-8, and all is done alike in every language: sentences by Unicode's rules (UAX #29), words
// as runs of letters and digits, pairs of characters where a script puts no space between words.
package ground

import "context"

// Source is a passage that an answer may rest on.
type Source struct {
	Title string // of its document, with the headings above it
	Text  string
}

// Embedder gives texts their vectors, of unit length.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Span is a part of a source's text.
type Span struct {
	Source     int // place among the sources, from 0
	Start, End int
}
