package jobs

import (
	"crypto/rand"
	"encoding/base32"
)

// idText spells ids: lower case, and no letters that are taken for digits.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID is a random id of 128 bits, 26 characters: it cannot be guessed, and
// who has one may be given what it names only after asking whose it is.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it does not fail
	return idText.EncodeToString(b[:])
}
