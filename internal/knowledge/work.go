package knowledge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/abadojack/whatlanggo"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge/extract"
	"github.com/parley-chat/parley/internal/knowledge/split"
	"github.com/parley-chat/parley/internal/store"
)

// Reader reads the text out of a file, in bounded time and memory; extract.Run does. An error is an *extract.Refusal, or the
// machine's.
type Reader func(ctx context.Context, name string, data []byte) (extract.Document, error)

// Embedder gives passages their vectors, and tells the model that made them.
type Embedder interface {
	Windows(ctx context.Context, sc chat.Scope, texts []string) (out []Embedded, model string, err error)
}

// Embedded is what search has of a passage.
type Embedded struct {
	Windows [][]float32 // the vectors of the parts that the model reads as a whole, of unit length
	Tokens  []byte      // those of its tokens, as search packs them; may be nil
}

const (
	// retryMost is after how many attempts a document that fails for the machine's reasons is left as failed.
	retryMost = 10
	// lookEvery is how often work looks for what has become due by itself.
	lookEvery = 5 * time.Second
	// together is how many passages are embedded at once.
	together = 16
)

// Work reads documents that wait and makes them findable, one after the other, until ctx ends. A document that a crash cut
// off is taken up where it was: a text that was read is kept.
func (l *Library) Work(ctx context.Context, read Reader, embed Embedder) {
	for ctx.Err() == nil {
		r, found, err := l.due(ctx)
		if err == nil && found {
			err = l.process(ctx, r, read, embed)
		}
		if errors.Is(err, errGone) {
			err = nil
		}
		if err != nil && ctx.Err() == nil {
			l.log.Warn("documents wait", zap.Error(err))
			found = false
		}
		if found {
			continue
		}
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-time.After(lookEvery):
		}
	}
}

// due is the document that has waited longest, of all tenants.
func (l *Library) due(ctx context.Context) (r documentRow, found bool, err error) {
	err = l.db.Get(ctx, &r, documentQuery+`WHERE d.state IN ('queued', 'extracting', 'embedding') AND d.due_at <= ? ORDER BY d.due_at, d.id LIMIT 1`,
		store.Millis(l.Now()))
	if isMissing(err) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("find a document that waits: %w", err)
	}
	return r, true, nil
}

// process takes a document to its end, or to its next attempt. An error is errGone or the database's.
func (l *Library) process(ctx context.Context, r documentRow, read Reader, embed Embedder) error {
	err := l.steps(ctx, r, read, embed)
	if ctx.Err() != nil { // the next start takes it up
		err = nil
	}
	refusal := (*extract.Refusal)(nil)
	var known *fault.Error
	switch {
	case err == nil, errors.Is(err, errGone):
		return err
	case errors.As(err, &refusal):
		return l.fail(ctx, r, string(refusal.Kind), refusal.Reason)
	case errors.As(err, &known) && !fault.Is(err, fault.CodeInternal):
		return l.later(ctx, r, string(known.Code), known.Message)
	}
	l.log.Warn("a document could not be processed; it is tried again", zap.String("document", r.ID), zap.Int("attempt", r.Attempts+1), zap.Error(err))
	return l.later(ctx, r, string(fault.CodeInternal), "the server had a fault with this document; its log tells more")
}

// errGone says that a document was deleted while it was processed.
var errGone = errors.New("the document is gone")

func (l *Library) steps(ctx context.Context, r documentRow, read Reader, embed Embedder) error {
	text, pages, known, err := l.text(ctx, r.Tenant, r.ID)
	if err != nil {
		return err
	}
	if !known {
		if text, pages, err = l.read(ctx, r, read); err != nil {
			return err
		}
	}
	pieces := split.Split(text, pages, l.cfg.Passage)
	if err := l.set(ctx, r.ID, `state = ?, done = 0, passages = ?`, Embedding, len(pieces)); err != nil {
		return err
	}
	sc := chat.Scope{Tenant: r.Tenant, User: r.User}
	var embedded []Embedded
	var model string
	for at := 0; at < len(pieces); at += together {
		some := pieces[at:min(at+together, len(pieces))]
		texts := make([]string, len(some))
		for i, p := range some {
			texts[i] = p.Heading + "\n" + text[p.Start:p.End]
		}
		got, by, err := embed.Windows(ctx, sc, texts)
		if err != nil {
			return err
		}
		if model != "" && by != model {
			return fault.Busy("the embedding model was changed meanwhile")
		}
		embedded, model = append(embedded, got...), by
		if err := l.set(ctx, r.ID, `done = ?`, at+len(some)); err != nil {
			return err
		}
	}
	return l.publish(ctx, r, text, pieces, embedded, model)
}

