// Package usage counts what every turn took: tokens, time and money, one record a turn. What the server
// generates of itself, the titles, has records too, under SurfaceTitle and traces of their own: its tokens
// and cost are summed, and it counts as no turn. Quotas,
// dashboards and planning read it here and count nothing themselves. It never sees a text.
package usage

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// Config is the price list. A model that is not in it costs nothing, as the ones that run here do.
type Config struct {
	Prices []Price `mapstructure:"prices"`
}

// Price is what a model costs, in US dollars a million tokens.
type Price struct {
	Model  string  `mapstructure:"model"`
	Input  float64 `mapstructure:"input"`
	Cached float64 `mapstructure:"cached"` // of the input, those whose computation was reused
	Output float64 `mapstructure:"output"`
}

// DefaultConfig has no prices.
func DefaultConfig() Config { return Config{} }

// Validate reports what is wrong with the prices.
func (c Config) Validate() error {
	var errs []error
	seen := map[string]bool{}
	for i, p := range c.Prices {
		if p.Model == "" || seen[p.Model] {
			errs = append(errs, fmt.Errorf("prices[%d].model: must be given, once", i))
		}
		seen[p.Model] = true
		for _, v := range []float64{p.Input, p.Cached, p.Output} {
			if !(v >= 0) || math.IsInf(v, 0) {
				errs = append(errs, fmt.Errorf("prices[%d]: must not be negative", i))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// Outcome is how a turn ended.
type Outcome string

// The outcomes.
const (
	OK        Outcome = "ok"
	Cancelled Outcome = "cancelled"
	Failed    Outcome = "failed"
)

// SurfaceTitle marks the record of a title that the server had generated.
const SurfaceTitle = "title"

// Record is what one turn took. Record fills in ID, Tenant, User, CostUSD and CreatedAt.
type Record struct {
	ID           string       `json:"id"`
	Trace        string       `json:"trace_id"`
	Tenant       string       `json:"tenant"`
	User         string       `json:"user"` // "" once the user is gone
	Conversation string       `json:"conversation_id,omitempty"`
	Message      string       `json:"message_id,omitempty"`
	Model        string       `json:"model"`
	Surface      string       `json:"surface"` // the interface that asked: "native", "openai" or SurfaceTitle
	Usage        chat.Usage   `json:"usage"`
	Timing       chat.Timings `json:"latency_ms"`
	CostUSD      float64      `json:"cost_usd"`
	Outcome      Outcome      `json:"outcome"`
	CreatedAt    time.Time    `json:"created_at"`
}

// Book keeps the records in the table usage_records, and their sums by day in usage_days. It is safe for many goroutines.
type Book struct {
	db     *store.DB
	prices map[string]Price
	// Now is the clock; tests may set it before the first use.
	Now func() time.Time
}

// New makes a Book.
func New(db *store.DB, cfg Config) *Book {
	b := &Book{db: db, prices: map[string]Price{}, Now: time.Now}
	for _, p := range cfg.Prices {
		b.prices[p.Model] = p
	}
	return b
}

// Price tells what a model costs; false when it is not in the price list and costs nothing.
func (b *Book) Price(model string) (Price, bool) {
	p, ok := b.prices[model]
	return p, ok
}

// Cost is what this usage of a model comes to, in US dollars.
func (b *Book) Cost(model string, u chat.Usage) float64 {
	p := b.prices[model]
	cached := min(u.CachedTokens, u.InputTokens)
	return (float64(u.InputTokens-cached)*p.Input + float64(cached)*p.Cached + float64(u.OutputTokens)*p.Output) / 1e6
}

// Record writes one turn down and returns it with what was filled in.
func (b *Book) Record(ctx context.Context, sc chat.Scope, r Record) (Record, error) {
	r.ID, r.Tenant, r.User = chat.NewID("use"), sc.Tenant, sc.User
	r.CostUSD, r.CreatedAt = b.Cost(r.Model, r.Usage), store.Time(store.Millis(b.Now()))
	if r.Timing == nil {
		r.Timing = chat.Timings{}
	}
	timing, err := json.Marshal(r.Timing)
	if err != nil {
		return Record{}, fmt.Errorf("write timings: %w", err)
	}
	err = b.db.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO usage_records (`+columns+`, total_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.ID, r.Trace, r.Tenant, r.User, r.Conversation, r.Message, r.Model, r.Surface, r.Usage.InputTokens,
			r.Usage.CachedTokens, r.Usage.OutputTokens, string(timing), r.CostUSD, r.Outcome, store.Millis(r.CreatedAt), r.Timing["total"])
		if err != nil {
			return err
		}
		return count(ctx, tx, r)
	})
	if err != nil {
		return Record{}, fmt.Errorf("insert usage record: %w", err)
	}
	return r, nil
}

const columns = `id, trace_id, tenant_id, user_id, conversation_id, message_id, model, surface, input_tokens,
	cached_tokens, output_tokens, latency_ms, cost_usd, outcome, created_at`

// Filter chooses records of a tenant. Empty fields choose all. Whether the caller may see other users'
// records is for the caller to decide: set User to limit it to one.
type Filter struct {
	From, To time.Time // From is included, To is not
	User     string
	Model    string
	Limit    int    // of List: 1..1000; 0 means 100
	Cursor   string // of List: what it returned before
}

func (f Filter) where(sc chat.Scope) (string, []any) {
	q, args := `tenant_id = ?`, []any{sc.Tenant}
	add := func(cond string, v any) { q, args = q+" AND "+cond, append(args, v) }
	if !f.From.IsZero() {
		add(`created_at >= ?`, store.Millis(f.From))
	}
	if !f.To.IsZero() {
		add(`created_at < ?`, store.Millis(f.To))
	}
	if f.User != "" {
		add(`user_id = ?`, f.User)
	}
	if f.Model != "" {
		add(`model = ?`, f.Model)
	}
	return q, args
}

type row struct {
	ID           string  `db:"id"`
	Trace        string  `db:"trace_id"`
	Tenant       string  `db:"tenant_id"`
	User         string  `db:"user_id"`
	Conversation string  `db:"conversation_id"`
	Message      string  `db:"message_id"`
	Model        string  `db:"model"`
	Surface      string  `db:"surface"`
	Input        int     `db:"input_tokens"`
	Cached       int     `db:"cached_tokens"`
	Output       int     `db:"output_tokens"`
	Timing       string  `db:"latency_ms"`
	CostUSD      float64 `db:"cost_usd"`
	Outcome      string  `db:"outcome"`
	CreatedAt    int64   `db:"created_at"`
}

func (r row) record() (Record, error) {
	out := Record{
		ID: r.ID, Trace: r.Trace, Tenant: r.Tenant, User: r.User, Conversation: r.Conversation, Message: r.Message,
		Model: r.Model, Surface: r.Surface, CostUSD: r.CostUSD, Outcome: Outcome(r.Outcome), CreatedAt: store.Time(r.CreatedAt),
		Usage: chat.Usage{InputTokens: r.Input, CachedTokens: r.Cached, OutputTokens: r.Output},
	}
	if err := json.Unmarshal([]byte(r.Timing), &out.Timing); err != nil {
		return Record{}, fmt.Errorf("read timings of %s: %w", r.ID, err)
	}
	return out, nil
}

// List returns the tenant's records, newest first, and the cursor of the next page or "".
func (b *Book) List(ctx context.Context, sc chat.Scope, f Filter) ([]Record, string, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	if f.Limit < 1 || f.Limit > 1000 {
		return nil, "", fault.Invalid("limit is from 1 to 1000, not %d", f.Limit).At("limit")
	}
	where, args := f.where(sc)
	if f.Cursor != "" {
		at, id, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		where += ` AND (created_at < ? OR (created_at = ? AND id < ?))`
		args = append(args, at, at, id)
	}
	var rows []row
	err := b.db.Select(ctx, &rows, `SELECT `+columns+` FROM usage_records WHERE `+where+
		` ORDER BY created_at DESC, id DESC LIMIT ?`, append(args, f.Limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list usage: %w", err)
	}
	next := ""
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		last := rows[f.Limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.CreatedAt, 10) + "." + last.ID))
	}
	all := make([]Record, 0, len(rows))
	for _, r := range rows {
		rec, err := r.record()
		if err != nil {
			return nil, "", err
		}
		all = append(all, rec)
	}
	return all, next, nil
}

