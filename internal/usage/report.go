package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// Grouping is what a report has a row for.
type Grouping string

// The kinds of rows.
const (
	ByDay     Grouping = "day" // in UTC
	ByUser    Grouping = "user"
	ByModel   Grouping = "model"
	BySurface Grouping = "surface"
)

const (
	dayMillis   = 24 * 60 * 60 * 1000
	defaultSpan = 30 // days
	maxSpan     = 5 * 366
	dayForm     = "2006-01-02"
)

// Query chooses what is reported. The zero To is now, the zero From is 30 days before To.
type Query struct {
	From, To time.Time // From is included, To is not
	By       Grouping  // "" means ByDay
	User     string    // "" means everybody of the tenant; whether the caller may is for the caller to decide
}

// Report sums up what a tenant or one user took in some time. Days and things without a turn have no row.
type Report struct {
	From  time.Time   `json:"from"`
	To    time.Time   `json:"to"`
	By    Grouping    `json:"by" enum:"day,user,model,surface"`
	Rows  []ReportRow `json:"rows"`
	Total Figures     `json:"total"`
}

// ReportRow is one day (oldest first), or one user, model or surface (most requests first).
type ReportRow struct {
	Key   string `json:"key"`   // 2026-01-31, or an id; "" for users that are gone
	Label string `json:"label"` // the key, or a user's name
	Figures
}

// Figures is what some turns took together, with the tokens and the cost of the titles that were generated.
type Figures struct {
	Requests  int64   `json:"requests"`
	Input     int64   `json:"input_tokens"`
	Cached    int64   `json:"cached_tokens"` // of the input
	Output    int64   `json:"output_tokens"`
	CostUSD   float64 `json:"cost_usd"`
	LatencyMS int64   `json:"avg_latency_ms"` // of a whole turn, waiting included
	Errors    int64   `json:"errors"`         // turns that failed; those that were stopped are none
}

// sums is a row of the database, before the time is divided.
type sums struct {
	Key      string  `db:"row_key"`
	Requests int64   `db:"requests"`
	Failed   int64   `db:"failed"`
	Input    int64   `db:"input"`
	Cached   int64   `db:"cached"`
	Output   int64   `db:"output"`
	CostUSD  float64 `db:"cost"`
	TotalMS  int64   `db:"total_ms"`
}

func (s *sums) add(o sums) {
	s.Requests, s.Failed, s.TotalMS = s.Requests+o.Requests, s.Failed+o.Failed, s.TotalMS+o.TotalMS
	s.Input, s.Cached, s.Output, s.CostUSD = s.Input+o.Input, s.Cached+o.Cached, s.Output+o.Output, s.CostUSD+o.CostUSD
}

func (s sums) figures() Figures {
	f := Figures{Requests: s.Requests, Input: s.Input, Cached: s.Cached, Output: s.Output, CostUSD: s.CostUSD, Errors: s.Failed}
	if s.Requests > 0 {
		f.LatencyMS = (s.TotalMS + s.Requests/2) / s.Requests
	}
	return f
}

// Report sums up the turns of the scope's tenant that q chooses.
func (b *Book) Report(ctx context.Context, sc chat.Scope, q Query) (Report, error) {
	if q.By == "" {
		q.By = ByDay
	}
	if q.To.IsZero() {
		q.To = b.Now()
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, -defaultSpan)
	}
	keys := map[Grouping]string{ByDay: `CAST(day AS VARCHAR(20))`, ByUser: `user_id`, ByModel: `model`, BySurface: `surface`}
	switch {
	case keys[q.By] == "":
		return Report{}, fault.Invalid("by must be %s, %s, %s or %s", ByDay, ByUser, ByModel, BySurface).At("by")
	case !q.From.Before(q.To):
		return Report{}, fault.Invalid("from must be before to").At("from")
	case q.To.Sub(q.From) > maxSpan*24*time.Hour:
		return Report{}, fault.Invalid("from and to are at most %d days apart", maxSpan).At("from")
	}
	text, args := statement(keys[q.By], sc, q, b.Now())
	var rows []sums
	if err := b.db.Select(ctx, &rows, text, args...); err != nil {
		return Report{}, fmt.Errorf("sum usage up: %w", err)
	}
	out := Report{From: q.From.UTC(), To: q.To.UTC(), By: q.By, Rows: make([]ReportRow, 0, len(rows))}
	var total sums
	for _, r := range rows {
		total.add(r)
		if q.By == ByDay {
			var day int64
			if _, err := fmt.Sscan(r.Key, &day); err != nil {
				return Report{}, fmt.Errorf("read day %q: %w", r.Key, err)
			}
			r.Key = time.UnixMilli(day * dayMillis).UTC().Format(dayForm)
		}
		out.Rows = append(out.Rows, ReportRow{Key: r.Key, Label: r.Key, Figures: r.figures()})
	}
	slices.SortFunc(out.Rows, func(a, b ReportRow) int {
		if q.By == ByDay {
			return strings.Compare(a.Key, b.Key)
		}
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Key, b.Key))
	})
	out.Total = total.figures()
	return out, nil
}

