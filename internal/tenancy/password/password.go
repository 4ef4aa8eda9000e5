// Package password decides which passwords are good enough, hashes them with argon2id and compares them
// so that neither time nor memory tells or costs more than it should. It knows no user and no table.
package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/internal/fault"
)

// MaxBytes bounds a password. It is far above what a person or a generator makes and keeps a request
// from costing more than its hash.
const MaxBytes = 1024

const (
	saltLength = 16
	keyLength  = 32
	maxWait    = 10 * time.Second
)

// Config sets the cost of a hash and the shortest password.
type Config struct {
	// MinLength is counted in characters. 8 is the lowest that NIST SP 800-63B (revision 3) allows and,
	// with its blocklist and throttling, what Parley asks. Revision 4 asks 15 where the password is the
	// only factor: raise it when that is the rule to meet.
	MinLength int `mapstructure:"min_length"`
	// MemoryKiB, Iterations and Parallelism are argon2id's. The defaults are the first choice of the
	// OWASP Password Storage Cheat Sheet: 19 MiB, 2 iterations, 1 lane.
	MemoryKiB   uint32 `mapstructure:"memory_kib"`
	Iterations  uint32 `mapstructure:"iterations"`
	Parallelism uint8  `mapstructure:"parallelism"`
	// Concurrency is how many hashes run at once, and with it bounds their memory: the rest waits.
	Concurrency int `mapstructure:"concurrency"`
}

// DefaultConfig is what OWASP and NIST advise.
func DefaultConfig() Config {
	return Config{MinLength: 8, MemoryKiB: 19 * 1024, Iterations: 2, Parallelism: 1, Concurrency: 2}
}

// Validate reports everything that is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	if c.MinLength < 8 || c.MinLength > 128 {
		errs = append(errs, errors.New("min_length: must be 8 to 128"))
	}
	if c.MemoryKiB < 7*1024 || c.MemoryKiB > 1<<20 {
		errs = append(errs, errors.New("memory_kib: must be 7168 (7 MiB) to 1048576 (1 GiB)"))
	}
	if c.Iterations < 1 || c.Iterations > 64 {
		errs = append(errs, errors.New("iterations: must be 1 to 64"))
	}
	if c.Parallelism < 1 {
		errs = append(errs, errors.New("parallelism: must be at least 1"))
	}
	if c.Concurrency < 1 {
		errs = append(errs, errors.New("concurrency: must be at least 1"))
	}
	return errors.Join(errs...)
}

// Hasher makes and compares hashes. It is safe for many goroutines.
type Hasher struct {
	cfg    Config
	params argon2id.Params
	slots  *semaphore.Weighted
	dummy  string
}

// NewHasher makes a hasher of this cost.
func NewHasher(cfg Config) *Hasher {
	return &Hasher{
		cfg: cfg,
		params: argon2id.Params{
			Memory: cfg.MemoryKiB, Iterations: cfg.Iterations, Parallelism: cfg.Parallelism,
			SaltLength: saltLength, KeyLength: keyLength,
		},
		slots: semaphore.NewWeighted(int64(cfg.Concurrency)),
		dummy: dummy(cfg.MemoryKiB, cfg.Iterations, cfg.Parallelism),
	}
}

// dummy is the form of a hash with random salt and key, which no password fits. Comparing with it
// costs the same as with a true one, and making it costs nothing.
func dummy(memory, iterations uint32, lanes uint8) string {
	var b [saltLength + keyLength]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, iterations, lanes,
		enc.EncodeToString(b[:saltLength]), enc.EncodeToString(b[saltLength:]))
}

// Like is a hash that no password fits, at the cost of the one given: comparing with either takes the
// same time. Of none, or what is no hash, it is "".
func Like(hash string) string {
	params, _, _, err := argon2id.DecodeHash(hash)
	if err != nil {
		return ""
	}
	return dummy(params.Memory, params.Iterations, params.Parallelism)
}

// Hash returns the hash to store, in PHC form. It waits while too many hashes run.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.slots.Release(1)
	hash, err := argon2id.CreateHash(norm.NFC.String(password), &h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Verify compares a password with a stored hash. An empty hash means that there is none to compare
// with: the answer is no, and it takes as long as any other. stale says that the right password was
// hashed at another cost than today's and should be hashed anew.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (ok, stale bool, err error) {
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.slots.Release(1)
	none := hash == "" || len(password) > MaxBytes
	if none {
		hash, password = h.dummy, ""
	}
	ok, params, err := argon2id.CheckHash(norm.NFC.String(password), hash)
	if err != nil {
		return false, false, fmt.Errorf("read stored password hash: %w", err)
	}
	if none || !ok {
		return false, false, nil
	}
	return true, *params != h.params, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := h.slots.Acquire(wait, 1); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.Busy("too many people are signing in at this moment; try again shortly").After(maxWait / 2)
	}
	return nil
}
