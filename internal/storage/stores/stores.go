// Package stores opens a store by its address: the path of a folder, or
// SCHEME://BUCKET/PREFIX. It is the only place that knows which stores there are.
package stores

import (
	"cmp"
	"path"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/dirstore"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase/pgtable"
)

// An Opener opens stores. Getenv finds the credentials of Supabase: the
// environment of the process, and nothing that a project or a plan says. Those of
// S3 are found by the AWS SDK.
type Opener struct {
	Getenv  func(name string) string
	S3      s3store.Settings  // of buckets whose address does not say its own
	Journal string            // folder for what is open in buckets, to be ended after a crash
	Note    func(text string) // told what the user should know of a place; nil = nobody
	// Rows is how rows about outputs are written: rest, postgres, or nothing.
	Rows string
	// Spool is where outputs wait while a remote store is away; without a folder or
	// a limit they do not, and its failures are those of whoever stores.
	Spool spool.Options
}

// A ServiceError means that what waits on this machine goes to another service
// than the one that the environment names now.
type ServiceError struct {
	Place    spool.Place
	Now      string // "" = none
	Variable string // of the environment, that chooses it
}

func (e *ServiceError) Error() string {
	return "what waits for " + e.Place.Address + " belongs to " + cmp.Or(e.Place.Service, "another service")
}

// A SchemeError means that an address has a form that no store of this version
// has.
type SchemeError struct{ Scheme string }

func (e *SchemeError) Error() string { return "there is no store of the form " + e.Scheme + "://" }

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
// Settings behind a question mark stay with the store.
func Within(address string) (store, name string) {
	address, settings, said := strings.Cut(address, "?")
	scheme, bucket, prefix := split(address)
	dir, name := path.Split(prefix)
	store = strings.TrimSuffix(scheme+"://"+bucket+"/"+dir, "/")
	if said {
		store += "?" + settings
	}
	return store, name
}

// Endpoint is where an address itself says that its bucket is served, and the
// profile that it names for that; "" when it says none.
func Endpoint(address string) (endpoint, profile string) {
	at, err := s3store.Parse(address)
	if err != nil {
		return "", ""
	}
	return at.Settings.Endpoint, at.Settings.Profile
}

// Check looks at the form of an address and at nothing else. An unknown one is
// a *SchemeError, one without a bucket an *AddressError or an
// *s3store.AddressError.
func Check(address string) error {
	if !IsRemote(address) {
		return nil
	}
	scheme, bucket, _ := split(address)
	switch {
	case scheme == "s3":
		_, err := s3store.Parse(address)
		return err
	case scheme != "supabase":
		return &SchemeError{Scheme: scheme}
	case bucket == "":
		return &AddressError{address, scheme + "://BUCKET or " + scheme + "://BUCKET/PREFIX"}
	}
	return nil
}

// Open opens the store at an address. Failures are those of Check, a
// *supabase.SettingError or a *storage.Error.
func (o *Opener) Open(address string) (storage.Store, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	if !IsRemote(address) {
		return dirstore.Open(address)
	}
	if o.Spool.Dir == "" || o.Spool.Limit <= 0 {
		return o.openRemote(address)
	}
	return o.spooled(strings.TrimRight(address, "/"), o.Spool, nil)
}

func (o *Opener) openRemote(address string) (storage.Store, error) {
	scheme, bucket, prefix := split(address)
	if scheme == rowScheme {
		return o.openTable(bucket)
	}
	if scheme == "s3" {
		return s3store.Open(address, s3store.Options{Settings: o.S3, Journal: o.Journal, Note: o.Note})
	}
	opts := o.Project()
	opts.Bucket, opts.Prefix = bucket, prefix
	return supabase.Open(opts)
}

// spooled opens a store with the spool before it. check sees the place first; it
// may be nil.
func (o *Opener) spooled(address string, opts spool.Options, check func(spool.Place) error) (*spool.Store, error) {
	remote, err := o.openRemote(address)
	if err != nil {
		return nil, err
	}
	place := spool.Place{Address: address, Service: o.service(remote)}
	if check != nil {
		if err := check(place); err != nil {
			remote.Close()
			return nil, err
		}
	}
	st, err := spool.Wrap(remote, place, opts)
	if err != nil {
		remote.Close()
	}
	return st, err
}

// Spooled opens a place for which outputs wait, as spool.List names it, so that
// Deliver delivers them and nothing does before. When the
// environment names another service now, that is a *ServiceError.
func (o *Opener) Spooled(place spool.Place) (*spool.Store, error) {
	if err := Check(place.Address); err != nil && !strings.HasPrefix(place.Address, rowScheme+"://") {
		return nil, err
	}
	opts := o.Spool
	opts.Asked = true
	return o.spooled(place.Address, opts, func(now spool.Place) error {
		if now != place {
			return &ServiceError{place, now.Service, o.chosenBy(place.Address)}
		}
		return nil
	})
}

// rowScheme is that of a table of outputs, for which rows wait as outputs do. It is
// no place for outputs.
const rowScheme = "supabase-rows"

// Table opens a table of outputs as a store, each object of which is a row:
// supabase.RowStore. Rows wait in the spool while the database is away.
func (o *Opener) Table(name string) (storage.Store, error) {
	address := rowScheme + "://" + name
	if o.Spool.Dir == "" || o.Spool.Limit <= 0 {
		return o.openTable(name)
	}
	return o.spooled(address, o.Spool, nil)
}

func (o *Opener) openTable(name string) (storage.Store, error) {
	var table supabase.Table
	var err error
	if o.Rows == "postgres" {
		table, err = pgtable.Open(o.Getenv("SUPABASE_DB_URL"), name)
	} else {
		table, err = supabase.OpenTable(o.Project(), name)
	}
	if err != nil {
		return nil, err
	}
	return supabase.NewRowStore(table, rowScheme+"://"+name), nil
}

// service says whose a store is, without credentials: two services may have a
// bucket of the same name.
func (o *Opener) service(remote storage.Store) string {
	switch st := remote.(type) {
	case *s3store.Store:
		return st.Service()
	case *supabase.RowStore:
		if o.Rows == "postgres" {
			return pgtable.Service(o.Getenv("SUPABASE_DB_URL"))
		}
	}
	return strings.TrimRight(o.Getenv("SUPABASE_URL"), "/")
}

// chosenBy is the variable that says whose a remote address is.
func (o *Opener) chosenBy(address string) string {
	switch scheme, _, _ := split(address); {
	case scheme == "s3":
		return "AWS_ENDPOINT_URL"
	case scheme == rowScheme && o.Rows == "postgres":
		return "SUPABASE_DB_URL"
	}
	return "SUPABASE_URL"
}

// Project is the Supabase project that the environment names.
func (o *Opener) Project() supabase.Options {
	return supabase.Options{URL: o.Getenv("SUPABASE_URL"), Key: o.Getenv("SUPABASE_SERVICE_ROLE_KEY")}
}

// Free is the space in bytes that is left for a folder; false when the system
// does not say.
func Free(dir string) (uint64, bool) { return dirstore.Free(dir) }
