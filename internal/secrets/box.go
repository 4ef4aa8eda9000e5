package secrets

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Box seals and opens with one tenant's data key, as it was when the Box was taken: take a new one for
// each operation, so that a destroyed or rotated key acts at once. It is safe for many goroutines.
type Box struct{ aead tink.AEAD }

// Seal encrypts plaintext and ties it to aad.
func (b Box) Seal(plaintext, aad []byte) ([]byte, error) {
	sealed, err := b.aead.Encrypt(plaintext, aad)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made with the same aad. An error means that the bytes were damaged, were
// moved here from another row, or belong to another key.
func (b Box) Open(sealed, aad []byte) ([]byte, error) {
	plain, err := b.aead.Decrypt(sealed, aad)
	if err != nil {
		return nil, fmt.Errorf("open sealed %s: damaged, or not this row's: %w",
			strings.ReplaceAll(string(aad), "\x00", "/"), err)
	}
	return plain, nil
}

// AAD names the one place where a ciphertext is good: this column of this row.
func AAD(table, id, column string) []byte {
	return []byte(table + "\x00" + id + "\x00" + column)
}

func newKeyset() (*keyset.Handle, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make data key: %w", err)
	}
	return h, nil
}

func wrap(h *keyset.Handle, m master, tenant string) ([]byte, error) {
	var buf bytes.Buffer
	err := h.WriteWithAssociatedData(keyset.NewBinaryWriter(&buf), m.aead, AAD("tenant_keys", tenant, "wrapped"))
	if err != nil {
		return nil, fmt.Errorf("wrap data key: %w", err)
	}
	return buf.Bytes(), nil
}

func unwrap(wrapped []byte, m master, tenant string) (*keyset.Handle, error) {
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), m.aead,
		AAD("tenant_keys", tenant, "wrapped"))
	if err != nil {
		return nil, fmt.Errorf("unwrap data key of tenant %s: the row is damaged: %w", tenant, err)
	}
	return h, nil
}
