package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// state is what a sign-in under way must remember. The browser keeps it, sealed, in a cookie: so only
// the browser that began a sign-in can finish it, and nobody can fill the server's memory by beginning
// many.
type state struct {
	Provider string    `json:"p"`
	State    string    `json:"s"` // comes back in the address
	Nonce    string    `json:"n"` // comes back in the ID token
	Verifier string    `json:"v"` // of PKCE
	Next     string    `json:"x"` // where the person goes afterwards
	Redirect string    `json:"r"` // as sent, since the token request must repeat it
	Expires  time.Time `json:"e"`
}

// sealer encrypts states. Its key lives as long as the process: a sign-in that a restart interrupts
// begins anew.
type sealer struct{ aead cipher.AEAD }

func newSealer() sealer {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand ends the process instead
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block size that GCM needs
	}
	return sealer{aead}
}

func (s sealer) seal(st state) (string, error) {
	plain, err := json.Marshal(st)
	if err != nil {
		return "", fmt.Errorf("encode sign-in state: %w", err)
	}
	//nolint:gosec // G407: this AEAD draws its own random nonce and takes none
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, nil)), nil
}

func (s sealer) open(cookie string) (state, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return state{}, errors.New("the cookie is not base64")
	}
	plain, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return state{}, errors.New("the cookie was not sealed by this process")
	}
	var st state
	if err := json.Unmarshal(plain, &st); err != nil {
		return state{}, fmt.Errorf("decode sign-in state: %w", err)
	}
	return st, nil
}

// LocalPath returns next when it is a path of this server, else "/": a sign-in must not end on another
// site.
func LocalPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/"
	}
	// Browsers read a backslash as a slash, and cut control characters out before they read.
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || len(next) > 1024 {
		return "/"
	}
	for _, r := range next {
		if r == '\\' || r < 0x20 || r == 0x7f {
			return "/"
		}
	}
	return next
}
