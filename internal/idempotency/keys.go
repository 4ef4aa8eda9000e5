// Package idempotency lets a client repeat a request without repeating its effect. The first request
// with an Idempotency-Key is done; a repetition within a day gets the first one's answer, and one that
// arrives while the first is still running waits for it. Begin at Keys.Begin.
package idempotency

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Limits.
const (
	MaxKeyBytes  = 255
	MaxBodyBytes = 8 << 20 // of a stored response
	keptFor      = 24 * time.Hour
)

// KindReused is the kind of the fault.Conflict for a key that came with another body before.
const KindReused = "idempotency_key_reused"

// Response is a finished answer, as it is sent again.
type Response struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Body        []byte `json:"body"`
}

// State is what Begin found. Exactly one of the fields is set.
type State struct {
	// New says that the request is the caller's to do, who then calls Complete or Point, and in every
	// case Release.
	New bool
	// Response is what the first request was answered.
	Response *Response
	// Message is the answer that the first request began, whose events tell the rest.
	Message string
}

// Keys keeps the keys in the table idempotency_keys. It is safe for many goroutines. Requests of one key
// wait for each other within one process; a request that a process died in is done anew.
type Keys struct {
	db   *store.DB
	keys *secrets.Keyring
	// Now is the clock; tests may set it before the first use.
	Now func() time.Time

	mu      sync.Mutex
	running map[place]*run
}

// place is where a key counts: for one user of one tenant. The key itself is kept as its hash, since
// clients put what they like in it.
type place struct{ tenant, user, hash string }

func (p place) id() string { return p.tenant + "/" + p.user + "/" + p.hash }

// run is a request that is being looked up or done here. done is closed at its end. It is held from when
// Begin has called it new.
type run struct {
	body string
	done chan struct{}
	held bool
}

// New makes Keys.
func New(db *store.DB, keys *secrets.Keyring) *Keys {
	return &Keys{db: db, keys: keys, Now: time.Now, running: map[place]*run{}}
}

// BodyHash tells requests apart by their method, path and body.
func BodyHash(method, path string, body []byte) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(method), []byte(path), body} {
		fmt.Fprintf(h, "%d:", len(part))
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// CheckKey reports a key that is too long or not printable.
func CheckKey(key string) error {
	if key == "" || len(key) > MaxKeyBytes {
		return fault.Invalid("an Idempotency-Key has 1 to %d characters, this one has %d", MaxKeyBytes, len(key)).At("Idempotency-Key")
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return fault.Invalid("an Idempotency-Key is printable ASCII").At("Idempotency-Key")
		}
	}
	return nil
}

func at(sc chat.Scope, key string) place {
	sum := sha256.Sum256([]byte(key))
	return place{sc.Tenant, sc.User, hex.EncodeToString(sum[:])}
}

// Begin tells whether the request is new, and waits while the same one is being done in this process. A
// different body gives fault.Conflict with KindReused.
func (k *Keys) Begin(ctx context.Context, sc chat.Scope, key, bodyHash string) (State, error) {
	if err := CheckKey(key); err != nil {
		return State{}, err
	}
	p := at(sc, key)
	for {
		r, mine := k.claim(p, bodyHash)
		if mine {
			state, err := k.begin(ctx, p, bodyHash)
			if state.New {
				k.hold(r)
			} else {
				k.end(p, r)
			}
			return state, err
		}
		if r.body != bodyHash {
			return State{}, reused()
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return State{}, ctx.Err()
		}
	}
}

// claim makes the caller the one who looks after this key, or returns who does.
func (k *Keys) claim(p place, bodyHash string) (r *run, mine bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r, ok := k.running[p]; ok {
		return r, false
	}
	r = &run{body: bodyHash, done: make(chan struct{})}
	k.running[p] = r
	return r, true
}

func (k *Keys) hold(r *run) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r.held = true
}

// holder is the run of the request that is being done, or nil.
func (k *Keys) holder(p place) *run {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r := k.running[p]; r != nil && r.held {
		return r
	}
	return nil
}

// end lets those who wait for r go on. It may be called again, and with nil.
func (k *Keys) end(p place, r *run) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r != nil && k.running[p] == r {
		close(r.done)
		delete(k.running, p)
	}
}

func reused() error {
	return fault.Conflict("this Idempotency-Key came with a different request before: take a new key for a new request").
		OfKind(KindReused).At("Idempotency-Key")
}

type row struct {
	State    string `db:"state"`
	Body     []byte `db:"body_hash"`
	Message  string `db:"message_id"`
	Response []byte `db:"response"`
}

