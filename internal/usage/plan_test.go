package usage

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testkit"
)

// Every table that a report reads is reached by an index over the tenant: the time of a report does not
// grow with what other tenants did, nor with the days before it.
func TestReportsReadByIndex(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	if db.Dialect != store.SQLite {
		t.Skip("PostgreSQL scans small tables whatever indexes they have")
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, user := range []string{"", "alice"} {
		text, args := statement(`user_id`, chat.Scope{Tenant: "t1"}, Query{From: now.AddDate(0, -1, 0), To: now.Add(-time.Hour), User: user}, now)
		var plan []struct {
			ID, Parent, NotUsed int
			Detail              string
		}
		if err := db.Select(context.Background(), &plan, `EXPLAIN QUERY PLAN `+text, args...); err != nil {
			t.Fatal(err)
		}
		reads := 0
		for _, step := range plan {
			if !strings.Contains(step.Detail, "usage_") {
				continue
			}
			reads++
			want := "tenant_id=? AND day>? AND day<?"
			if strings.Contains(step.Detail, "usage_records") {
				want = "tenant_id=? AND created_at>? AND created_at<?"
			}
			if user != "" {
				want = strings.Replace(want, " AND", " AND user_id=? AND", 1)
			}
			if !strings.HasPrefix(step.Detail, "SEARCH") || !strings.Contains(step.Detail, want) {
				t.Errorf("user %q: %s", user, step.Detail)
			}
		}
		if reads != 3 {
			t.Errorf("user %q: %d tables read in %+v", user, reads, plan)
		}
	}
}
