package password_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/password"
)

// cheap makes tests quick; Validate would refuse it.
func cheap() password.Config {
	return password.Config{MinLength: 8, MemoryKiB: 64, Iterations: 1, Parallelism: 1, Concurrency: 2}
}

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(cheap())
	hash, err := h.Hash(t.Context(), "pässword of mine")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hash = %q", hash)
	}
	dearer := cheap()
	dearer.Iterations = 2
	other := password.NewHasher(dearer)
	cases := []struct {
		name       string
		h          *password.Hasher
		given      string
		hash       string
		ok, staled bool
	}{
		{"right", h, "pässword of mine", hash, true, false},
		{"right, in another normal form", h, "pa\u0308ssword of mine", hash, true, false},
		{"wrong", h, "password of mine", hash, false, false},
		{"empty", h, "", hash, false, false},
		{"no hash", h, "pässword of mine", "", false, false},
		{"no hash and empty", h, "", "", false, false},
		{"too long", h, strings.Repeat("x", password.MaxBytes+1), hash, false, false},
		{"right at an old cost", other, "pässword of mine", hash, true, true},
		{"wrong at an old cost", other, "x", hash, false, false},
	}
	for _, c := range cases {
		ok, stale, err := c.h.Verify(t.Context(), c.given, c.hash)
		if err != nil || ok != c.ok || stale != c.staled {
			t.Errorf("%s: ok %v, stale %v, err %v", c.name, ok, stale, err)
		}
	}
	if _, _, err := h.Verify(t.Context(), "x", "$2y$05$bcrypt"); err == nil {
		t.Error("a hash of another kind is no error")
	}
}

func TestLikeCostsTheSameAndFitsNothing(t *testing.T) {
	t.Parallel()
	dear := cheap()
	dear.Iterations, dear.MemoryKiB = 3, 128
	hash, err := password.NewHasher(dear).Hash(t.Context(), "some password")
	if err != nil {
		t.Fatal(err)
	}
	like := password.Like(hash)
	if !strings.HasPrefix(like, "$argon2id$v=19$m=128,t=3,p=1$") || like == hash || len(like) != len(hash) {
		t.Errorf("like %q is %q", hash, like)
	}
	if ok, _, err := password.NewHasher(cheap()).Verify(t.Context(), "some password", like); ok || err != nil {
		t.Errorf("it fits: %v, %v", ok, err)
	}
	if got := password.Like("no hash"); got != "" {
		t.Errorf("like what is no hash: %q", got)
	}
}

// TestBounded has many hashes at once; each waits its turn and a caller that gives up stops waiting.
func TestBounded(t *testing.T) {
	t.Parallel()
	c := cheap()
	c.Concurrency = 1
	h := password.NewHasher(c)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := h.Hash(t.Context(), "some password"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "some password"); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c := password.DefaultConfig()
	bad := []string{
		"", "short", "1234567", "password", "PassWord", "password1", "Password123!", "welcome2024!", "qwertyuiop", "aaaaaaaaaaaa",
		"abababababab", "12345678", "123456789", "87654321", "abcdefghij", "changeme", "letmein123", "parley123", "ada@example.test",
		"Ada Lovelace", strings.Repeat("long pass", 200), "not \xff text at all",
	}
	for _, p := range bad {
		err := c.Check(p, "ada@example.test", "Ada Lovelace")
		if f := fault.From(err); f == nil || f.Code != fault.CodeInvalid || f.Param != "password" || f.Kind != "weak_password" {
			t.Errorf("%q is accepted or refused oddly: %v", p, err)
		}
	}
	for _, p := range []string{"tr0ub4dor", "plum yacht", "日本語のパスワード", "6fk2-99xw", "lantern-moss", strings.Repeat("ab3d", 250)} {
		if err := c.Check(p, "ada@example.test", ""); err != nil {
			t.Errorf("%q is refused: %v", p, err)
		}
	}
	c.MinLength = 15
	if err := c.Check("plum yacht"); err == nil || !strings.Contains(err.Error(), "15") {
		t.Errorf("the configured length: %v", err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := password.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	err := password.Config{}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, key := range []string{"min_length", "memory_kib", "iterations", "parallelism", "concurrency"} {
		if !strings.Contains(err.Error(), key+":") {
			t.Errorf("%s is not in: %v", key, err)
		}
	}
}

// BenchmarkVerify is what a sign-in costs at the default settings.
func BenchmarkVerify(b *testing.B) {
	h := password.NewHasher(password.DefaultConfig())
	hash, err := h.Hash(b.Context(), "some password")
	if err != nil {
		b.Fatal(err)
	}
	for name, against := range map[string]string{"right": hash, "nobody": ""} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := h.Verify(b.Context(), "some password", against); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
