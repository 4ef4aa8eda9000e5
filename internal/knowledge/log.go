package knowledge

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/secrets"
)

// Classes are those of the bases that the scope may read now: of all, or of those that are named. One that is named and may
// not be read is fault.NotFound.
func (l *Library) Classes(ctx context.Context, sc chat.Scope, bases []string) ([]uint32, error) {
	list, err := l.readable(ctx, sc)
	if err != nil {
		return nil, err
	}
	var classes []uint32
	if len(bases) == 0 {
		for _, h := range list {
			classes = append(classes, h.Class)
		}
		return classes, nil
	}
	for _, id := range bases {
		i := slices.IndexFunc(list, func(h held) bool { return h.ID == id })
		if i < 0 {
			return nil, noBase(id)
		}
		classes = append(classes, list[i].Class)
	}
	return classes, nil
}

// Latest is the last line of the tenant's log, 0 where there is none.
func (l *Library) Latest(ctx context.Context, tenant string) (uint64, error) {
	var seq uint64
	err := l.db.Get(ctx, &seq, `SELECT seq FROM knowledge_clocks WHERE tenant_id = ?`, tenant)
	if isMissing(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read clock: %w", err)
	}
	return seq, nil
}

type passageRow struct {
	ID       uint64 `db:"id"`
	Document string `db:"document_id"`
	Class    uint32 `db:"class"`
	Seq      uint64 `db:"seq"`
	Live     int    `db:"live"`
	Lang     string `db:"lang"`
	Start    int    `db:"start_at"`
	End      int    `db:"end_at"`
	Page     int    `db:"page"`
	Heading  []byte `db:"heading"`
	Text     []byte `db:"text"`
	Vectors  []byte `db:"vectors"`
	Tokens   []byte `db:"tokens"` // as search packs them
}

func passageAAD(tenant string, id uint64, column string) []byte {
	return secrets.AAD("passages", fmt.Sprintf("%s/%d", tenant, id), column)
}

// Changes are the lines of the tenant's log after one, in order, as far as whole lines of up to so many passages go. An
// index that was asked for nothing yet begins with 0; lines of what was deleted long ago are gone.
func (l *Library) Changes(ctx context.Context, tenant string, after uint64, most int) ([]chat.PassageChange, error) {
	var rows []passageRow
	err := l.db.Select(ctx, &rows, `SELECT id, document_id, class, seq, live, lang, text, vectors FROM passages
		WHERE tenant_id = ? AND seq > ? ORDER BY seq, id LIMIT ?`, tenant, after, most)
	if err != nil {
		return nil, fmt.Errorf("read the log of passages: %w", err)
	}
	// The last line may have more passages than were read: they are read again, together.
	if n := len(rows); n == most {
		last := rows[n-1].Seq
		rows = slices.DeleteFunc(rows, func(r passageRow) bool { return r.Seq == last })
		var rest []passageRow
		err := l.db.Select(ctx, &rest, `SELECT id, document_id, class, seq, live, lang, text, vectors FROM passages
			WHERE tenant_id = ? AND seq = ? ORDER BY id`, tenant, last)
		if err != nil {
			return nil, fmt.Errorf("read the log of passages: %w", err)
		}
		rows = append(rows, rest...)
	}
	box, err := l.keys.Box(ctx, tenant)
	if err != nil {
		return nil, err
	}
	list := make([]chat.PassageChange, len(rows))
	for i, r := range rows {
		c := chat.PassageChange{Seq: r.Seq, ID: r.ID, Live: r.Live == 1}
		if c.Live {
			c.Class, c.Lang = r.Class, r.Lang
			text, err := box.Open(r.Text, passageAAD(tenant, r.ID, "text"))
			if err != nil {
				return nil, err
			}
			vectors, err := box.Open(r.Vectors, passageAAD(tenant, r.ID, "vectors"))
			if err != nil {
				return nil, err
			}
			c.Text = string(text)
			if c.Vectors, err = unpack(vectors); err != nil {
				return nil, fmt.Errorf("vectors of passage %d: %w", r.ID, err)
			}
		}
		list[i] = c
	}
	return list, nil
}

