package adminapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/usage"
)

func (a *api) usageRoutes() []edge.Route {
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/admin/usage", Access: edge.Admin(), Handle: a.usage, Op: edge.Op{
			Tag: "Administration: usage", Summary: "Sum up what the tenant's turns took", Query: UsageQuery{}, Response: usage.Report{},
			Detail: "Rows are days in UTC, oldest first, or users, models or surfaces, most requests first. What had no turn has no row; " +
				"users that were deleted are one row with an empty key."}},
	}
}

// UsageQuery chooses what is summed up.
type UsageQuery struct {
	From time.Time      `query:"from" description:"Included. Absent means 30 days before to."`
	To   time.Time      `query:"to" description:"Not included. Absent means now."`
	By   usage.Grouping `query:"by" enum:"day,user,model,surface" default:"day"`
}

func (a *api) usage(c echo.Context) error {
	ctx, id := c.Request().Context(), edge.Identity(c)
	q := usage.Query{By: usage.Grouping(c.QueryParam("by"))}
	var err error
	if q.From, err = edge.QueryTime(c, "from"); err != nil {
		return err
	}
	if q.To, err = edge.QueryTime(c, "to"); err != nil {
		return err
	}
	report, err := a.book.Report(ctx, id.Scope, q)
	if err != nil {
		return err
	}
	if report.By == usage.ByUser {
		names, err := a.accounts.UserNames(ctx, id)
		if err != nil {
			return err
		}
		for i, r := range report.Rows {
			report.Rows[i].Label = names[r.Key]
		}
	}
	return c.JSON(http.StatusOK, report)
}
