package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/parley-chat/parley/internal/edge"
)

func TestReady(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	host, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cfg := edge.Config{Host: host}
	if cfg.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	if err := ready(t.Context(), cfg); err != nil {
		t.Error(err)
	}
	status = http.StatusServiceUnavailable
	if err := ready(t.Context(), cfg); err == nil {
		t.Error("a server that is not ready counts as ready")
	}
	server.Close()
	if err := ready(t.Context(), cfg); err == nil {
		t.Error("no server counts as ready")
	}
}
