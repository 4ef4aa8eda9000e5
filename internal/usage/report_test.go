package usage_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testkit"
	"github.com/parley-chat/parley/internal/usage"
)

// naive adds records up by hand, as Report should.
func naive(all []usage.Record, tenant string, q usage.Query) usage.Report {
	groups, total := map[string][]usage.Record{}, []usage.Record{}
	for _, r := range all {
		if r.Tenant != tenant || (q.User != "" && r.User != q.User) || r.CreatedAt.Before(q.From) || !r.CreatedAt.Before(q.To) {
			continue
		}
		key := map[usage.Grouping]string{usage.ByDay: r.CreatedAt.UTC().Format(time.DateOnly), usage.ByUser: r.User, usage.ByModel: r.Model, usage.BySurface: r.Surface}[q.By]
		groups[key] = append(groups[key], r)
		total = append(total, r)
	}
	out := usage.Report{From: q.From, To: q.To, By: q.By, Rows: []usage.ReportRow{}, Total: figures(total)}
	for key, list := range groups {
		out.Rows = append(out.Rows, usage.ReportRow{Key: key, Label: key, Figures: figures(list)})
	}
	slices.SortFunc(out.Rows, func(a, b usage.ReportRow) int {
		if q.By != usage.ByDay && a.Requests != b.Requests {
			return cmp.Compare(b.Requests, a.Requests)
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out
}

func figures(list []usage.Record) (f usage.Figures) {
	var ms int64
	for _, r := range list {
		f.Input, f.Cached, f.Output = f.Input+int64(r.Usage.InputTokens), f.Cached+int64(r.Usage.CachedTokens), f.Output+int64(r.Usage.OutputTokens)
		f.CostUSD += r.CostUSD
		if r.Surface == usage.SurfaceTitle {
			continue // no turn
		}
		f.Requests++
		ms += r.Timing["total"]
		if r.Outcome == usage.Failed {
			f.Errors++
		}
	}
	if f.Requests > 0 {
		f.LatencyMS = int64(math.Round(float64(ms) / float64(f.Requests)))
	}
	return f
}

func same(a, b usage.Report) bool {
	close := func(x, y usage.Figures) bool {
		d := math.Abs(x.CostUSD - y.CostUSD)
		x.CostUSD, y.CostUSD = 0, 0
		return d < 1e-9 && x == y
	}
	return a.From.Equal(b.From) && a.To.Equal(b.To) && a.By == b.By && close(a.Total, b.Total) &&
		slices.EqualFunc(a.Rows, b.Rows, func(x, y usage.ReportRow) bool {
			return x.Key == y.Key && x.Label == y.Label && close(x.Figures, y.Figures)
		})
}

// TestReportsAddUpAndNeverMix makes turns of users of the same names in several tenants, at and around the
// ends of days, and compares every report of random times with a sum by hand: nobody's figures hold a turn
// of another's, and a tenant's are exactly those of its users.
func TestReportsAddUpAndNeverMix(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	rng := rand.New(rand.NewPCG(7, uint64(time.Now().UnixNano())))
	b := usage.New(db, usage.Config{Prices: []usage.Price{{Model: "dear", Input: 3, Cached: 1, Output: 11}}})
	const days = 12
	moment := func() time.Time {
		at := start.AddDate(0, 0, rng.IntN(days))
		switch rng.IntN(4) {
		case 0:
			return at
		case 1:
			return at.Add(-time.Millisecond)
		}
		return at.Add(time.Duration(rng.Int64N(int64(24 * time.Hour)))).Truncate(time.Millisecond)
	}
	tenants, users := []string{"t1", "t2", "t10"}, []string{"alice", "bob", "carol"}
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	var all []usage.Record
	now := start
	b.Now = func() time.Time { return now }
	for range 600 {
		now = moment()
		r, err := b.Record(ctx, chat.Scope{Tenant: pick(tenants...), User: pick(users...)}, usage.Record{
			Model: pick("dear", "local", "Dear"), Surface: pick("native", "openai", "title"), Outcome: usage.Outcome(pick("ok", "ok", "cancelled", "failed")),
			Usage:  chat.Usage{InputTokens: rng.IntN(1e6), CachedTokens: rng.IntN(1000), OutputTokens: rng.IntN(1e5)},
			Timing: map[bool]chat.Timings{true: {"total": rng.Int64N(1e6), "queue": 5}, false: nil}[rng.IntN(5) > 0],
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	kinds := []usage.Grouping{usage.ByDay, usage.ByUser, usage.ByModel, usage.BySurface}
	check := func(t *testing.T, rounds int) {
		for range rounds {
			// Now is before, within or after the time asked for: it must not matter to what is past.
			q := usage.Query{From: moment(), To: moment(), By: kinds[rng.IntN(len(kinds))]}
			if q.To.Before(q.From) {
				q.From, q.To = q.To, q.From
			}
			if q.From.Equal(q.To) {
				continue
			}
			now = start.AddDate(0, 0, days+1)
			if rng.IntN(2) == 0 { // the records end where the present is, within the time asked for
				now = slices.MaxFunc(all, func(a, b usage.Record) int { return a.CreatedAt.Compare(b.CreatedAt) }).CreatedAt
			}
			tenant := pick(tenants...)
			whole := usage.Figures{}
			for _, q.User = range append([]string{"", "nobody"}, users...) {
				got, err := b.Report(ctx, chat.Scope{Tenant: tenant, User: pick(users...)}, q)
				if err != nil {
					t.Fatal(err)
				}
				if want := naive(all, tenant, q); !same(got, want) {
					t.Fatalf("%s %+v:\n got %+v\nwant %+v", tenant, q, got, want)
				}
				if q.User == "" {
					whole = got.Total
					continue
				}
				whole.Requests -= got.Total.Requests
				whole.Input -= got.Total.Input
			}
			gone := naive(all, tenant, usage.Query{From: q.From, To: q.To, By: usage.ByUser})
			for _, r := range gone.Rows {
				if r.Key == "" {
					whole.Requests -= r.Requests
					whole.Input -= r.Input
				}
			}
			if whole.Requests != 0 || whole.Input != 0 {
				t.Fatalf("%s has %d requests and %d tokens that are nobody's", tenant, whole.Requests, whole.Input)
			}
		}
	}
	check(t, 150)
	// Users that go leave their sums to the tenant, and nothing to each other.
	for _, gone := range []chat.Scope{{Tenant: "t1", User: "alice"}, {Tenant: "t1", User: "bob"}, {Tenant: "t2", User: "alice"}} {
		if err := db.WithTx(ctx, func(tx *store.Tx) error { return b.Forget(ctx, tx, gone) }); err != nil {
			t.Fatal(err)
		}
		for i, r := range all {
			if r.Tenant == gone.Tenant && r.User == gone.User {
				all[i].User = ""
			}
		}
	}
	check(t, 80)
}

func TestReportOfADefaultTime(t *testing.T) {
	t.Parallel()
	b, _ := setup(t) // six turns, an hour apart, from start on
	b.Now = func() time.Time { return start.Add(6 * time.Hour) }
	got, err := b.Report(ctx, alice, usage.Query{})
	if err != nil || got.By != usage.ByDay || !got.To.Equal(start.Add(6*time.Hour)) || !got.From.Equal(got.To.AddDate(0, 0, -30)) ||
		got.Total.Requests != 5 || len(got.Rows) != 1 || got.Rows[0].Key != "2026-01-01" || got.Rows[0].LatencyMS != 900 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := b.Report(ctx, chat.Scope{Tenant: "t3"}, usage.Query{}); err != nil || got.Rows == nil || len(got.Rows) != 0 || got.Total != (usage.Figures{}) {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
	for name, q := range map[string]usage.Query{
		"by":    {By: "hour"},
		"order": {From: start, To: start},
		"span":  {From: start.AddDate(-6, 0, 0), To: start},
	} {
		if _, err := b.Report(ctx, alice, q); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A migration gives the days of the records that were there before it their sums.
func TestDaysOfOlderRecords(t *testing.T) {
	t.Parallel()
	db := testkit.EmptyStore(t)
	if err := db.MigrateTo(ctx, 6); err != nil {
		t.Fatal(err)
	}
	want := usage.Figures{Requests: 4, Input: 40, Cached: 8, Output: 12, CostUSD: 1, LatencyMS: 225, Errors: 1}
	for i, outcome := range []usage.Outcome{usage.OK, usage.OK, usage.Failed, usage.Cancelled} {
		_, err := db.Exec(ctx, `INSERT INTO usage_records (id, trace_id, tenant_id, user_id, model, surface, input_tokens, cached_tokens, output_tokens,
			latency_ms, cost_usd, outcome, created_at) VALUES (?, '', 't1', 'alice', 'm', 'native', 10, 2, 3, ?, 0.25, ?, ?)`,
			fmt.Sprint(i), []string{`{"total":900,"queue":3}`, `{}`, `{"queue":1}`, `{"total":0}`}[i], string(outcome), start.Add(time.Duration(i)*9*time.Hour).UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	b := usage.New(db, usage.DefaultConfig())
	got, err := b.Report(ctx, alice, usage.Query{From: start, To: start.AddDate(0, 0, 2)})
	if err != nil || got.Total != want || len(got.Rows) != 2 || got.Rows[0].Requests != 3 {
		t.Errorf("whole days: %+v, %v", got, err)
	}
	got, err = b.Report(ctx, alice, usage.Query{From: start.Add(-time.Hour), To: start.Add(28 * time.Hour), By: usage.ByModel})
	if err != nil || got.Total != want {
		t.Errorf("with a day that is cut: %+v, %v", got, err)
	}
}

// BenchmarkReport sums up 30 days of a tenant with a million turns of 200 users, which begin and end
// within a day: the worst that a page of the administration asks for.
func BenchmarkReport(b *testing.B) {
	db := testkit.Store(b)
	book := usage.New(db, usage.DefaultConfig())
	const turns, span = 1_000_000, 40
	err := db.WithTx(ctx, func(tx *store.Tx) error {
		for lo := 0; lo < turns; lo += 100_000 {
			_, err := tx.Exec(ctx, `INSERT INTO usage_records (id, trace_id, tenant_id, user_id, model, surface, input_tokens, output_tokens, outcome, created_at, total_ms)
				WITH RECURSIVE n(i) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				SELECT 'use_' || i, '', 't1', 'user' || (i % 200), 'model' || (i % 3), 'native', 1000, 100, 'ok', ? + i * ?, 900 FROM n`,
				lo, lo+99_999, start.UnixMilli(), int64(span*24*time.Hour/time.Millisecond)/turns)
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO usage_days (tenant_id, day, user_id, model, surface, requests, failed, input_tokens, cached_tokens, output_tokens, cost_usd, total_ms)
			SELECT tenant_id, created_at / 86400000, user_id, model, surface, COUNT(*), 0, SUM(input_tokens), 0, SUM(output_tokens), 0, SUM(total_ms)
			FROM usage_records GROUP BY tenant_id, created_at / 86400000, user_id, model, surface`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	from := start.Add(80 * time.Hour)
	for _, by := range []usage.Grouping{usage.ByDay, usage.ByUser, usage.ByModel, usage.BySurface} {
		for who, user := range map[string]string{"tenant": "", "user": "user7"} {
			b.Run(string(by)+"/"+who, func(b *testing.B) {
				for b.Loop() {
					got, err := book.Report(ctx, alice, usage.Query{From: from, To: from.AddDate(0, 0, 30), By: by, User: user})
					if err != nil || got.Total.Requests == 0 {
						b.Fatal(got.Total, err)
					}
				}
			})
		}
	}
}
