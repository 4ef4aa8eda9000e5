package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
)

func TestIdempotentTurnIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	const body = `{"messages": [{"role": "user", "content": "once"}]}`
	read := func() (conversation, text string) {
		s.stream(t, seeded, "POST", "/v1/chat.completions", body, func(e event) bool {
			if e.Start != nil {
				conversation = e.Start.Conversation
			}
			text += e.Delta
			return true
		}, "Idempotency-Key", "k1")
		return
	}
	conv1, text1 := read()
	conv2, text2 := read()
	if conv1 != conv2 || text1 != text2 || text1 == "" {
		t.Errorf("%s %q, then %s %q", conv1, text1, conv2, text2)
	}
	a := s.call(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "other"}]}`, "Idempotency-Key", "k1")
	if a.status != http.StatusConflict || a.code() != "idempotency_key_reused" {
		t.Errorf("another body: %d %s", a.status, a.body)
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/embeddings", `{"input": "x"}`, "Idempotency-Key", "k2")
	again := s.must(t, http.StatusOK, seeded, "POST", "/v1/embeddings", `{"input": "x"}`, "Idempotency-Key", "k2")
	if again.header.Get("Idempotency-Replayed") != "true" {
		t.Error("the repetition was not a replay")
	}
}

// Who repeats the making of a key, a user or a tenant gets the same one again, and no secret is kept in
// the clear for it. Where a key is not heeded, it is refused.
func TestIdempotentMakingOfThings(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	s.user(t, "team", "owner@a.test", chat.RoleOwner)
	owner := s.signIn(t, "owner@a.test")
	for path, body := range map[string]string{
		"/v1/keys":          `{"name": "k", "permissions": ["chat"]}`,
		"/v1/admin/users":   `{"email": "new@a.test", "name": "New", "password": "` + password + `"}`,
		"/v1/admin/tenants": `{"slug": "new", "name": "New"}`,
	} {
		first := s.must(t, http.StatusCreated, owner, "POST", path, body, "Idempotency-Key", path)
		again := s.must(t, http.StatusCreated, owner, "POST", path, body, "Idempotency-Key", path)
		if string(first.body) != string(again.body) || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: %s, then %s", path, first.body, again.body)
		}
		var kept [][]byte
		if err := s.DB.Select(context.Background(), &kept, `SELECT response FROM idempotency_keys`); err != nil || len(kept) == 0 {
			t.Fatalf("%d answers kept, %v", len(kept), err)
		}
		for _, sealed := range kept {
			if strings.Contains(string(sealed), `"status":201`) {
				t.Errorf("%s: the answer is kept in the clear", path)
			}
		}
		if a := s.call(t, owner, "POST", path, `{"name": "other"}`, "Idempotency-Key", path); a.status != http.StatusConflict {
			t.Errorf("%s with another body: %d %s", path, a.status, a.body)
		}
	}
	a := s.call(t, credential{}, "POST", "/v1/session", `{"email": "owner@a.test", "password": "`+password+`"}`, "Idempotency-Key", "x")
	if a.status != http.StatusBadRequest || !strings.Contains(string(a.body), "Idempotency-Key") {
		t.Errorf("sign-in: %d %s", a.status, a.body)
	}
}
