// Package secrets encrypts what a tenant says. One master key, from a file or from the environment,
// wraps a data key a tenant (a Tink keyset, AES-256-GCM); the data key seals the tenant's columns. To
// destroy a tenant's data key is to make its texts unreadable for ever, wherever copies of them lie.
//
// Begin at Keyring. A feature takes a Box for its tenant before it opens a transaction, and seals and
// opens with AAD, which ties each ciphertext to its row and column.
package secrets