func parseCursor(s string) (at int64, id string, err error) {
	raw, err1 := base64.RawURLEncoding.DecodeString(s)
	ms, id, ok := strings.Cut(string(raw), ".")
	at, err2 := strconv.ParseInt(ms, 10, 64)
	if err1 != nil || err2 != nil || !ok || len(id) > 64 {
		return 0, "", fault.Invalid("cursor is not one that a page before has given").At("cursor")
	}
	return at, id, nil
}

// Total sums records up.
type Total struct {
	Turns   int     `json:"turns" db:"turns"` // without the titles
	Input   int64   `json:"input_tokens" db:"input"`
	Cached  int64   `json:"cached_tokens" db:"cached"`
	Output  int64   `json:"output_tokens" db:"output"`
	CostUSD float64 `json:"cost_usd" db:"cost"`
}

// Sum adds up the tenant's records that f chooses; it heeds no limit.
func (b *Book) Sum(ctx context.Context, sc chat.Scope, f Filter) (t Total, err error) {
	where, args := f.where(sc)
	// PostgreSQL sums BIGINT as NUMERIC, which the casts undo.
	err = b.db.Get(ctx, &t, `SELECT COUNT(CASE WHEN surface <> '`+SurfaceTitle+`' THEN 1 END) AS turns, CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input,
		CAST(COALESCE(SUM(cached_tokens), 0) AS BIGINT) AS cached, CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output,
		CAST(COALESCE(SUM(cost_usd), 0) AS DOUBLE PRECISION) AS cost FROM usage_records WHERE `+where, args...)
	if err != nil {
		return Total{}, fmt.Errorf("sum usage: %w", err)
	}
	return t, nil
}

// Forget takes the scope's user out of its records, in the transaction that deletes the user. What was
// spent stays counted for the tenant.
func (b *Book) Forget(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
	_, err := tx.Exec(ctx, `UPDATE usage_records SET user_id = '', conversation_id = '', message_id = ''
		WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("forget user %s in usage: %w", sc.User, err)
	}
	return forgetInDays(ctx, tx, sc)
}
