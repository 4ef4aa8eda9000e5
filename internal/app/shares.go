package app

import (
	"context"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/guardrails/pii"
	"github.com/parley-chat/parley/internal/sharing"
	"github.com/parley-chat/parley/internal/tenancy"
)

// branches reads conversations for sharing.
type branches struct{ store *conversation.Store }

// Branch implements sharing.Branches.
func (b branches) Branch(ctx context.Context, sc chat.Scope, id, leaf string) (sharing.Branch, error) {
	conv, err := b.store.Get(ctx, sc, id)
	if err != nil {
		return sharing.Branch{}, err
	}
	if conv.Temporary {
		return sharing.Branch{}, fault.Conflict("a temporary chat is kept for a day at most and cannot be shared").OfKind("temporary")
	}
	path, err := b.store.Path(ctx, sc, id, leaf)
	if err != nil {
		return sharing.Branch{}, err
	}
	out := sharing.Branch{Title: conv.Title}
	for _, m := range path {
		if m.Status == conversation.Streaming {
			return sharing.Branch{}, fault.Conflict("this answer is still being written: wait for it or stop it, then share").OfKind("turn_running").At("leaf_id")
		}
		out.Messages = append(out.Messages, sharing.SharedMessage{Role: m.Role, Text: m.Text, Model: m.Model, CreatedAt: m.CreatedAt})
	}
	return out, nil
}

// people tells features who somebody is.
type people struct{ accounts *tenancy.Service }

// Person implements sharing.People.
func (p people) Person(ctx context.Context, sc chat.Scope) (sharing.Person, error) {
	me, err := p.accounts.Me(ctx, chat.Identity{Scope: sc})
	if err != nil {
		return sharing.Person{}, err
	}
	if me.User.Disabled || !me.Tenant.DeletedAt.IsZero() {
		return sharing.Person{}, fault.NotFound("this account is closed")
	}
	return sharing.Person{Name: me.User.Name, Tenant: me.Tenant.Name}, nil
}

// Name implements prompts.Names.
func (p people) Name(ctx context.Context, sc chat.Scope) (string, error) {
	me, err := p.accounts.Me(ctx, chat.Identity{Scope: sc})
	return me.User.Name, err
}

// redact is pii.Redact with kinds as plain words.
func redact(text string) (string, map[string]int) {
	out, found := pii.Redact(text)
	counts := make(map[string]int, len(found))
	for kind, n := range found {
		counts[string(kind)] = n
	}
	return out, counts
}
