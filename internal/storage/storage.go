// Package storage is where outputs go: a small contract (Store), the naming of
// files, and one conformance suite that every store passes (storagetest).
//
// A file is visible under its final name only when it is complete. The package
// knows nothing of runs or of where the bytes come from.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// A Store is a destination for outputs. Implementations are safe for
// concurrent use. Names are slash-separated, relative, and made by us.
type Store interface {
	// Create begins an object that nobody sees until it is committed. What ctx
	// ends is also the writing.
	Create(ctx context.Context, o Object) (Writer, error)
	// Open reads a committed object. A missing one is ErrNotExist.
	Open(ctx context.Context, name string) (io.ReadCloser, Info, error)
	// OpenRange reads length bytes of an object from offset on; a length of -1
	// reads to its end. Behind the end there is nothing to read, which is no
	// error.
	OpenRange(ctx context.Context, name string, offset, length int64) (io.ReadCloser, Info, error)
	// Stat describes a committed object. A missing one is ErrNotExist.
	Stat(ctx context.Context, name string) (Info, error)
	// Remove deletes an object; removing what is not there is no error.
	Remove(ctx context.Context, name string) error
	// List yields the objects whose name begins with prefix, in name order.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Location is what users read for a name: a path or a URL such as s3://…
	Location(name string) string
	// URL is an address at which anybody can fetch the object for that long, or
	// for ever where the place is public. A store that has none, a folder for
	// one, fails with ErrNoURL. Whether the object exists is not looked at.
	URL(ctx context.Context, name string, valid time.Duration) (string, error)
	// Probe finds out whether objects can be stored, and leaves nothing.
	Probe(ctx context.Context) error
	// Close releases the store when no writer is open any more.
	Close() error
}

// A Grouper is a Store where objects that become durable together cost less than
// one by one.
type Grouper interface {
	// Group begins a group. It may be left at any time: what was committed is
	// visible and complete then, and only not yet sure to survive a power cut.
	Group() Group
}

// A Group is objects of one store that become durable together. It is safe for
// concurrent use, but for Sync.
type Group interface {
	// Create begins an object of the group, whose Commit makes it visible.
	Create(ctx context.Context, o Object) (Writer, error)
	// Sync makes all that was committed since the last one durable. When it fails,
	// the names that replaced nothing are taken back.
	Sync(ctx context.Context) error
}

// An Object is what is known of an object before its first byte.
type Object struct {
	// Name is what it will be committed as, for all that is known. Stores in
	// which objects cannot be renamed transfer a large one under this name while
	// it is written. "" = not known yet; then a large object waits on this
	// machine's disk for its name.
	Name         string
	Replace      bool              // an object of the same name is replaced
	MediaType    string            // "" = not known
	CacheControl string            // for those who fetch it over HTTP; "" = the store's default
	Metadata     map[string]string // kept with the object where the store keeps such; keys of a-z, 0-9 and -
	// Progress is a file of this machine, which need not be there, where a store may
	// write down how far a large object is, so that another process goes on with the
	// transfer. Whoever names it removes it when it is not wanted any more. "" = none.
	Progress string
}

// A Writer receives one object. Exactly one of Commit and Abort ends it; Abort
// after Commit does nothing, so it can be deferred.
//
// A Writer may be an io.ReaderFrom that keeps an *io.SectionReader and reads it
// when it commits, instead of copying the bytes: what is behind it stays as it is
// until the Writer has ended.
type Writer interface {
	// Write fails with ErrExist when the transfer of a large object has to
	// begin and its name is taken: there is another with that name, so it is to be
	// created anew under a free one.
	io.Writer
	// Commit makes the object durable and visible as name, or fails and leaves
	// nothing. Unless it replaces, an existing name is ErrExist, and the object
	// can be committed again under another name; a large one, of which the
	// transfer has begun under its name, fails then with ErrBegun and is to be
	// created and written anew.
	Commit(ctx context.Context, name string) (Info, error)
	Abort() error
}

// Info describes a stored object.
type Info struct {
	Name     string
	Size     int64
	Modified time.Time
	URL      string // its address on the web, https://…; "" when it has none
	Public   bool   // anybody can fetch it there, as far as the store knows
	Local    string // the file of this machine that holds it until its place takes it; "" when it is there
	Reason   string // why it is not there yet; "" when it is

	// What only Commit, Open and Stat say, and only of stores that keep it.
	MediaType    string
	CacheControl string
	SHA256       string            // of the content, in hex; "" when the store does not know
	Metadata     map[string]string // as Object.Metadata
}

// Errors that callers tell apart; others mean that the store failed.
var (
	ErrExist    = errors.New("already exists")
	ErrNotExist = errors.New("does not exist")
	ErrFull     = errors.New("no space left")
	ErrRefused  = errors.New("permission denied")
	ErrAuth     = errors.New("the credentials are missing, wrong or expired")
	ErrNoURL    = errors.New("cannot be fetched by an address")
	ErrBegun    = errors.New("its transfer has begun under another name")
)

// A BucketError means that the bucket of a store does not exist. It is not
// ErrNotExist: no object can be there, and none can be stored.
type BucketError struct {
	Bucket string
	Create string // the command that makes it
}

func (e *BucketError) Error() string { return "there is no bucket " + e.Bucket }

// Error is a failure of a store, with the place and what was being done.
type Error struct {
	Op        string // "create", "write", "open", ...
	Location  string
	Err       error
	Temporary bool // trying again may help: the place is busy or away, and did not refuse
}

func (e *Error) Error() string { return fmt.Sprintf("%s %s: %v", e.Op, e.Location, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// A ClockError means that a store refuses requests since the clocks differ.
type ClockError struct {
	Server, Here time.Time // Server is zero when it did not say
	Err          error
}

func (e *ClockError) Error() string {
	if e.Server.IsZero() {
		return "the clocks of this machine and of the store differ too much"
	}
	off, way := e.Here.Sub(e.Server), "ahead of"
	if off < 0 {
		off, way = -off, "behind"
	}
	return fmt.Sprintf("the clock of this machine is %s %s the store's, which says %s", off.Round(time.Second), way, e.Server.UTC().Format(time.RFC3339))
}
func (e *ClockError) Unwrap() error { return e.Err }

// A RegionError means that a bucket lies in another region than was asked.
type RegionError struct {
	Bucket string
	Asked  string
	Right  string // "" when the store did not say
	Err    error
}

func (e *RegionError) Error() string {
	if e.Right == "" {
		return "the bucket " + e.Bucket + " is not in the region " + e.Asked
	}
	return "the bucket " + e.Bucket + " is in the region " + e.Right + ", and not in " + e.Asked
}
func (e *RegionError) Unwrap() error { return e.Err }

// Temporary reports whether trying again may help against an error of a store.
func Temporary(err error) bool {
	failed, ok := errors.AsType[*Error](err)
	return ok && failed.Temporary
}

// Limit reads n bytes of an object at most; -1 means all. It closes what it
// reads from.
func Limit(r io.ReadCloser, n int64) io.ReadCloser {
	if n < 0 {
		return r
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, n), r}
}
