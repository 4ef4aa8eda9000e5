package accountapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/usage"
)

// OwnUsageQuery chooses a time.
type OwnUsageQuery struct {
	From time.Time `query:"from" description:"Included. Absent means 30 days before to."`
	To   time.Time `query:"to" description:"Not included. Absent means now."`
}

func (a *api) usage(c echo.Context) error {
	id := edge.Identity(c)
	q := usage.Query{By: usage.ByDay, User: id.User}
	var err error
	if q.From, err = edge.QueryTime(c, "from"); err != nil {
		return err
	}
	if q.To, err = edge.QueryTime(c, "to"); err != nil {
		return err
	}
	report, err := a.Usage.Report(c.Request().Context(), id.Scope, q)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, report)
}
