// Package supabase keeps outputs in a bucket of Supabase Storage, by a client of
// our own that knows no more of the service than it needs: uploads in one request
// or resumable ones (TUS), moves, lists, signed addresses.
package supabase

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Options say where a store is. URL and Key belong together: the key is sent to
// the origin of the URL and nowhere else.
type Options struct {
	URL    string // of the project, https://REF.supabase.co; its services are below it
	Key    string // the service role's, or a secret key
	Bucket string
	Prefix string       // of all names, a path such as runs/today; "" = none
	Temp   string       // folder for objects on their way; "" = the system's
	Client *http.Client // nil = one with limits of its own

	pause func(context.Context, time.Duration) error // nil = wait
}

// Store is a bucket, or what is under a prefix in it.
type Store struct {
	api    *api
	bucket string
	prefix string // in names, "" or with a slash at its end
	temp   string
	role   string // of the key, as far as it says so
	sweep  sync.Once
	swept  sync.WaitGroup

	mu    sync.Mutex
	known *bucketInfo
}

var _ storage.Store = (*Store)(nil)

// A SettingError means that a store cannot be opened with what it was given.
type SettingError struct {
	Name   string // the variable, or "" for the address
	Reason string
	Hint   string // what it should be
}

func (e *SettingError) Error() string {
	if e.Name == "" {
		return e.Reason
	}
	return e.Name + " " + e.Reason
}

// What settings should be.
const (
	addressForm = "write supabase://BUCKET/PREFIX"
	projectForm = "the dashboard shows both in the API settings of the project: export SUPABASE_URL=https://REF.supabase.co SUPABASE_SERVICE_ROLE_KEY=..."
)

func noKey() error { return &SettingError{"SUPABASE_SERVICE_ROLE_KEY", "is not set", projectForm} }

