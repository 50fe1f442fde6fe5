// Package stores opens a store by its address: the path of a folder, or
// SCHEME://BUCKET/PREFIX. It is the only place that knows which stores there are.
package stores

import (
	"path"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/dirstore"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

// An Opener opens stores. Getenv finds the credentials of remote ones: the
// environment of the process, and nothing that a project or a plan says.
type Opener struct {
	Getenv func(name string) string
}

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

// An AddressError means that an address names no bucket.
type AddressError struct {
	Address string
	Form    string // what it should look like
}

func (e *AddressError) Error() string { return e.Address + " names no bucket: it is " + e.Form }

// IsRemote reports whether an address is that of a bucket and not the path of a
// folder.
func IsRemote(address string) bool { return strings.Contains(address, "://") }

// split cuts scheme://bucket/prefix into its parts.
func split(address string) (scheme, bucket, prefix string) {
	scheme, rest, _ := strings.Cut(address, "://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	return scheme, bucket, prefix
}

// Within is the address of a store and the name in it of what an address of one
// object stands for: supabase://art/today/x.png is x.png in supabase://art/today.
// The name is "" when the address ends with the bucket or with a slash.
func Within(address string) (store, name string) {
	scheme, bucket, prefix := split(address)
	dir, name := path.Split(prefix)
	return strings.TrimSuffix(scheme+"://"+bucket+"/"+dir, "/"), name
}

// Check looks at the form of an address and at nothing else. An unknown one is
// a *SchemeError, one without a bucket an *AddressError.
func Check(address string) error {
	if !IsRemote(address) {
		return nil
	}
	scheme, bucket, _ := split(address)
	switch {
	case scheme != "supabase":
		return &SchemeError{Scheme: scheme, Planned: scheme == "s3"}
	case bucket == "":
		return &AddressError{address, scheme + "://BUCKET or " + scheme + "://BUCKET/PREFIX"}
	}
	return nil
}

// Open opens the store at an address. Failures are a *SchemeError, an
// *AddressError, a *supabase.SettingError or a *storage.Error.
func (o *Opener) Open(address string) (storage.Store, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	if !IsRemote(address) {
		return dirstore.Open(address)
	}
	_, bucket, prefix := split(address)
	opts := o.Project()
	opts.Bucket, opts.Prefix = bucket, prefix
	return supabase.Open(opts)
}

// Project is the Supabase project that the environment names.
func (o *Opener) Project() supabase.Options {
	return supabase.Options{URL: o.Getenv("SUPABASE_URL"), Key: o.Getenv("SUPABASE_SERVICE_ROLE_KEY")}
}

// Free is the space in bytes that is left for a folder; false when the system
// does not say.
func Free(dir string) (uint64, bool) { return dirstore.Free(dir) }