// read extracts the document's text and keeps it.
func (l *Library) read(ctx context.Context, r documentRow, read Reader) (string, []int, error) {
	if err := l.set(ctx, r.ID, `state = ?, kind = '', reason = ''`, Extracting); err != nil {
		return "", nil, err
	}
	box, err := l.keys.Box(ctx, r.Tenant)
	if err != nil {
		return "", nil, err
	}
	d, err := r.open(box)
	if err != nil {
		return "", nil, err
	}
	data, err := l.content(ctx, r.Tenant, r.File)
	if err != nil {
		return "", nil, err
	}
	doc, err := read(ctx, d.Name, data)
	if err != nil {
		return "", nil, err
	}
	if doc.Pages == nil {
		doc.Pages = []int{}
	}
	pages, err := json.Marshal(doc.Pages)
	if err != nil {
		return "", nil, err
	}
	title, err := box.Seal([]byte(doc.Title), documentAAD(r.ID, "title"))
	if err != nil {
		return "", nil, err
	}
	text, err := box.Seal([]byte(doc.Text), documentAAD(r.ID, "text"))
	if err != nil {
		return "", nil, err
	}
	return doc.Text, doc.Pages, l.set(ctx, r.ID, `title = ?, text = ?, pages = ?`, title, text, string(pages))
}

// publish puts a document's passages in the place of those that it had, all at once.
func (l *Library) publish(ctx context.Context, r documentRow, text string, pieces []split.Piece, embedded []Embedded, model string) error {
	box, err := l.keys.Box(ctx, r.Tenant)
	if err != nil {
		return err
	}
	return l.db.WithTx(ctx, func(tx *store.Tx) error {
		if err := bury(ctx, tx, r.Tenant, `document_id = ?`, r.ID); err != nil {
			return err
		}
		c, err := tick(ctx, tx, r.Tenant, len(pieces), 0)
		if err != nil {
			return err
		}
		var class uint32
		if err := tx.Get(ctx, &class, `SELECT class FROM knowledge_bases WHERE id = ?`, r.Base); isMissing(err) {
			return errGone
		} else if err != nil {
			return fmt.Errorf("read class: %w", err)
		}
		for i, p := range pieces {
			id := uint64(c.Passage) - uint64(len(pieces)-1-i)                                                                //nolint:gosec // counts
			row := passageRow{ID: id, Document: r.ID, Class: class, Seq: uint64(c.Seq), Lang: language(text[p.Start:p.End]), //nolint:gosec // a count
				Start: p.Start, End: p.End, Page: p.Page}
			for _, part := range []struct {
				to     *[]byte
				column string
				plain  []byte
			}{
				{&row.Heading, "heading", []byte(p.Heading)},
				{&row.Text, "text", []byte(text[p.Start:p.End])},
				{&row.Vectors, "vectors", pack(embedded[i].Windows)},
				{&row.Tokens, "tokens", embedded[i].Tokens},
			} {
				if *part.to, err = box.Seal(part.plain, passageAAD(r.Tenant, id, part.column)); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `INSERT INTO passages (tenant_id, id, document_id, class, seq, live, lang, start_at, end_at, page, heading, text, vectors, tokens)
				VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`,
				r.Tenant, row.ID, row.Document, row.Class, row.Seq, row.Lang, row.Start, row.End, row.Page, row.Heading, row.Text, row.Vectors, row.Tokens)
			if err != nil {
				return fmt.Errorf("insert passage: %w", err)
			}
		}
		n, err := tx.Exec(ctx, `UPDATE documents SET state = ?, kind = '', reason = '', done = ?, passages = ?, model = ?, updated_at = ? WHERE id = ?`,
			Ready, len(pieces), len(pieces), model, store.Millis(l.Now()), r.ID)
		if err == nil && n == 0 {
			err = errGone
		}
		return err
	})
}

// ownScripts are languages that a few letters tell.
var ownScripts = []string{"zh", "ja", "ko", "th", "ar", "he", "el", "ka", "hi"}

// language is that of a text, as far as it can be told; the name of the file and headings say too little.
func language(text string) string {
	info := whatlanggo.Detect(text)
	lang := info.Lang.Iso6391()
	if info.IsReliable() || slices.Contains(ownScripts, lang) {
		return lang
	}
	return ""
}

func (l *Library) set(ctx context.Context, id, columns string, args ...any) error {
	n, err := l.db.Exec(ctx, `UPDATE documents SET updated_at = ?, `+columns+` WHERE id = ?`,
		append(append([]any{store.Millis(l.Now())}, args...), id)...)
	if err != nil {
		return fmt.Errorf("update document %s: %w", id, err)
	}
	if n == 0 {
		return errGone
	}
	return nil
}

func (l *Library) fail(ctx context.Context, r documentRow, kind, reason string) error {
	return l.set(ctx, r.ID, `state = ?, kind = ?, reason = ?`, Failed, kind, reason)
}

// later tries again after 1, 2, 4 ... seconds, an hour at most, and gives up at last.
func (l *Library) later(ctx context.Context, r documentRow, kind, reason string) error {
	if r.Attempts+1 >= retryMost {
		return l.fail(ctx, r, kind, reason)
	}
	wait := min(time.Second<<r.Attempts, time.Hour)
	return l.set(ctx, r.ID, `state = ?, kind = ?, reason = ?, attempts = attempts + 1, due_at = ?`, Queued, kind, reason, store.Millis(l.Now().Add(wait)))
}
