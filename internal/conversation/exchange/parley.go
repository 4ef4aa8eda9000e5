package exchange

import (
	"encoding/json"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// readParley reads an entry of Parley's own export.
func readParley(raw json.RawMessage, d *Document) (*source, error) {
	var in struct {
		Status    word   `json:"status"`
		Pinned    flag   `json:"pinned"`
		Leaf      word   `json:"leaf_id"`
		CreatedAt moment `json:"created_at"`
		UpdatedAt moment `json:"updated_at"`
		Messages  []struct {
			ID        word   `json:"id"`
			Parent    word   `json:"parent_id"`
			Role      word   `json:"role"`
			Text      word   `json:"text"`
			Model     word   `json:"model"`
			Status    word   `json:"status"`
			Finish    word   `json:"finish_reason"`
			Tokens    count  `json:"tokens"`
			Latency   count  `json:"latency_ms"`
			CreatedAt moment `json:"created_at"`
			EditedAt  moment `json:"edited_at"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	d.Pinned, d.Archived = bool(in.Pinned), in.Status == "archived"
	d.CreatedAt, d.UpdatedAt = in.CreatedAt.Time, in.UpdatedAt.Time
	s := newSource(len(in.Messages))
	s.leaf = string(in.Leaf)
	for i, m := range in.Messages {
		n := node{parent: string(m.Parent), Message: Message{
			Role: chat.Speaker(m.Role), Text: clean(string(m.Text)), Model: m.Model.model(), Finish: m.Finish.finish(),
			Tokens: int(m.Tokens), Latency: int64(m.Latency), CreatedAt: m.CreatedAt.Time, EditedAt: m.EditedAt.Time,
		}}
		switch n.Role {
		case chat.Assistant:
			n.kept, n.Status = true, "complete"
			if m.Status == "failed" {
				n.Status = "failed"
			} else if m.Status != "complete" { // partial, or still streaming when it was exported
				n.Status = "partial"
			}
		case chat.User:
			n.kept = strings.TrimSpace(n.Text) != ""
		case chat.System, chat.Tool:
			n.kept = true
		default:
			return nil, fault.Invalid("message %d has the unknown role %q", i, n.Role)
		}
		if m.ID == "" || !s.add(string(m.ID), n) {
			return nil, fault.Invalid("message %d has no id of its own", i)
		}
	}
	return s, nil
}