// Passages reads what was found, in the order of the ids. What is gone meanwhile, or may not be read any more, is left out.
func (l *Library) Passages(ctx context.Context, sc chat.Scope, ids []uint64) ([]chat.Passage, error) {
	classes, err := l.Classes(ctx, sc, nil)
	if err != nil {
		return nil, err
	}
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	out := make([]chat.Passage, 0, len(ids))
	for _, id := range ids {
		var r struct {
			passageRow
			Base  string `db:"base_id"`
			File  string `db:"file_id"`
			Title []byte `db:"title"`
			Name  []byte `db:"name"`
		}
		err := l.db.Get(ctx, &r, `SELECT p.id, p.document_id, p.class, p.seq, p.live, p.lang, p.start_at, p.end_at, p.page, p.heading, p.text,
			d.base_id, d.file_id, d.title, f.name FROM passages p JOIN documents d ON d.id = p.document_id JOIN files f ON f.id = d.file_id
			WHERE p.tenant_id = ? AND p.id = ? AND p.live = 1`, sc.Tenant, id)
		if isMissing(err) || err == nil && !slices.Contains(classes, r.Class) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read passage %d: %w", id, err)
		}
		p := chat.Passage{ID: r.ID, Base: r.Base, File: r.File, Page: r.Page, Start: r.Start, End: r.End}
		for _, part := range []struct {
			to     *string
			sealed []byte
			aad    []byte
		}{
			{&p.Text, r.Text, passageAAD(sc.Tenant, id, "text")},
			{&p.Heading, r.Heading, passageAAD(sc.Tenant, id, "heading")},
			{&p.Title, r.Title, documentAAD(r.Document, "title")},
			{&p.Name, r.Name, secrets.AAD("files", r.File, "name")},
		} {
			opened, err := box.Open(part.sealed, part.aad)
			if err != nil {
				return nil, err
			}
			*part.to = string(opened)
		}
		out = append(out, p)
	}
	return out, nil
}

// DocumentsOf tells which document each of these passages is of; one that is gone is not in the answer.
func (l *Library) DocumentsOf(ctx context.Context, tenant string, ids []uint64) (map[uint64]string, error) {
	const together = 500
	of := make(map[uint64]string, len(ids))
	for some := range slices.Chunk(ids, together) {
		var rows []passageRow
		err := l.db.Select(ctx, &rows, `SELECT id, document_id FROM passages WHERE tenant_id = ? AND live = 1 AND id IN (?`+
			strings.Repeat(`, ?`, len(some)-1)+`)`, passageArgs(tenant, some)...)
		if err != nil {
			return nil, fmt.Errorf("read documents of passages: %w", err)
		}
		for _, r := range rows {
			of[r.ID] = r.Document
		}
	}
	return of, nil
}

func passageArgs(tenant string, ids []uint64) []any {
	args := make([]any, 1, 1+len(ids))
	args[0] = tenant
	for _, id := range ids {
		args = append(args, id)
	}
	return args
}

// Tokens reads those of passages that were found, in the order of the ids; nil for one that has none, or is gone meanwhile.
func (l *Library) Tokens(ctx context.Context, tenant string, ids []uint64) ([][]byte, error) {
	box, err := l.keys.Box(ctx, tenant)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []passageRow
	err = l.db.Select(ctx, &rows, `SELECT id, tokens FROM passages WHERE tenant_id = ? AND tokens IS NOT NULL AND id IN (?`+
		strings.Repeat(`, ?`, len(ids)-1)+`)`, passageArgs(tenant, ids)...)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	for _, r := range rows {
		opened, err := box.Open(r.Tokens, passageAAD(tenant, r.ID, "tokens"))
		if err != nil {
			return nil, err
		}
		out[slices.Index(ids, r.ID)] = opened
	}
	return out, nil
}

// Sweep drops the lines of what was deleted, up to where every index of the tenant has read.
func (l *Library) Sweep(ctx context.Context, tenant string, read uint64) error {
	_, err := l.db.Exec(ctx, `DELETE FROM passages WHERE tenant_id = ? AND live = 0 AND seq <= ?`, tenant, read)
	if err != nil {
		return fmt.Errorf("drop deleted passages: %w", err)
	}
	return nil
}

// pack writes vectors of one length as little-endian float32, after that length.
func pack(vectors [][]float32) []byte {
	if len(vectors) == 0 {
		return []byte{}
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(vectors[0]))) //nolint:gosec // some hundreds
	for _, v := range vectors {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	return b
}

func unpack(b []byte) (vectors [][]float32, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) < 4 {
		return nil, fmt.Errorf("%d bytes", len(b))
	}
	dim := int(binary.LittleEndian.Uint32(b))
	b = b[4:]
	if dim == 0 || len(b)%(4*dim) != 0 {
		return nil, fmt.Errorf("%d bytes for vectors of %d numbers", len(b), dim)
	}
	for row := range slices.Chunk(b, 4*dim) {
		v := make([]float32, dim)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(row[4*i:]))
		}
		vectors = append(vectors, v)
	}
	return vectors, nil
}
