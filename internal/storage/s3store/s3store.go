// Package s3store keeps outputs in a bucket of S3, or of anything that speaks
// its protocol. An object appears under its name when it is complete, by one PUT
// or by the completion of a multipart upload, and takes no name that is taken.
//
// It is the only importer of the AWS SDK. Credentials come from the SDK's own
// chain and are nowhere else in easel.
package s3store

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Store is a bucket, or what lies below a prefix of one.
type Store struct {
	at       Address
	prefix   string // "" or ends in a slash
	client   *s3.Client
	presign  *s3.PresignClient
	transfer *transfermanager.Client
	journal  *journal
	note     func(string)
	own      bool // the endpoint is not AWS
	checked  bool // the store gets checksums with what it is sent

	exclusivity sync.Mutex
	exclusive   exclusivity
	oddETags    atomic.Bool // ETags here are no MD5, as a read has shown
}

var _ storage.Store = (*Store)(nil)

// Options are what a store is given besides its address.
type Options struct {
	Settings Settings     // what the address does not say itself
	Journal  string       // folder in which open transfers are written down; "" = they are not
	Note     func(string) // told what the user should know of the place; nil = nobody

	pause time.Duration // the longest between two tries of a request, for tests; 0 = 5 s
}

// Open opens the store at an address of the form s3://BUCKET[/PREFIX]. No
// request is made, except that a background look ends what a process that died
// left open here. Failures are an *AddressError, or a *storage.Error when the
// AWS configuration cannot be read.
func Open(address string, opts Options) (*Store, error) {
	at, err := Parse(address)
	if err != nil {
		return nil, err
	}
	at.Settings = at.Settings.or(opts.Settings)
	s := &Store{at: at, prefix: at.Prefix, note: opts.Note}
	if s.prefix != "" {
		s.prefix += "/"
	}
	if s.note == nil {
		s.note = func(string) {}
	}
	if err := s.connect(cmp.Or(opts.pause, 5*time.Second)); err != nil {
		return nil, err
	}
	s.journal = openJournal(opts.Journal, s.endpoint(), at.Bucket)
	s.journal.sweep(s.client)
	return s, nil
}

// Close implements storage.Store.
func (s *Store) Close() error {
	s.journal.close()
	return nil
}

func (s *Store) key(name string) *string { return aws.String(s.prefix + name) }
func (s *Store) bucket() *string         { return aws.String(s.at.Bucket) }

// Location implements storage.Store: s3://bucket/prefix/name.
func (s *Store) Location(name string) string {
	return strings.TrimSuffix("s3://"+s.at.Bucket+"/"+s.prefix+name, "/")
}

// URL implements storage.Store by a signed address. It is valid for at most
// seven days, and no longer than the credentials that signed it.
func (s *Store) URL(ctx context.Context, name string, valid time.Duration) (string, error) {
	if err := check(ctx, name); err != nil {
		return "", s.fail("sign", name, err)
	}
	if valid < time.Second || valid > MaxValid {
		return "", s.fail("sign", name, errValid)
	}
	if creds, err := s.client.Options().Credentials.Retrieve(ctx); err == nil && creds.CanExpire && time.Until(creds.Expires) < valid {
		s.note("signed addresses end with the credentials that signed them: " + creds.Expires.Local().Format(time.DateTime))
	}
	signed, err := s.presign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: s.bucket(), Key: s.key(name)}, s3.WithPresignExpires(valid))
	if err != nil {
		return "", s.fail("sign", name, err)
	}
	return signed.URL, nil
}

// MaxValid is how long a signed address can be valid: the limit of Signature
// Version 4.
const MaxValid = 7 * 24 * time.Hour

// address is where an object is on the web; who may fetch it there is the
// bucket's business.
func (s *Store) address(name string) string {
	u := s.base()
	if s.client.Options().UsePathStyle || strings.Contains(s.at.Bucket, ".") {
		u = u.JoinPath(s.at.Bucket)
	} else {
		u.Host = s.at.Bucket + "." + u.Host
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + s.prefix + name
	u.RawPath = strings.ReplaceAll(u.EscapedPath(), "+", "%2B") // which some servers take for a space
	return u.String()
}

// public reports whether the objects that this store keeps are readable for all.
func (s *Store) public() bool { return strings.HasPrefix(s.at.Settings.ACL, "public-read") }

// base is the endpoint without bucket.
func (s *Store) base() *url.URL {
	o := s.client.Options()
	if o.BaseEndpoint != nil {
		if u, err := url.Parse(*o.BaseEndpoint); err == nil {
			return u
		}
	}
	host := "s3." + o.Region + ".amazonaws.com"
	if strings.HasPrefix(o.Region, "cn-") {
		host += ".cn"
	}
	return &url.URL{Scheme: "https", Host: host, Path: "/"}
}

func (s *Store) endpoint() string { return s.base().String() }

// AWS is the service of buckets that are not kept by another one.
const AWS = "AWS"

// Service says whose bucket it is: AWS, where a name is that of one bucket, or the
// address of another service, which the environment, the AWS profile or the
// settings choose.
func (s *Store) Service() string {
	if !s.own {
		return AWS
	}
	return strings.TrimRight(s.endpoint(), "/")
}

// makeBucket is the command that makes the bucket.
func (s *Store) makeBucket() string {
	command := "aws s3 mb s3://" + s.at.Bucket + " --region " + s.client.Options().Region
	if s.own {
		command += " --endpoint-url " + strings.TrimSuffix(s.endpoint(), "/")
	}
	return command
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckName(name)
}
