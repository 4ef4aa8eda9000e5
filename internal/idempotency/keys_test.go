package idempotency_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/idempotency"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/tenancytest"
	"github.com/parley-chat/parley/internal/testkit"
)

var (
	ctx   = context.Background()
	alice = chat.Scope{Tenant: "t1", User: "alice"}
)

func setup(t *testing.T) (*idempotency.Keys, *store.DB, *secrets.Keyring) {
	t.Helper()
	db := testkit.Store(t)
	keys := tenancytest.Tenants(t, db, "t1", "t2")
	return idempotency.New(db, keys), db, keys
}

func begin(t *testing.T, k *idempotency.Keys, sc chat.Scope, key, body string) idempotency.State {
	t.Helper()
	s, err := k.Begin(ctx, sc, key, body)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantNew(t *testing.T, k *idempotency.Keys, sc chat.Scope, key, body string) {
	t.Helper()
	if s := begin(t, k, sc, key, body); !s.New {
		t.Fatalf("not new: %+v", s)
	}
}

func wantReused(t *testing.T, k *idempotency.Keys, body string) {
	t.Helper()
	_, err := k.Begin(ctx, alice, "k", body)
	if f := fault.From(err); f == nil || f.Code != fault.CodeConflict || f.Kind != idempotency.KindReused {
		t.Fatalf("another body: %v", err)
	}
}

func TestRepetitionGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	k, db, keys := setup(t)
	wantNew(t, k, alice, "k", "body")
	wantReused(t, k, "other body")
	res := idempotency.Response{Status: 201, ContentType: "application/json", Body: []byte("\x00\xffanswer")}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := k.Complete(gone, alice, "k", res); err != nil {
		t.Fatal(err)
	}
	if err := k.Release(ctx, alice, "k"); err != nil {
		t.Fatal(err)
	}
	for _, k := range []*idempotency.Keys{k, idempotency.New(db, keys)} {
		got := begin(t, k, alice, "k", "body").Response
		if got == nil || got.Status != 201 || got.ContentType != res.ContentType || !bytes.Equal(got.Body, res.Body) {
			t.Fatalf("replayed %+v", got)
		}
		wantReused(t, k, "other body")
	}
	for _, sc := range []chat.Scope{{Tenant: "t1", User: "bob"}, {Tenant: "t2", User: "alice"}} {
		wantNew(t, k, sc, "k", "other body")
	}
}

func TestNativeTurnPointsAtItsAnswer(t *testing.T) {
	t.Parallel()
	k, _, _ := setup(t)
	wantNew(t, k, alice, "k", "body")
	if err := k.Point(ctx, alice, "k", "msg_1"); err != nil {
		t.Fatal(err)
	}
	if s := begin(t, k, alice, "k", "body"); s.Message != "msg_1" {
		t.Fatalf("%+v", s)
	}
	if err := k.Complete(ctx, alice, "k", idempotency.Response{Status: 200}); err != nil {
		t.Fatal(err)
	}
	if s := begin(t, k, alice, "k", "body"); s.Response == nil || s.Response.Status != 200 {
		t.Fatalf("%+v", s)
	}
}

func TestOneAtATimeDoesTheRequest(t *testing.T) {
	t.Parallel()
	k, _, _ := setup(t)
	var done, running, replayed atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			s, err := k.Begin(ctx, alice, "k", "body")
			if err != nil {
				t.Error(err)
				return
			}
			if !s.New {
				replayed.Add(1)
				return
			}
			defer func() { _ = k.Release(ctx, alice, "k") }()
			if running.Add(1) != 1 {
				t.Error("two do it at once")
			}
			defer running.Add(-1)
			if done.Add(1) < 4 {
				return // the first three fail
			}
			if err := k.Complete(ctx, alice, "k", idempotency.Response{Status: 200}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done.Load() != 4 || replayed.Load() != 12 {
		t.Errorf("done %d times, replayed %d", done.Load(), replayed.Load())
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	k, _, _ := setup(t)
	wantNew(t, k, alice, "k", "body")
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := k.Begin(short, alice, "k", "body"); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting: %v", err)
	}
	if err := k.Complete(ctx, alice, "k", idempotency.Response{Body: make([]byte, idempotency.MaxBodyBytes+1)}); !fault.Is(err, fault.CodeTooLarge) {
		t.Errorf("too long: %v", err)
	}
	// What could not be kept is still held until its Release, so that no one does it a second time beside.
	if _, err := k.Begin(short, alice, "k", "body"); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting: %v", err)
	}
	if err := k.Release(ctx, alice, "k"); err != nil {
		t.Fatal(err)
	}
	wantNew(t, k, alice, "k", "body")
}

func TestRequestOfADeadProcessIsNew(t *testing.T) {
	t.Parallel()
	k, db, keys := setup(t)
	wantNew(t, k, alice, "k", "body")
	k = idempotency.New(db, keys)
	wantReused(t, k, "other")
	wantNew(t, k, alice, "k", "body")
}

func TestKeysExpireAfterADay(t *testing.T) {
	t.Parallel()
	k, db, _ := setup(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k.Now = func() time.Time { return now }
	wantNew(t, k, alice, "k", "body")
	if err := k.Complete(ctx, alice, "k", idempotency.Response{Status: 200}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(24*time.Hour - time.Millisecond)
	if begin(t, k, alice, "k", "body").Response == nil {
		t.Fatal("expired too early")
	}
	if n, err := k.Sweep(ctx, now); err != nil || n != 0 {
		t.Fatalf("swept %d, %v", n, err)
	}
	now = now.Add(time.Millisecond)
	wantNew(t, k, alice, "k", "another body")
	if err := k.Point(ctx, alice, "k", "msg_1"); err != nil {
		t.Fatal(err)
	}
	if n, err := k.Sweep(ctx, now.Add(48*time.Hour)); err != nil || n != 1 {
		t.Fatalf("swept %d, %v", n, err)
	}
	wantNew(t, k, alice, "k2", "b")
	if err := db.WithTx(ctx, func(tx *store.Tx) error { return k.DeleteAll(ctx, tx, alice) }); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.Get(ctx, &n, `SELECT COUNT(*) FROM idempotency_keys`); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

func TestKeysOfBadForm(t *testing.T) {
	t.Parallel()
	k, _, _ := setup(t)
	for _, key := range []string{"", strings.Repeat("k", 256), "line\nbreak", "ümlaut", "\x7f"} {
		if _, err := k.Begin(ctx, alice, key, "body"); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
	wantNew(t, k, alice, strings.Repeat("k", 255), "body")
	if idempotency.BodyHash("POST", "/a", []byte("b")) == idempotency.BodyHash("POST", "/", []byte("ab")) {
		t.Error("path and body run together")
	}
}
