// Package stores opens a store by its address: the path of a folder today, and
// the only place that knows which stores there are.
package stores

import (
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/dirstore"
)

// A SchemeError means that an address has a form that no store of this version
// has.
type SchemeError struct {
	Scheme  string
	Planned bool // it is part of easel's interface, and not built yet
}

func (e *SchemeError) Error() string {
	if e.Planned {
		return "storing to " + e.Scheme + ":// is not built yet"
	}
	return "there is no store of the form " + e.Scheme + "://"
}

// Check looks at the form of an address and at nothing else. An unknown one is
// a *SchemeError.
func Check(address string) error {
	scheme, _, remote := strings.Cut(address, "://")
	if !remote {
		return nil
	}
	return &SchemeError{Scheme: scheme, Planned: scheme == "s3" || scheme == "supabase"}
}

// Open opens the store at an address. Failures are a *SchemeError or a
// *storage.Error.
func Open(address string) (storage.Store, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	return dirstore.Open(address)
}

// Free is the space in bytes that is left for a folder; false when the system
// does not say.
func Free(dir string) (uint64, bool) { return dirstore.Free(dir) }
