package chat

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"sync/atomic"
	"time"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// lastID is the time and count of the newest id of this process, so that ids of one millisecond sort in
// the order in which they were made.
var lastID atomic.Uint64

// NewID returns prefix, "_" and 26 characters that sort by time of creation: 48 bits of milliseconds, 16
// that count within one, then 64 random bits.
func NewID(prefix string) string {
	var b [16]byte
	for {
		last := lastID.Load()
		next := max(uint64(time.Now().UnixMilli())<<16, last+1)
		if lastID.CompareAndSwap(last, next) {
			binary.BigEndian.PutUint64(b[:8], next)
			break
		}
	}
	_, _ = rand.Read(b[8:]) // never fails: crypto/rand ends the process instead
	return prefix + "_" + idEncoding.EncodeToString(b[:])
}

// ValidID reports whether s has the form that NewID gives for this prefix.
func ValidID(prefix, s string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(rest) != 26 {
		return false
	}
	_, err := idEncoding.DecodeString(rest)
	return err == nil
}
