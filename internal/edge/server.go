package edge

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
)

// Config is the server's own.
type Config struct {
	Host string `mapstructure:"host"`
	Port int    `mapstructure:"port"`
	// PublicURL is where people reach the server, when that is not the address it listens on.
	PublicURL string `mapstructure:"public_url"`
	// TLSCert and TLSKey are PEM files; with both the server speaks HTTPS.
	TLSCert string `mapstructure:"tls_cert"`
	TLSKey  string `mapstructure:"tls_key"`
	// MaxBody bounds a request's body, in bytes.
	MaxBody int64 `mapstructure:"max_body"`
	// MaxTime bounds a request, an answer's generation included.
	MaxTime time.Duration `mapstructure:"max_time"`
	// TrustProxy takes the client's address from X-Forwarded-For: only behind a proxy that sets it.
	TrustProxy bool `mapstructure:"trust_proxy"`
	// MetricsToken opens /metrics to a bearer of it; without one, /metrics answers to this machine only.
	MetricsToken string `mapstructure:"metrics_token"`
	// Origins are further origins whose pages may open a WebSocket with a cookie.
	Origins []string `mapstructure:"origins"`
}

// DefaultConfig listens on this machine only.
func DefaultConfig() Config {
	return Config{Host: "127.0.0.1", Port: 8080, MaxBody: 4 << 20, MaxTime: 10 * time.Minute}
}

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port: %d is not a port (0 takes any free one)", c.Port))
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		errs = append(errs, errors.New("tls_cert, tls_key: set both or neither"))
	}
	if c.MaxBody < 1<<10 {
		errs = append(errs, errors.New("max_body: must be at least 1024 bytes"))
	}
	if c.MaxTime < time.Second {
		errs = append(errs, errors.New("max_time: must be at least 1s"))
	}
	return errors.Join(errs...)
}

// Warnings tells what is legal and risky.
func (c Config) Warnings() []string {
	ip := net.ParseIP(c.Host)
	if c.TLSCert == "" && c.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return []string{"host: listening beyond this machine without TLS; passwords and answers cross the network " +
			"in the clear unless a proxy in front adds it"}
	}
	return nil
}

// Secure reports whether people reach the server over HTTPS, so that cookies can demand it.
func (c Config) Secure() bool {
	return c.TLSCert != "" || len(c.PublicURL) > 8 && c.PublicURL[:8] == "https://"
}

// URL is the address to open in a browser, without a slash at its end, of a server that listens there.
func (c Config) URL(host, port string) string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// pagePath is the route of everything that is not an endpoint.
const pagePath = "/*"

// Authenticator turns a credential into a caller. A bad credential is fault.Unauthenticated.
type Authenticator interface {
	Session(ctx context.Context, token string) (chat.Identity, error)
	Bearer(ctx context.Context, token string) (chat.Identity, error)
}

// Server is the HTTP server.
type Server struct {
	cfg     Config
	auth    Authenticator
	cookies Cookies
	once    Once
	metrics *Metrics
	log     *zap.Logger
	echo    *echo.Echo
	http    *http.Server
	routes  []Route
	bounds  map[string]int64 // of bodies, by method and path, where they are not MaxBody
	addr    net.Addr
}

// New registers the routes; nothing listens before Start. Everything that is no route is answered by
// page, the web app.
func New(cfg Config, auth Authenticator, once Once, metrics *Metrics, log *zap.Logger, page http.Handler, routes []Route) *Server {
	s := &Server{cfg: cfg, auth: auth, cookies: NewCookies(cfg.Secure()), once: once, metrics: metrics, log: log, echo: echo.New(), routes: routes}
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = echo.ExtractIPDirect()
	if cfg.TrustProxy {
		e.IPExtractor = echo.ExtractIPFromXFFHeader()
	}
	// A conversation of some megabytes is packed at once, and nearly as small, at the quickest level.
	s.bounds = map[string]int64{}
	for _, r := range routes {
		s.bounds[r.Method+" "+r.Path] = r.MaxBody
	}
	e.Use(s.identify, s.observe, s.recover, headers(cfg.Secure()), s.bound,
		middleware.GzipWithConfig(middleware.GzipConfig{Skipper: streaming(routes), MinLength: 1024, Level: gzip.BestSpeed}))
	for _, r := range routes {
		h := s.handler(r)
		e.Add(r.Method, r.Path, h)
		if r.Method == http.MethodGet && r.Op.Stream == nil && r.Op.Status != http.StatusSwitchingProtocols {
			e.HEAD(r.Path, h) // net/http leaves the body out
		}
	}
	e.Any(apiRest, s.unrouted)
	e.Match([]string{http.MethodGet, http.MethodHead}, pagePath, echo.WrapHandler(page))
	s.http = &http.Server{
		Handler: e,
		// A client that sends its request slowly holds a connection, never a slot. Answers have no limit
		// here: streams renew their own.
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          zap.NewStdLog(log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))),
	}
	return s
}

// handler wraps a route in what it asks for: the caller's identity before all else, then the deadline
// and the idempotency key.
func (s *Server) handler(r Route) echo.HandlerFunc {
	h := r.Handle
	switch {
	case r.Op.Idempotent:
		h = s.idempotent(h)
	case r.Method == http.MethodPost:
		h = unrepeatable(h)
	}
	return s.admit(r.Access, s.deadline(h))
}

// apiRest is what no route takes of the API's addresses: the page is for the others only.
const apiRest = "/v1/*"

// unrouted answers an address of the API that is not there, or not for this method.
func (s *Server) unrouted(c echo.Context) error {
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := s.echo.NewContext(nil, nil)
		s.echo.Router().Find(method, c.Request().URL.EscapedPath(), probe)
		if probe.Path() != apiRest {
			allow = append(allow, method)
		}
	}
	if allow == nil {
		return echo.ErrNotFound
	}
	c.Response().Header().Set(echo.HeaderAllow, strings.Join(allow, ", "))
	return echo.ErrMethodNotAllowed
}

// Routes lists the endpoints, for documentation and tests.
func (s *Server) Routes() []Route { return s.routes }

// Start listens and returns; Wait tells when serving has ended.
func (s *Server) Start(ctx context.Context) (<-chan error, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(s.cfg.Host, fmt.Sprint(s.cfg.Port)))
	if err != nil {
		return nil, fmt.Errorf("listen on %s port %d (another server may hold it; set PARLEY_PORT): %w", s.cfg.Host, s.cfg.Port, err)
	}
	s.addr = ln.Addr()
	ended := make(chan error, 1)
	go func() {
		if s.cfg.TLSCert != "" {
			ended <- s.http.ServeTLS(ln, s.cfg.TLSCert, s.cfg.TLSKey)
			return
		}
		ended <- s.http.Serve(ln)
	}()
	return ended, nil
}

// URL is the address to open in a browser, after Start.
func (s *Server) URL() string {
	host, port, _ := net.SplitHostPort(s.addr.String()) // it is what a listener says
	return s.cfg.URL(host, port)
}

// Stop ends listening, lets requests finish until ctx ends and then cuts them off.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(err, s.http.Close())
	}
	return nil
}

// streaming tells what must not wait in a compressor's buffer: event streams and WebSockets. The page's
// files are packed already.
func streaming(routes []Route) middleware.Skipper {
	paths := map[string]bool{pagePath: true}
	for _, r := range routes {
		paths[r.Path] = paths[r.Path] || r.Op.Stream != nil
	}
	return func(c echo.Context) bool { return c.Request().Header.Get("Upgrade") != "" || paths[c.Path()] }
}