func (k *Keys) begin(ctx context.Context, p place, bodyHash string) (State, error) {
	box, err := k.keys.Box(ctx, p.tenant)
	if err != nil {
		return State{}, err
	}
	now := k.Now()
	var r row
	err = k.db.Get(ctx, &r, `SELECT state, body_hash, message_id, response FROM idempotency_keys
		WHERE tenant_id = ? AND user_id = ? AND key_hash = ? AND expires_at > ?`, p.tenant, p.user, p.hash, store.Millis(now))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return k.insert(ctx, box, p, bodyHash, now)
	case err != nil:
		return State{}, fmt.Errorf("look up idempotency key: %w", err)
	}
	body, err := box.Open(r.Body, aad(p, "body_hash"))
	if err != nil {
		return State{}, err
	}
	switch {
	case string(body) != bodyHash:
		return State{}, reused()
	case r.State == "done":
		return replay(box, p, r.Response)
	case r.State == "pointed":
		return State{Message: r.Message}, nil
	}
	return k.insert(ctx, box, p, bodyHash, now) // left by a process that died
}

func replay(box secrets.Box, p place, sealed []byte) (State, error) {
	plain, err := box.Open(sealed, aad(p, "response"))
	if err != nil {
		return State{}, err
	}
	var res Response
	if err := json.Unmarshal(plain, &res); err != nil {
		return State{}, fmt.Errorf("read stored response: %w", err)
	}
	return State{Response: &res}, nil
}

func aad(p place, column string) []byte { return secrets.AAD("idempotency_keys", p.id(), column) }

func (k *Keys) insert(ctx context.Context, box secrets.Box, p place, bodyHash string, now time.Time) (State, error) {
	body, err := box.Seal([]byte(bodyHash), aad(p, "body_hash"))
	if err != nil {
		return State{}, err
	}
	_, err = k.db.Exec(ctx, `INSERT INTO idempotency_keys (tenant_id, user_id, key_hash, state, body_hash, expires_at)
		VALUES (?, ?, ?, 'running', ?, ?)
		ON CONFLICT (tenant_id, user_id, key_hash) DO UPDATE SET
			state = excluded.state, body_hash = excluded.body_hash, message_id = '', response = NULL, expires_at = excluded.expires_at`,
		p.tenant, p.user, p.hash, body, store.Millis(now.Add(keptFor)))
	if err != nil {
		return State{}, fmt.Errorf("store idempotency key: %w", err)
	}
	return State{New: true}, nil
}

// Complete stores the answer of a request that Begin called new; it may follow Point. From then on a
// repetition gets it. Complete, Point and Release work when ctx has ended, since a client that hangs up
// is the one that asks again.
func (k *Keys) Complete(ctx context.Context, sc chat.Scope, key string, res Response) error {
	if len(res.Body) > MaxBodyBytes {
		return fault.TooLarge("a response of %d bytes is too long to be kept for a repetition", len(res.Body))
	}
	p := at(sc, key)
	plain, err := json.Marshal(res)
	if err != nil {
		return fmt.Errorf("write response: %w", err)
	}
	ctx = context.WithoutCancel(ctx)
	sealed, err := k.keys.Seal(ctx, sc.Tenant, plain, aad(p, "response"))
	if err != nil {
		return err
	}
	return k.set(ctx, p, `state = 'done', response = ?`, sealed)
}

// Point names the answer that the request has begun. From then on a repetition gets Message, and reads
// the answer's events beside the first.
func (k *Keys) Point(ctx context.Context, sc chat.Scope, key, message string) error {
	return k.set(context.WithoutCancel(ctx), at(sc, key), `state = 'pointed', message_id = ?`, message)
}

func (k *Keys) set(ctx context.Context, p place, set string, value any) error {
	r := k.holder(p)
	n, err := k.db.Exec(ctx, `UPDATE idempotency_keys SET `+set+` WHERE tenant_id = ? AND user_id = ? AND key_hash = ?`,
		value, p.tenant, p.user, p.hash)
	if err == nil && n == 0 {
		err = errors.New("it was not begun")
	}
	if err != nil {
		return fmt.Errorf("store outcome of idempotency key: %w", err)
	}
	k.end(p, r)
	return nil
}

// Release ends a request that Begin called new. When neither Complete nor Point has succeeded, it had no
// effect to keep, and a repetition is new. Defer it right after Begin.
func (k *Keys) Release(ctx context.Context, sc chat.Scope, key string) error {
	p := at(sc, key)
	r := k.holder(p)
	if r == nil {
		return nil
	}
	defer k.end(p, r)
	_, err := k.db.Exec(context.WithoutCancel(ctx), `DELETE FROM idempotency_keys
		WHERE tenant_id = ? AND user_id = ? AND key_hash = ? AND state = 'running'`, p.tenant, p.user, p.hash)
	if err != nil {
		return fmt.Errorf("release idempotency key: %w", err)
	}
	return nil
}

// Sweep deletes the keys of every tenant that have expired at now.
func (k *Keys) Sweep(ctx context.Context, now time.Time) (int64, error) {
	n, err := k.db.Exec(ctx, `DELETE FROM idempotency_keys WHERE expires_at <= ?`, store.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("delete expired idempotency keys: %w", err)
	}
	return n, nil
}

// DeleteAll removes the keys of the scope's user, in the transaction that removes the user.
func (k *Keys) DeleteAll(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
	if _, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User); err != nil {
		return fmt.Errorf("delete idempotency keys of user %s: %w", sc.User, err)
	}
	return nil
}
