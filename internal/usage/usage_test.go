package usage_test

import (
	"context"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testkit"
	"github.com/parley-chat/parley/internal/usage"
)

var (
	ctx   = context.Background()
	alice = chat.Scope{Tenant: "t1", User: "alice"}
	bob   = chat.Scope{Tenant: "t1", User: "bob"}
	eve   = chat.Scope{Tenant: "t2", User: "alice"}
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// setup records three turns of alice, two of bob and one of eve, an hour apart.
func setup(t *testing.T) (*usage.Book, *store.DB) {
	t.Helper()
	db := testkit.Store(t)
	b := usage.New(db, usage.Config{Prices: []usage.Price{{Model: "dear", Input: 2, Cached: 1, Output: 10}}})
	now := start
	b.Now = func() time.Time { return now }
	for _, r := range []struct {
		sc    chat.Scope
		model string
	}{{alice, "dear"}, {alice, "local"}, {bob, "dear"}, {bob, "dear"}, {alice, "dear"}, {eve, "dear"}} {
		_, err := b.Record(ctx, r.sc, usage.Record{
			Trace: "trace", Model: r.model, Surface: "chat", Outcome: usage.OK, Conversation: "c", Message: "m",
			Usage:  chat.Usage{InputTokens: 1000, CachedTokens: 400, OutputTokens: 100},
			Timing: chat.Timings{"queue": 3, "total": 900},
		})
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	return b, db
}

const dear = (600*2 + 400*1 + 100*10) / 1e6

func TestSumsByFilter(t *testing.T) {
	t.Parallel()
	b, _ := setup(t)
	for name, c := range map[string]struct {
		sc    chat.Scope
		f     usage.Filter
		turns int
		cost  float64
	}{
		"tenant":       {alice, usage.Filter{}, 5, 4 * dear},
		"other tenant": {eve, usage.Filter{}, 1, dear},
		"no tenant":    {chat.Scope{}, usage.Filter{}, 0, 0},
		"user":         {alice, usage.Filter{User: "bob"}, 2, 2 * dear},
		"model":        {alice, usage.Filter{Model: "local"}, 1, 0},
		"from":         {alice, usage.Filter{From: start.Add(4 * time.Hour)}, 1, dear},
		"to":           {alice, usage.Filter{To: start.Add(time.Hour)}, 1, dear},
		"all at once":  {alice, usage.Filter{From: start, To: start.Add(5 * time.Hour), User: "alice", Model: "dear"}, 2, 2 * dear},
	} {
		got, err := b.Sum(ctx, c.sc, c.f)
		if err != nil || got.Turns != c.turns || math.Abs(got.CostUSD-c.cost) > 1e-12 || got.Input != int64(c.turns)*1000 ||
			got.Cached != int64(c.turns)*400 || got.Output != int64(c.turns)*100 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A title costs tokens and is nobody's turn.
func TestTitlesAreSpentAndNoTurns(t *testing.T) {
	t.Parallel()
	b, _ := setup(t)
	_, err := b.Record(ctx, alice, usage.Record{Trace: "own", Model: "dear", Surface: usage.SurfaceTitle, Outcome: usage.OK,
		Usage: chat.Usage{InputTokens: 1000, CachedTokens: 400, OutputTokens: 100}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Sum(ctx, alice, usage.Filter{})
	if err != nil || got.Turns != 5 || got.Output != 600 || math.Abs(got.CostUSD-5*dear) > 1e-12 {
		t.Errorf("%+v, %v", got, err)
	}
	report, err := b.Report(ctx, alice, usage.Query{From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 2), By: usage.BySurface})
	if err != nil || report.Total.Requests != 5 || report.Total.Output != 600 || report.Total.LatencyMS != 900 {
		t.Errorf("report: %+v, %v", report, err)
	}
	for _, r := range report.Rows {
		if r.Key == usage.SurfaceTitle && (r.Requests != 0 || r.Output != 100) {
			t.Errorf("titles: %+v", r)
		}
	}
}

func TestListPagesNewestFirst(t *testing.T) {
	t.Parallel()
	b, _ := setup(t)
	var all []usage.Record
	f := usage.Filter{Limit: 2}
	for {
		page, next, err := b.List(ctx, alice, f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if f.Cursor = next; next == "" {
			break
		}
	}
	if len(all) != 5 || all[0].User != "alice" || all[1].User != "bob" || !all[4].CreatedAt.Equal(start) {
		t.Fatalf("%+v", all)
	}
	want := usage.Record{
		ID: all[4].ID, Trace: "trace", Tenant: "t1", User: "alice", Conversation: "c", Message: "m", Model: "dear", Surface: "chat",
		Usage: chat.Usage{InputTokens: 1000, CachedTokens: 400, OutputTokens: 100}, Timing: chat.Timings{"queue": 3, "total": 900},
		CostUSD: dear, Outcome: usage.OK, CreatedAt: start,
	}
	if !reflect.DeepEqual(all[4], want) {
		t.Errorf("got %+v, want %+v", all[4], want)
	}
	for _, bad := range []usage.Filter{{Cursor: "?"}, {Cursor: "eA"}, {Limit: -1}, {Limit: 1001}} {
		if _, _, err := b.List(ctx, alice, bad); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestForgottenUserStaysCounted(t *testing.T) {
	t.Parallel()
	b, db := setup(t)
	if err := db.WithTx(ctx, func(tx *store.Tx) error { return b.Forget(ctx, tx, alice) }); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]int{"alice": 0, "bob": 2, "": 5} {
		if got, err := b.Sum(ctx, bob, usage.Filter{User: user}); err != nil || got.Turns != want {
			t.Errorf("%q: %+v, %v", user, got, err)
		}
	}
	if got, _ := b.Sum(ctx, eve, usage.Filter{User: "alice"}); got.Turns != 1 {
		t.Error("another tenant's user of the same id was forgotten too")
	}
}

func TestPricesAreChecked(t *testing.T) {
	t.Parallel()
	for name, prices := range map[string][]usage.Price{
		"no model": {{Input: 1}},
		"twice":    {{Model: "a"}, {Model: "a"}},
		"negative": {{Model: "a", Output: -1}},
		"NaN":      {{Model: "a", Output: math.NaN()}},
	} {
		if (usage.Config{Prices: prices}).Validate() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := usage.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	b := usage.New(nil, usage.Config{Prices: []usage.Price{{Model: "a", Input: 1}}})
	if got := b.Cost("a", chat.Usage{InputTokens: 1, CachedTokens: 5}); got != 0 {
		t.Errorf("more cached than given costs %g", got)
	}
}
