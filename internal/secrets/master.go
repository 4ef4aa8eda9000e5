package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const masterBytes = 32

// master is one master key. id is its fingerprint, which is safe to show.
type master struct {
	id   string
	text Secret
	aead tink.AEAD
}

// NewMasterKey returns a fresh master key in the form that Config takes.
func NewMasterKey() Secret {
	var b [masterBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return Secret(base64.StdEncoding.EncodeToString(b[:]))
}

// Fingerprint names a master key without telling it.
func Fingerprint(key Secret) (string, error) {
	m, err := parseMaster(key.Reveal())
	return m.id, err
}

// parseMasters reads one or more keys, apart by commas or white space. The first is the one that wraps.
func parseMasters(text string) ([]master, error) {
	var all []master
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		m, err := parseMaster(word)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, errors.New("holds no master key")
	}
	return all, nil
}

func parseMaster(text string) (master, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		raw, err = base64.RawURLEncoding.DecodeString(text)
	}
	if err != nil || len(raw) != masterBytes {
		return master{}, fmt.Errorf("a master key is %d bytes in base64; make one with: parley master-key new", masterBytes)
	}
	a, err := subtle.NewAESGCM(raw)
	if err != nil {
		return master{}, fmt.Errorf("use master key: %w", err)
	}
	sum := sha256.Sum256(append([]byte("parley master key\x00"), raw...))
	return master{
		id:   hex.EncodeToString(sum[:6]),
		text: Secret(base64.StdEncoding.EncodeToString(raw)),
		aead: a,
	}, nil
}

func readMasters(file string) ([]master, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	all, err := parseMasters(string(b))
	if err != nil {
		return nil, fmt.Errorf("master key file %s: %w", file, err)
	}
	return all, nil
}

// writeMasters replaces the file in one step: after a crash it is the old one or the new one, whole.
func writeMasters(file string, all []master) error {
	var text strings.Builder
	for _, m := range all {
		text.WriteString(m.text.Reveal() + "\n")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("make folder of master key: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write master key: %w", err)
	}
	_, err = f.WriteString(text.String())
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write master key: %w", err)
	}
	return syncDir(filepath.Dir(file))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
