package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/edge"
)

func newReadyCmd(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "ready",
		Short: "Exit with 0 when the server of this configuration can do its work",
		Long:  "ready asks the server on this machine, for supervisors and container health checks.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := app.LoadConfig(o.config, os.Environ())
			if err != nil {
				return err
			}
			return ready(cmd.Context(), cfg.Server)
		},
	}
}

func ready(ctx context.Context, cfg edge.Config) error {
	host, scheme := cfg.Host, "http"
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "localhost"
	}
	if cfg.TLSCert != "" {
		scheme = "https"
	}
	url := scheme + "://" + net.JoinHostPort(host, fmt.Sprint(cfg.Port)) + "/readyz"
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// The certificate is for the name that people use; nothing secret is asked or told here.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // see above
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no server answers: %w", err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s answers %s", url, res.Status)
	}
	return nil
}
