// Package connect keeps the documents of a knowledge base as they are somewhere else: in a folder, on a web site. An Origin
// lists what is there; Sync brings what is new or has changed, and takes out what is gone. Begin at Sync.
package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
)

// Origin is where documents are.
type Origin interface {
	// Name tells origins apart: what Sync brought from one is never taken out for another.
	Name() string
	// Items lists the documents. An error ends the list, which is then not whole; an error of one document is its own.
	// Known has the versions of those that the base has, by path.
	Items(ctx context.Context, known map[string]string) iter.Seq2[Item, error]
}

// Item is a document where it is.
type Item struct {
	Path    string // names it in its origin, for good
	Name    string // of its file: formats that have no mark of their own are told by it
	Version string // another one where the document has changed
	// Open reads it. It is not called for a version that is known.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Library is what Sync needs of the knowledge; knowledge.Library has it.
type Library interface {
	Documents(ctx context.Context, sc chat.Scope, base string) ([]knowledge.Document, error)
	AddFile(ctx context.Context, sc chat.Scope, name, purpose string, data io.Reader) (knowledge.File, error)
	Add(ctx context.Context, sc chat.Scope, base, file string, attributes map[string]any) (knowledge.Document, error)
	Remove(ctx context.Context, sc chat.Scope, base, file string) error
	DeleteFile(ctx context.Context, sc chat.Scope, id string) error
}

// The attributes of a document that Sync brought.
const (
	originKey  = "origin"
	pathKey    = "path"
	versionKey = "version"
)

// Report counts what a Sync did. Failed has the documents that could not be fetched, with the reasons; they stay as they were.
type Report struct {
	Added, Changed, Same, Gone int
	Failed                     []Failure
}

// Failure is one document that could not be fetched.
type Failure struct {
	Path string
	Err  error
}

// Sync makes the base have what the origin has. What it brought is processed by knowledge.Work. A run that is cut off leaves
// what it has done, and the next one goes on; where the origin cannot be listed to its end, nothing is taken out.
func Sync(ctx context.Context, lib Library, sc chat.Scope, base string, origin Origin) (Report, error) {
	var r Report
	list, err := lib.Documents(ctx, sc, base)
	if err != nil {
		return r, err
	}
	have, known := map[string][]knowledge.Document{}, map[string]string{} // by path, the newest first
	for _, d := range list {
		if d.Attributes[originKey] != origin.Name() {
			continue
		}
		path, _ := d.Attributes[pathKey].(string)
		if have[path] = append(have[path], d); len(have[path]) == 1 {
			known[path], _ = d.Attributes[versionKey].(string)
		}
	}
	seen := map[string]bool{}
	for item, err := range origin.Items(ctx, known) {
		if err != nil {
			return r, fmt.Errorf("list %s: %w", origin.Name(), err)
		}
		if seen[item.Path] {
			continue
		}
		seen[item.Path] = true
		old := have[item.Path]
		same := len(old) > 0 && known[item.Path] == item.Version
		if !same {
			if err := bring(ctx, lib, sc, base, origin.Name(), item); fatal(ctx, err) {
				return r, err
			} else if err != nil {
				r.Failed = append(r.Failed, Failure{item.Path, err})
				continue
			}
		}
		switch {
		case same:
			r.Same++
			old = old[1:] // the rest is of a run that was cut off
		case len(old) > 0:
			r.Changed++
		default:
			r.Added++
		}
		if err := takeOut(ctx, lib, sc, base, old); err != nil {
			return r, err
		}
	}
	for path, old := range have {
		if seen[path] {
			continue
		}
		if err := takeOut(ctx, lib, sc, base, old); err != nil {
			return r, err
		}
		r.Gone++
	}
	return r, nil
}

// fatal tells what ends a whole run from what concerns one document: a server's own faults, and rights that are gone.
func fatal(ctx context.Context, err error) bool {
	known := (*fault.Error)(nil)
	return err != nil && ctx.Err() != nil || errors.As(err, &known) && !fault.Is(err, fault.CodeInvalid) && !fault.Is(err, fault.CodeTooLarge)
}

func bring(ctx context.Context, lib Library, sc chat.Scope, base, origin string, item Item) error {
	data, err := item.Open(ctx)
	if err != nil {
		return err
	}
	f, err := lib.AddFile(ctx, sc, item.Name, "assistants", data)
	if err = errors.Join(err, data.Close()); err != nil {
		return err
	}
	_, err = lib.Add(ctx, sc, base, f.ID, map[string]any{originKey: origin, pathKey: item.Path, versionKey: item.Version})
	if err != nil {
		err = errors.Join(err, lib.DeleteFile(ctx, sc, f.ID))
	}
	return err
}

// takeOut removes documents, and their files where they are the scope's own. Files may be used elsewhere by others then.
func takeOut(ctx context.Context, lib Library, sc chat.Scope, base string, list []knowledge.Document) error {
	for _, d := range list {
		err := lib.Remove(ctx, sc, base, d.File)
		if err == nil {
			err = lib.DeleteFile(ctx, sc, d.File)
		}
		if err != nil && !fault.Is(err, fault.CodeNotFound) && !fault.Is(err, fault.CodeForbidden) {
			return err
		}
	}
	return nil
}
