package s3store

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Settings say how a bucket is reached and how objects are kept in it. What is
// "" is left to the AWS configuration (environment and ~/.aws) or to the store.
type Settings struct {
	Endpoint     string // https://HOST[:PORT] of a service that is not AWS
	Region       string
	Profile      string // of ~/.aws/config
	PathStyle    string // true: the bucket is in the path and not in the host name; "" or auto = true at an own endpoint
	StorageClass string // STANDARD_IA, ...
	ACL          string // public-read, ...
	Encryption   string // AES256, aws:kms, or aws:kms=KEY
	CacheControl string // of objects that do not say their own
	Checksums    string // when_supported, when_required; "" or auto = when_supported at AWS only
}

// Address is a place in a bucket.
type Address struct {
	Bucket, Prefix string // the prefix without slash at its ends; "" = the whole bucket
	Settings       Settings
}

// An AddressError says what is wrong with an address.
type AddressError struct {
	Address string
	Reason  string
}

func (e *AddressError) Error() string { return e.Address + " " + e.Reason }

// fields are the settings by their names in addresses and in the configuration.
func (s *Settings) fields() map[string]*string {
	return map[string]*string{
		"endpoint": &s.Endpoint, "region": &s.Region, "profile": &s.Profile, "path_style": &s.PathStyle,
		"storage_class": &s.StorageClass, "acl": &s.ACL, "encryption": &s.Encryption,
		"cache_control": &s.CacheControl, "checksums": &s.Checksums,
	}
}

// auto leaves a setting to what kind of place it is.
const auto = "auto"

// or fills in what is not said from further settings.
func (s Settings) or(further Settings) Settings {
	from := further.fields()
	for name, value := range s.fields() {
		*value = cmp.Or(*value, *from[name])
	}
	return s
}

// Parse reads s3://BUCKET[/PREFIX][?endpoint=URL&region=...], with the settings
// that this place needs behind the question mark. Failures are an *AddressError.
func Parse(address string) (Address, error) {
	fail := func(format string, args ...any) (Address, error) {
		return Address{}, &AddressError{address, fmt.Sprintf(format, args...)}
	}
	rest, ok := strings.CutPrefix(address, "s3://")
	if !ok {
		return fail("is no address of a bucket: s3://BUCKET/PREFIX")
	}
	place, query, _ := strings.Cut(rest, "?")
	bucket, prefix, _ := strings.Cut(place, "/")
	if !validBucket(bucket) {
		return fail("names no bucket: s3://BUCKET/PREFIX, where a bucket has 3 to 63 of a-z, 0-9, dot and dash")
	}
	at := Address{Bucket: bucket, Prefix: strings.Trim(prefix, "/")}
	if at.Prefix != "" {
		if err := storage.CheckName(at.Prefix); err != nil {
			return fail("has an %v", err)
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fail("has settings that cannot be read: %v", err)
	}
	known := at.Settings.fields()
	for name, value := range values {
		field, ok := known[name]
		if !ok {
			names := make([]string, 0, len(known))
			for n := range known {
				names = append(names, n)
			}
			slices.Sort(names)
			return fail("has the unknown setting %s; there are %s", name, strings.Join(names, ", "))
		}
		*field = value[len(value)-1]
	}
	if reason := at.Settings.Check(); reason != "" {
		return fail("%s", reason)
	}
	return at, nil
}

// Check says what is wrong with settings, "" when nothing is.
func (s Settings) Check() string {
	if s.Endpoint != "" {
		u, err := url.Parse(s.Endpoint)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
			return "has an endpoint that is not of the form https://HOST[:PORT]"
		}
	}
	if !slices.Contains([]string{"", auto, "true", "false"}, s.PathStyle) {
		return "has the path_style " + s.PathStyle + "; it is true or false"
	}
	if !slices.Contains([]string{"", auto, "when_supported", "when_required"}, s.Checksums) {
		return "has the checksums " + s.Checksums + "; they are when_supported or when_required"
	}
	kind, _, _ := strings.Cut(s.Encryption, "=")
	if !slices.Contains([]string{"", "AES256", "aws:kms", "aws:kms:dsse"}, kind) {
		return "has the encryption " + s.Encryption + "; it is AES256, aws:kms or aws:kms=KEY"
	}
	return ""
}

// validBucket is a little wider than AWS: older buckets and other services have
// capitals and underscores.
func validBucket(name string) bool {
	if len(name) < 3 || len(name) > 255 {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}) < 0
}
