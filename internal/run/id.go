package run

import (
	"crypto/rand"
	"time"
)

// idAlphabet is Crockford's base 32 in lower case: no i, l, o, u.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID returns a run id: 9 characters of time in milliseconds, so that ids
// sort by time until the year 3084, and 7 random ones (35 bits).
func NewID(now time.Time) string {
	var id [16]byte
	ms := uint64(now.UnixMilli())
	for i := 8; i >= 0; i-- {
		id[i] = idAlphabet[ms&31]
		ms >>= 5
	}
	var r [7]byte
	rand.Read(r[:]) // never fails since Go 1.24
	for i, b := range r {
		id[9+i] = idAlphabet[b&31]
	}
	return string(id[:])
}
