// Package systemapi answers about the server itself: health, readiness, metrics, its API's description
// and what is installed.
package systemapi

import (
	"context"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/edge/openapi"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// Models finds the model that a caller means.
type Models interface {
	Resolve(ctx context.Context, id chat.Identity, kind serving.Kind, name string) (serving.Model, error)
}

// Parts are what the endpoints ask.
type Parts struct {
	Version      string
	Ready        func(ctx context.Context) error // nil when the server can do its work
	Models       Models
	Metrics      prometheus.Gatherer
	MetricsToken string
	// Routes returns every route, these included; it is called after all are known.
	Routes func() []edge.Route
}

type api struct{ Parts }

// Health is the answer of the health checks.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

// ServerStatus tells what is installed.
type ServerStatus struct {
	Version   string      `json:"version"`
	Chat      ModelStatus `json:"chat"`
	Embedding ModelStatus `json:"embedding"`
}

// ModelStatus tells the default model of a kind, or the command that installs one.
type ModelStatus struct {
	Ready bool   `json:"ready"`
	Model string `json:"model,omitempty"`
	Error string `json:"error,omitempty"`
	Fix   string `json:"fix,omitempty"`
}

// Routes are the endpoints.
func Routes(p Parts) []edge.Route {
	a := &api{p}
	const tag = "Server"
	public := edge.Public()
	return []edge.Route{
		{Method: http.MethodGet, Path: "/healthz", Access: public, Handle: a.healthz, Op: edge.Op{
			Tag: tag, Summary: "Tell that the process answers", Response: Health{}}},
		{Method: http.MethodGet, Path: "/readyz", Access: public, Handle: a.readyz, Op: edge.Op{
			Tag: tag, Summary: "Tell that the server can do its work, or 503", Response: Health{}}},
		{Method: http.MethodGet, Path: "/metrics", Access: public, Handle: a.metrics(), Op: edge.Op{
			Tag: tag, Summary: "Metrics for Prometheus", Detail: "For a bearer of the setting `metrics_token`; where none is set, for this machine only."}},
		{Method: http.MethodGet, Path: "/openapi.json", Access: public, Handle: a.document(), Op: edge.Op{
			Tag: tag, Summary: "This API as OpenAPI 3.1", Response: map[string]any{}}},
		{Method: http.MethodGet, Path: "/docs", Access: public, Handle: a.page(), Op: edge.Op{
			Tag: tag, Summary: "This API as a page"}},
		{Method: http.MethodGet, Path: "/v1/status", Access: edge.Chat(chat.RoleViewer), Handle: a.status, Op: edge.Op{
			Tag: tag, Summary: "Tell what is installed, and how to install what is missing", Response: ServerStatus{}}},
	}
}

func (a *api) healthz(c echo.Context) error { return c.JSON(http.StatusOK, Health{Status: "ok"}) }

func (a *api) readyz(c echo.Context) error {
	if err := a.Ready(c.Request().Context()); err != nil {
		return fault.Unavailable("not ready").Because(err)
	}
	return c.JSON(http.StatusOK, Health{Status: "ok"})
}

func (a *api) metrics() echo.HandlerFunc {
	serve := echo.WrapHandler(promhttp.HandlerFor(a.Metrics, promhttp.HandlerOpts{DisableCompression: true}))
	return func(c echo.Context) error {
		_, token, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
		switch {
		case a.MetricsToken != "":
			if subtle.ConstantTimeCompare([]byte(token), []byte(a.MetricsToken)) != 1 {
				return fault.Unauthenticated("send the metrics_token as: Authorization: Bearer TOKEN")
			}
		case !fromHere(c.Request()):
			return fault.Forbidden("set metrics_token to read metrics from another machine")
		}
		return serve(c)
	}
}

// fromHere trusts the connection's own address only: a proxy on this machine forwards for others.
func fromHere(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback() && r.Header.Get("X-Forwarded-For") == ""
}

func (a *api) document() echo.HandlerFunc {
	build := sync.OnceValues(func() ([]byte, error) { return openapi.Document(a.Routes(), a.Version) })
	return func(c echo.Context) error {
		doc, err := build()
		if err != nil {
			return err
		}
		return c.JSONBlob(http.StatusOK, doc)
	}
}

func (a *api) page() echo.HandlerFunc {
	build := sync.OnceValues(func() ([]byte, error) { return openapi.Page(a.Routes(), a.Version) })
	return func(c echo.Context) error {
		page, err := build()
		if err != nil {
			return err
		}
		// The page is one file: no script, and its style within.
		c.Response().Header().Set("Content-Security-Policy",
			"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		return c.HTMLBlob(http.StatusOK, page)
	}
}

func (a *api) status(c echo.Context) error {
	tell := func(kind serving.Kind) ModelStatus {
		m, err := a.Models.Resolve(c.Request().Context(), edge.Identity(c), kind, "")
		if err != nil {
			return ModelStatus{Error: fault.From(err).Message, Fix: "parley model pull"}
		}
		return ModelStatus{Ready: true, Model: m.ID}
	}
	return c.JSON(http.StatusOK, ServerStatus{Version: a.Version, Chat: tell(serving.KindChat), Embedding: tell(serving.KindEmbed)})
}