// statement reads whole days from usage_days and the two cut ones at the ends from the records. No record
// is from the future: a day that has not ended counts as whole when the time goes on until now.
func statement(key string, sc chat.Scope, q Query, now time.Time) (text string, args []any) {
	from, to := store.Millis(q.From), store.Millis(q.To)
	first, end := (from+dayMillis-1)/dayMillis, to/dayMillis
	if to > store.Millis(now) {
		end = (to + dayMillis - 1) / dayMillis
	}
	head, tail := min(first*dayMillis, to), max(end*dayMillis, from)
	if first > end { // both cuts are in one day
		head, tail = to, to
	}
	user := ``
	if q.User != "" {
		user = ` AND user_id = ?`
	}
	part := func(sql string, lo, hi int64) string {
		args = append(args, sc.Tenant)
		if q.User != "" {
			args = append(args, q.User)
		}
		args = append(args, lo, hi)
		return sql
	}
	days := `SELECT day, user_id, model, surface, requests, failed, input_tokens, cached_tokens, output_tokens, cost_usd, total_ms
		FROM usage_days WHERE tenant_id = ?` + user + ` AND day >= ? AND day < ?`
	cut := `SELECT created_at / 86400000 AS day, user_id, model, surface, 1 AS requests, CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END AS failed,
		input_tokens, cached_tokens, output_tokens, cost_usd, total_ms
		FROM usage_records WHERE tenant_id = ?` + user + ` AND created_at >= ? AND created_at < ?`
	parts := []string{part(days, first, end), part(cut, from, head), part(cut, tail, to)}
	turns := func(column string) string { // titles are no turns, though they cost
		return `CAST(SUM(CASE WHEN surface <> '` + SurfaceTitle + `' THEN ` + column + ` ELSE 0 END) AS BIGINT) AS ` + column
	}
	// PostgreSQL sums BIGINT as NUMERIC, which the casts undo.
	return `SELECT ` + key + ` AS row_key, ` + turns(`requests`) + `, ` + turns(`failed`) + `,
		CAST(SUM(input_tokens) AS BIGINT) AS input, CAST(SUM(cached_tokens) AS BIGINT) AS cached, CAST(SUM(output_tokens) AS BIGINT) AS output,
		CAST(SUM(cost_usd) AS DOUBLE PRECISION) AS cost, ` + turns(`total_ms`) + `
		FROM (` + strings.Join(parts, ` UNION ALL `) + `) AS parts GROUP BY row_key`, args
}

// addToDay and addUp stand around the rows that are added to the sums of their days.
const addToDay = `INSERT INTO usage_days (tenant_id, day, user_id, model, surface, requests, failed, input_tokens, cached_tokens, output_tokens, cost_usd, total_ms)`

const addUp = ` ON CONFLICT (tenant_id, day, user_id, model, surface) DO UPDATE SET
	requests = usage_days.requests + excluded.requests, failed = usage_days.failed + excluded.failed,
	input_tokens = usage_days.input_tokens + excluded.input_tokens, cached_tokens = usage_days.cached_tokens + excluded.cached_tokens,
	output_tokens = usage_days.output_tokens + excluded.output_tokens, cost_usd = usage_days.cost_usd + excluded.cost_usd,
	total_ms = usage_days.total_ms + excluded.total_ms`

// count adds a record to the sums of its day, in the transaction that writes the record.
func count(ctx context.Context, tx *store.Tx, r Record) error {
	failed := 0
	if r.Outcome == Failed {
		failed = 1
	}
	_, err := tx.Exec(ctx, addToDay+` VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`+addUp, r.Tenant, store.Millis(r.CreatedAt)/dayMillis,
		r.User, r.Model, r.Surface, failed, r.Usage.InputTokens, r.Usage.CachedTokens, r.Usage.OutputTokens, r.CostUSD, r.Timing["total"])
	if err != nil {
		return fmt.Errorf("count usage: %w", err)
	}
	return nil
}

// forgetInDays adds a user's sums to those of the users that are gone.
func forgetInDays(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
	_, err := tx.Exec(ctx, addToDay+` SELECT tenant_id, day, '', model, surface, requests, failed, input_tokens, cached_tokens, output_tokens, cost_usd, total_ms
		FROM usage_days WHERE tenant_id = ? AND user_id = ?`+addUp, sc.Tenant, sc.User)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM usage_days WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User)
	}
	if err != nil {
		return fmt.Errorf("forget user %s in days of usage: %w", sc.User, err)
	}
	return nil
}