// bucketNames is what the service takes: src/storage/limits.ts. Those with odd
// characters are none that an address can name.
var bucketNames = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_!.*'()$@+-][A-Za-z0-9_!.*'() &$@+-]{0,99}$`)
})

// Open opens a bucket without asking for it: Probe does. Failures are a *SettingError.
func Open(opts Options) (*Store, error) {
	base, err := Endpoint(opts.URL, "storage/v1")
	switch {
	case err != nil:
		return nil, err
	case opts.Key == "":
		return nil, noKey()
	case !bucketNames().MatchString(opts.Bucket):
		return nil, &SettingError{Reason: fmt.Sprintf("%q is no name of a bucket", opts.Bucket), Hint: addressForm}
	}
	prefix := strings.Trim(opts.Prefix, "/")
	if prefix != "" {
		if err := storage.CheckName(prefix); err != nil {
			return nil, &SettingError{Reason: fmt.Sprintf("%q is no folder in a bucket", opts.Prefix), Hint: addressForm}
		}
		prefix += "/"
	}
	s := &Store{
		api:    &api{base: base, key: opts.Key, http: opts.Client, pause: opts.pause},
		bucket: opts.Bucket, prefix: prefix, temp: opts.Temp, role: roleOf(opts.Key),
	}
	if s.api.http == nil {
		s.api.http = newClient()
	}
	if s.api.pause == nil {
		s.api.pause = storage.Wait
	}
	return s, nil
}

// Endpoint is the address of a service of a project. Without TLS only this
// machine is taken: the key would be readable on the way.
func Endpoint(project, service string) (*url.URL, error) {
	const name = "SUPABASE_URL"
	if project == "" {
		return nil, &SettingError{name, "is not set", projectForm}
	}
	u, err := url.Parse(project)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, &SettingError{name, "is no address of a project, such as https://REF.supabase.co", projectForm}
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, &SettingError{name, "must begin with https://, so that nobody reads the key on the way", projectForm}
	}
	return u.JoinPath(service), nil
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// roleOf is the role that a key in form of a JWT gives; "" when it does not say.
func roleOf(key string) string {
	if strings.HasPrefix(key, "sb_publishable_") {
		return "anon"
	}
	parts := strings.Split(key, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Role string }
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Role
}

// key is where the service keeps a name of the store.
func (s *Store) key(name string) string { return keyOf(s.prefix + name) }

// keys are the places where an object may be: where easel puts it, and where
// somebody else may have put one whose name reads as an escape.
func (s *Store) keys(name string) []string {
	key, plain := s.key(name), s.prefix+name
	if key == plain || strings.ContainsFunc(plain, func(r rune) bool { return r > 0x7f || !allowed(byte(r)) }) {
		return []string{key}
	}
	return []string{key, plain}
}

// each tries the places of a name until the object is found.
func (s *Store) each(name string, do func(key string) error) error {
	var err error
	for _, key := range s.keys(name) {
		if err = do(key); !isKind(err, "NoSuchKey") {
			break
		}
	}
	return err
}

// bucketInfo is what the service says of a bucket.
type bucketInfo struct {
	Public bool `json:"public"`
}

// describe asks for the bucket, once.
func (s *Store) describe(ctx context.Context) (*bucketInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known != nil {
		return s.known, nil
	}
	var info bucketInfo
	if err := s.api.call(ctx, request{method: "GET", path: "/bucket/" + url.PathEscape(s.bucket)}, &info); err != nil {
		return nil, err
	}
	s.known = &info
	return s.known, nil
}

// Probe implements storage.Store: the service answers, the key is good, and the
// bucket is there. What kinds and sizes of files the bucket takes shows only when
// one is stored.
func (s *Store) Probe(ctx context.Context) error {
	if _, err := s.describe(ctx); err != nil {
		return s.fail("open", "", err)
	}
	if err := ctx.Err(); err != nil {
		return s.fail("open", "", err)
	}
	return nil
}

// Close implements storage.Store.
func (s *Store) Close() error {
	s.swept.Wait()
	s.api.http.CloseIdleConnections()
	return nil
}

// Location implements storage.Store.
func (s *Store) Location(name string) string {
	return strings.TrimSuffix("supabase://"+s.bucket+"/"+s.prefix+name, "/")
}

// public is the address under which everybody reads a key, "" where the bucket
// is not public.
func (s *Store) public(ctx context.Context, key string) (string, error) {
	info, err := s.describe(ctx)
	if err != nil || !info.Public {
		return "", err
	}
	return s.api.base.String() + "/object/public/" + path(s.bucket+"/"+key), nil
}

// objectInfo is what the service says of an object.
type objectInfo struct {
	Size         int64          `json:"size"`
	Modified     time.Time      `json:"last_modified"`
	MediaType    string         `json:"content_type"`
	CacheControl string         `json:"cache_control"`
	Metadata     map[string]any `json:"metadata"` // others may keep more than text in it
}

// described is what the service says in the words of package storage.
func (o objectInfo) described(name string) storage.Info {
	info := storage.Info{Name: name, Size: o.Size, Modified: o.Modified, MediaType: o.MediaType, CacheControl: o.CacheControl}
	for key, value := range o.Metadata {
		text, ok := value.(string)
		switch {
		case !ok, key == uploadMark:
		case key == hashMark:
			info.SHA256 = text
		default:
			if info.Metadata == nil {
				info.Metadata = map[string]string{}
			}
			info.Metadata[key] = text
		}
	}
	return info
}

func (s *Store) info(ctx context.Context, key string) (objectInfo, error) {
	var info objectInfo
	err := s.api.call(ctx, request{method: "GET", path: "/object/info/" + path(s.bucket+"/"+key)}, &info)
	return info, err
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, name string) (storage.Info, error) {
	if err := check(ctx, name); err != nil {
		return storage.Info{}, s.fail("stat", name, err)
	}
	var info storage.Info
	err := s.each(name, func(key string) error {
		seen, err := s.info(ctx, key)
		if err != nil {
			return err
		}
		info = seen.described(name)
		info.URL, err = s.public(ctx, key)
		info.Public = info.URL != ""
		return err
	})
	if err != nil {
		return storage.Info{}, s.fail("stat", name, err)
	}
	return info, nil
}

// Open implements storage.Store.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, storage.Info, error) {
	return s.OpenRange(ctx, name, 0, -1)
}

// Remove implements storage.Store.
func (s *Store) Remove(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return s.fail("remove", name, err)
	}
	if err := s.remove(ctx, s.keys(name)...); err != nil {
		return s.fail("remove", name, err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, keys ...string) error {
	body := struct {
		Prefixes []string `json:"prefixes"` // whole keys, in spite of the word
	}{keys}
	return s.api.call(ctx, request{method: "DELETE", path: "/object/" + url.PathEscape(s.bucket)}.withJSON(body), nil)
}

// URL implements storage.Store. In a bucket that is not public it is an address
// that the service signs, for whole seconds by its own clock, and only of an
// object that is there.
func (s *Store) URL(ctx context.Context, name string, valid time.Duration) (string, error) {
	if err := check(ctx, name); err != nil {
		return "", s.fail("sign", name, err)
	}
	if at, err := s.public(ctx, s.key(name)); at != "" || err != nil {
		if err != nil {
			err = s.fail("sign", name, err)
		}
		return at, err
	}
	body := struct {
		ExpiresIn int64 `json:"expiresIn"`
	}{max(int64(valid/time.Second), 1)}
	var answer struct {
		SignedURL string `json:"signedURL"` // a path below the service
	}
	err := s.each(name, func(key string) error {
		return s.api.call(ctx, request{method: "POST", path: "/object/sign/" + path(s.bucket+"/"+key)}.withJSON(body), &answer)
	})
	if err == nil && !strings.HasPrefix(answer.SignedURL, "/") {
		err = &unreadableError{errors.New("no signed address")}
	}
	if err != nil {
		return "", s.fail("sign", name, err)
	}
	return s.api.base.String() + answer.SignedURL, nil
}

// listed is a page of a list.
type listed struct {
	Objects []struct {
		Name     string    `json:"name"` // the whole key
		Updated  time.Time `json:"updated_at"`
		Metadata struct {
			Size int64 `json:"size"`
		} `json:"metadata"`
	} `json:"objects"`
	HasNext bool   `json:"hasNext"`
	Cursor  string `json:"nextCursor"`
}

// pageSize is the most that the service lists at a time.
const pageSize = 1000

// List implements storage.Store. All pages are read before the first object is
// yielded: the service gives keys in order, which is not that of names.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		infos, err := s.list(ctx, prefix, func(name string) bool { return !isTemporary(name) })
		if err != nil {
			yield(storage.Info{}, s.fail("list", prefix, err))
			return
		}
		for _, info := range infos {
			if err := ctx.Err(); err != nil {
				yield(storage.Info{}, s.fail("list", prefix, err))
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

// list reads the objects that are wanted, in name order.
func (s *Store) list(ctx context.Context, prefix string, wanted func(name string) bool) ([]storage.Info, error) {
	if _, err := s.describe(ctx); err != nil { // a list of a missing bucket is empty
		return nil, err
	}
	plain, _, _ := strings.Cut(prefix, "=") // behind it a key may differ from what begins a name
	body := struct {
		Prefix string `json:"prefix"`
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor,omitempty"`
	}{Prefix: keyOf(s.prefix + plain), Limit: pageSize}
	var infos []storage.Info
	for {
		var page listed
		err := s.api.call(ctx, request{method: "POST", path: "/object/list-v2/" + url.PathEscape(s.bucket)}.withJSON(body), &page)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Objects {
			name, ours := strings.CutPrefix(nameOf(o.Name), s.prefix)
			if !ours || !strings.HasPrefix(name, prefix) || !wanted(name) {
				continue
			}
			at, err := s.public(ctx, o.Name)
			if err != nil {
				return nil, err
			}
			infos = append(infos, storage.Info{Name: name, Size: o.Metadata.Size, Modified: o.Updated, URL: at, Public: at != ""})
		}
		if !page.HasNext || page.Cursor == "" || page.Cursor == body.Cursor {
			break
		}
		body.Cursor = page.Cursor
	}
	slices.SortFunc(infos, func(a, b storage.Info) int { return strings.Compare(a.Name, b.Name) })
	return infos, nil
}
