package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/knowledge/extract"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/late"
	"github.com/parley-chat/parley/internal/serving"
)

// ExtractCommand is the command of this binary that reads one file, in a process of its own.
const ExtractCommand = "extract"

// ServeExtract is that process.
func ServeExtract(task string) error { return extract.Main(task, os.Stdin, os.Stdout) }

// readFile reads the text out of a file, in such a process.
func (p *Parts) readFile(ctx context.Context, name string, data []byte) (extract.Document, error) {
	cfg, command, cache := p.Config.Knowledge, []string{ExtractCommand}, filepath.Join(p.Config.DataDir, "cache", "pdfium")
	if bytes.HasPrefix(data, []byte("%PDF-")) {
		if err := extract.Prepare(ctx, command, cache); err != nil {
			return extract.Document{}, err
		}
	}
	return extract.Run(ctx, command, name, data, cache, extract.Limits{Time: cfg.ReadTime, Memory: cfg.ReadMemoryMB})
}

// IndexDir is where the indexes of passages are. All of it can be made again, and is of no other database.
func (p *Parts) IndexDir() string { return filepath.Join(p.Config.DataDir, "index") }

// vectors embeds documents and questions by the default embedding model, and counts what it takes.
type vectors struct {
	o      *orchestrator.Orchestrator
	models serving.Catalogue
}

// Embed implements retrieval.Embedder.
func (v vectors) Embed(ctx context.Context, sc chat.Scope, texts []string, each bool) ([]retrieval.Embedded, string, error) {
	m, found, err := v.models.Default(serving.KindEmbed)
	if err != nil {
		return nil, "", err
	}
	if !found {
		return nil, "", fault.Unavailable("there is no embedding model, without which documents cannot be searched: run `parley model pull`").OfKind("no_model")
	}
	out, err := v.o.Embed(ctx, orchestrator.Ask{Scope: sc, Surface: "knowledge", Model: m}, serving.Texts(texts, each))
	if err != nil {
		return nil, "", err
	}
	return Embedded(out), m.ID, nil
}

// Embedded is what search has of what a model gave.
func Embedded(e serving.Embeddings) []retrieval.Embedded {
	out := make([]retrieval.Embedded, len(e.Vectors))
	for i, v := range e.Vectors {
		out[i].Vector = v
		if e.Each != nil {
			out[i].Each = e.Each[i]
		}
	}
	return out
}

// Windows implements knowledge.Embedder.
func (v vectors) Windows(ctx context.Context, sc chat.Scope, texts []string) ([]knowledge.Embedded, string, error) {
	windows, model, err := retrieval.Windows(ctx, v, sc, texts, true)
	out := make([]knowledge.Embedded, len(windows))
	for i, list := range windows {
		out[i].Windows, out[i].Tokens = late.Parts(list)
	}
	return out, model, err
}

// startKnowledge works on documents that wait, until the returned function is called and has returned.
func (p *Parts) startKnowledge() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Library.Work(ctx, p.readFile, vectors{p.Orchestrator, p.Models})
	}()
	return func() {
		cancel()
		<-done
	}
}

// sweepKnowledge drops deleted passages that every index has seen go.
func (p *Parts) sweepKnowledge(ctx context.Context) error {
	for tenant, read := range p.Indexes.Read() {
		if err := p.Library.Sweep(ctx, tenant, read); err != nil {
			return err
		}
	}
	return nil
}
