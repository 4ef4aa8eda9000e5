package issuer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"
)

const (
	// keysFresh is how long fetched keys are trusted without asking again, so that a key which the
	// issuer withdraws dies here too.
	keysFresh = time.Hour
	// keysStale is how long they are still used when the issuer cannot be reached.
	keysStale = 24 * time.Hour
	// fetchEvery and fetchBurst bound how often the issuer is asked: a token with an unknown key id
	// makes one fetch, and anybody can send such tokens.
	fetchEvery = 10 * time.Second
	fetchBurst = 3
	// maxAnswer bounds what is read of any answer of a provider.
	maxAnswer = 1 << 20
	timeout   = 10 * time.Second
)

// The reasons for which keys could not be had.
var (
	errUnreachable = errors.New("the issuer does not answer as it should")
	errLimited     = errors.New("the issuer's keys were asked for a moment ago")
)

// Client returns the HTTP client for providers, bounded in time and in the size of an answer.
func Client() *http.Client { return &http.Client{Timeout: timeout, Transport: bounded{}} }

type bounded struct{ limiter *rate.Limiter }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.limiter != nil && !b.limiter.Allow() {
		return nil, errLimited
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	if b.limiter != nil && resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: status %s", errUnreachable, resp.Status)
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	return resp, nil
}

// keySet is go-oidc's remote key set (which fetches at an unknown key id) with bounds on how often it
// fetches, how long it trusts, and how it outlasts an issuer that is down.
type keySet struct {
	ctx context.Context // carries the HTTP client only, as go-oidc wants it
	url string
	now func() time.Time

	mu        sync.Mutex
	set       *oidc.RemoteKeySet
	since     time.Time
	works     bool // set has verified something, so it has keys
	last      *oidc.RemoteKeySet
	lastSince time.Time
}

func newKeySet(url string, now func() time.Time) *keySet {
	limiter := rate.NewLimiter(rate.Every(fetchEvery), fetchBurst)
	client := &http.Client{Timeout: timeout, Transport: bounded{limiter}}
	return &keySet{ctx: oidc.ClientContext(context.Background(), client), url: url, now: now}
}

// VerifySignature implements oidc.KeySet.
func (k *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	set, last := k.current()
	payload, err := set.VerifySignature(ctx, jwt)
	if err == nil {
		k.mu.Lock()
		k.works = k.works || k.set == set
		k.mu.Unlock()
		return payload, nil
	}
	if last != nil && (errors.Is(err, errUnreachable) || errors.Is(err, errLimited)) {
		if payload, lastErr := last.VerifySignature(ctx, jwt); lastErr == nil {
			return payload, nil
		}
	}
	return nil, err
}

func (k *keySet) current() (set, last *oidc.RemoteKeySet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if k.set == nil || now.Sub(k.since) > keysFresh {
		if k.works {
			k.last, k.lastSince = k.set, k.since
		}
		k.set, k.since, k.works = oidc.NewRemoteKeySet(k.ctx, k.url), now, false
	}
	if k.last != nil && now.Sub(k.lastSince) > keysStale {
		k.last = nil
	}
	return k.set, k.last
}
