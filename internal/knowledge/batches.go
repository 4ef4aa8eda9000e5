package knowledge

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// MostInBatch is how many files may be put into a base at once.
const MostInBatch = 500

// Cancelled is the Kind of a document that was given up before it was read.
const Cancelled = "cancelled"

// AddBatch puts files into a base that the scope may write to, all or none of them, and returns the batch that they are. A file
// that is named twice counts once.
func (l *Library) AddBatch(ctx context.Context, sc chat.Scope, baseID string, files []Addition) (batch string, err error) {
	if len(files) == 0 || len(files) > MostInBatch {
		return "", fault.Invalid("a batch has from 1 to %d files, not %d", MostInBatch, len(files)).At("file_ids")
	}
	batch = chat.NewID("vsfb")
	return batch, l.add(ctx, sc, baseID, batch, files)
}

// Batch lists the documents of a batch that are in a base the scope may read, the newest first. What was taken out or read anew
// since then is no longer of it; it is fault.NotFound when nothing is.
func (l *Library) Batch(ctx context.Context, sc chat.Scope, baseID, batch string) ([]Document, error) {
	if _, _, err := base(ctx, l.db, sc, baseID); err != nil {
		return nil, err
	}
	list, err := l.documents(ctx, sc, `WHERE d.base_id = ? AND d.batch = ? AND d.tenant_id = ? ORDER BY d.created_at DESC, d.id DESC`, baseID, batch, sc.Tenant)
	if err == nil && (len(list) == 0 || batch == "") {
		err = fault.NotFound("there is no batch %q in this knowledge base", batch)
	}
	return list, err
}

// CancelBatch gives up the documents of a batch that wait to be read; they count as failed. What is read or being read stays.
func (l *Library) CancelBatch(ctx context.Context, sc chat.Scope, baseID, batch string) ([]Document, error) {
	if _, err := l.Batch(ctx, sc, baseID, batch); err != nil {
		return nil, err
	}
	err := l.db.WithTx(ctx, func(tx *store.Tx) error {
		if _, _, err := writable(ctx, tx, sc, baseID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE documents SET state = ?, kind = ?, reason = ?, updated_at = ? WHERE base_id = ? AND batch = ? AND tenant_id = ? AND state = ?`,
			Failed, Cancelled, "it was given up before it was read; add it again to have it read", store.Millis(l.Now()), baseID, batch, sc.Tenant, Queued)
		if err != nil {
			return fmt.Errorf("cancel batch: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l.Batch(ctx, sc, baseID, batch)
}
