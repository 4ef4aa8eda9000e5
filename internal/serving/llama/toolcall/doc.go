// Package toolcall reads the calls of tools that models write into their answers, as they are written. Each
// family of models has a format of its own; Detect tells it by the chat template. It is pure Go and knows
// nothing of models, so that every engine can share it. Begin at Parser.
package toolcall
