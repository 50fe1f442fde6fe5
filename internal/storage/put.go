package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
)

// ErrAltered means that a store has other bytes than it was given.
var ErrAltered = errors.New("the store has other bytes than it was given")

// Put stores what body holds under the name of an object, and says the SHA-256
// of it in hex.
func Put(ctx context.Context, to Store, o Object, body io.Reader) (info Info, sum string, err error) {
	w, err := to.Create(ctx, o)
	if err != nil {
		return Info{}, "", err
	}
	defer w.Abort()
	hash := sha256.New()
	if _, err := io.CopyBuffer(io.MultiWriter(w, hash), struct{ io.Reader }{body}, make([]byte, 256<<10)); err != nil {
		return Info{}, "", err
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	info, err = w.Commit(ctx, o.Name)
	if err == nil && info.SHA256 != "" && info.SHA256 != sum {
		err = &Error{Op: "write", Location: to.Location(o.Name), Err: ErrAltered}
	}
	return info, sum, err
}

// Sum reads an object and says the SHA-256 of it in hex.
func Sum(ctx context.Context, from Store, name string) (string, error) {
	body, _, err := from.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer body.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
