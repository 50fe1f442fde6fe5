package supabase

import (
	"context"
	"errors"
	"io/fs"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// fail says what failed where, in the kinds of package storage.
func (s *Store) fail(op, name string, err error) error {
	if known, ok := errors.AsType[*storage.Error](err); ok {
		return known
	}
	kind := s.classify(err)
	return &storage.Error{Op: op, Location: s.Location(name), Err: kind, Temporary: passing(err) && !decided(kind)}
}

// decided reports whether an error is of a kind that trying again does not change.
func decided(err error) bool {
	for _, kind := range []error{storage.ErrExist, storage.ErrNotExist, storage.ErrName, storage.ErrAuth, storage.ErrFull, fs.ErrClosed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// A kindError reads as what the service said and unwraps to the kind too.
type kindError struct{ kind, cause error }

func (e *kindError) Error() string   { return e.kind.Error() + ": " + e.cause.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.cause} }

// classify finds the kind of a refusal: by the code in its body, since the status
// is often 400 whatever happened, then by the status. Codes are those of
// src/internal/errors/codes.ts of supabase/storage.
func (s *Store) classify(err error) error {
	r, ok := errors.AsType[*refusal](err)
	if !ok || errors.Is(err, errGone) {
		return err
	}
	switch {
	case r.is("KeyAlreadyExists", "ResourceAlreadyExists", "BucketAlreadyExists"):
		return storage.ErrExist
	case r.is("NoSuchBucket"):
		return s.noBucket(r)
	case r.is("NoSuchKey"):
		return storage.ErrNotExist
	case r.is("InvalidKey"):
		return &kindError{storage.ErrName, r}
	case r.is("AccessDenied", "InvalidJWT", "InvalidSignature", "SignatureDoesNotMatch", "ExpiredToken"),
		r.answers(401), r.answers(403):
		return &kindError{storage.ErrAuth, r}
	case r.answers(402), r.answers(507):
		return &kindError{storage.ErrFull, r}
	case r.is("EntityTooLarge"), r.answers(413):
		return &kindError{errTooLarge, r}
	case r.is("InvalidMimeType"), r.answers(415):
		return &kindError{errMediaType, r}
	case r.answers(409):
		return storage.ErrExist
	case r.answers(404) && r.Reason == "not_found":
		return storage.ErrNotExist
	}
	return r
}

var (
	errTooLarge  = errors.New("it is larger than the bucket or the project allows")
	errMediaType = errors.New("the bucket does not take this kind of file")
)

// noBucket tells a missing bucket from one that the key may not see.
func (s *Store) noBucket(r *refusal) error {
	if s.role != "" && s.role != "service_role" {
		return &kindError{storage.ErrAuth, errors.New("the key has the role " + s.role + ", which does not see the bucket " + s.bucket)}
	}
	return &storage.BucketError{Bucket: s.bucket, Create: "easel supabase bucket " + s.bucket}
}

func isKind(err error, codes ...string) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.is(codes...)
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckName(name)
}
