// Package supabasetest is a Supabase project in memory for tests: what the client
// of easel uses of its Storage and of the REST interface to its tables. Its answers
// are those that a real service gave; testdata/answers.json has them, and a test
// holds both against each other.
package supabasetest

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Service is a project. Its fields are set before it is used.
type Service struct {
	// Key is the only key it knows, of the service role.
	Key string
	// Intercept stands before every request, to lose, delay or refuse it; nil = nothing does.
	Intercept func(w http.ResponseWriter, r *http.Request, serve http.Handler)

	mu      sync.Mutex
	buckets map[string]*bucket
	uploads map[string]*upload
	tables  map[string][]map[string]any
	ids     int
}

type bucket struct {
	public  bool
	made    time.Time
	types   []string // media types it takes; nil = all
	objects map[string]*object
}

type object struct {
	id, version  string
	data         []byte
	mediaType    string
	cache        string
	metadata     map[string]string
	made, change time.Time
}

// New makes a project without buckets.
func New(key string) *Service {
	return &Service{Key: key, buckets: map[string]*bucket{}, uploads: map[string]*upload{}, tables: map[string][]map[string]any{}}
}

// AddBucket makes a bucket; types are the media types that it takes, none = all.
func (s *Service) AddBucket(name string, public bool, types ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[name] = &bucket{public: public, made: time.Now(), types: types, objects: map[string]*object{}}
}

// Keys lists the keys of a bucket in order.
func (s *Service) Keys(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.buckets[name].objects))
}

// Object is the content of a key, nil when there is none.
func (s *Service) Object(bucket, key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.buckets[bucket].objects[key]
	if o == nil {
		return nil
	}
	return o.data
}

// Open counts the uploads that were begun and not finished.
func (s *Service) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for _, u := range s.uploads {
		if !u.done {
			open++
		}
	}
	return open
}

// Expire forgets all resumable uploads.
func (s *Service) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.uploads)
}

func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve := http.HandlerFunc(s.serve)
	if s.Intercept != nil {
		s.Intercept(w, r, serve)
		return
	}
	serve(w, r)
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if table, ok := strings.CutPrefix(r.URL.Path, "/rest/v1/"); ok {
		s.serveTable(w, r, table)
		return
	}
	at, ok := strings.CutPrefix(r.URL.Path, "/storage/v1/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	rest := func(prefix string) (string, bool) { return strings.CutPrefix(at, prefix) }
	if key, ok := rest("object/public/"); ok {
		s.download(w, r, key, true)
		return
	}
	if key, ok := rest("object/sign/"); ok && r.Method == http.MethodGet {
		s.downloadSigned(w, r, key)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+s.Key {
		refuse(w, "403", "Unauthorized", "AccessDenied", "Invalid Compact JWS")
		return
	}
	switch key, _ := rest("object/"); {
	case r.Method == http.MethodPost && at == "bucket":
		s.makeBucket(w, r)
	case r.Method == http.MethodGet && strings.HasPrefix(at, "bucket/"):
		s.describeBucket(w, strings.TrimPrefix(at, "bucket/"))
	case strings.HasPrefix(at, "upload/resumable"):
		s.resumable(w, r, strings.TrimPrefix(strings.TrimPrefix(at, "upload/resumable"), "/"))
	case r.Method == http.MethodPost && key == "move":
		s.move(w, r)
	case r.Method == http.MethodPost && strings.HasPrefix(key, "sign/"):
		s.sign(w, r, strings.TrimPrefix(key, "sign/"))
	case r.Method == http.MethodPost && strings.HasPrefix(key, "list-v2/"):
		s.list(w, r, strings.TrimPrefix(key, "list-v2/"))
	case r.Method == http.MethodGet && strings.HasPrefix(key, "info/"):
		s.describe(w, strings.TrimPrefix(key, "info/"))
	case r.Method == http.MethodGet && strings.HasPrefix(key, "authenticated/"):
		s.download(w, r, strings.TrimPrefix(key, "authenticated/"), false)
	case r.Method == http.MethodDelete:
		s.remove(w, r, key)
	case r.Method == http.MethodPost:
		s.store(w, r, key)
	default:
		http.NotFound(w, r)
	}
}

// refuse answers as the service does: with status 400 whatever happened, and the
// status it means in the body.
func refuse(w http.ResponseWriter, status, reason, code, message string) {
	http400 := http.StatusBadRequest
	if code == "InvalidRange" {
		http400 = http.StatusRequestedRangeNotSatisfiable
	}
	answer(w, http400, map[string]string{"statusCode": status, "error": reason, "message": message, "code": code})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func noBucket(w http.ResponseWriter) {
	refuse(w, "404", "Bucket not found", "NoSuchBucket", "Bucket not found")
}
func noKey(w http.ResponseWriter) { refuse(w, "404", "not_found", "NoSuchKey", "Object not found") }
func exists(w http.ResponseWriter, code string) {
	refuse(w, "409", "Duplicate", code, "The resource already exists")
}

// find splits a path into bucket and key and finds both; it answers when one is
// not there.
func (s *Service) find(w http.ResponseWriter, at string) (*bucket, *object) {
	name, key, _ := strings.Cut(at, "/")
	b := s.buckets[name]
	if b == nil {
		noBucket(w)
		return nil, nil
	}
	o := b.objects[key]
	if o == nil {
		noKey(w)
	}
	return b, o
}

var keys = regexp.MustCompile(`^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$`)

// admit reports whether an upload may begin; it answers when not.
func (s *Service) admit(w http.ResponseWriter, name, key, mediaType string, upsert bool) *bucket {
	b := s.buckets[name]
	switch {
	case b == nil:
		noBucket(w)
	case !keys.MatchString(key):
		refuse(w, "400", "InvalidKey", "InvalidKey", "Invalid key: "+key)
	case b.types != nil && !slices.Contains(b.types, mediaType):
		refuse(w, "415", "invalid_mime_type", "InvalidMimeType", "mime type "+mediaType+" is not supported")
	case b.objects[key] != nil && !upsert:
		exists(w, "KeyAlreadyExists")
	default:
		return b
	}
	return nil
}

func (s *Service) id() string {
	s.ids++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.ids)
}

// keep ends an upload. It overwrites, as the service does: whether the name is
// free was asked before the bytes came.
func (s *Service) keep(b *bucket, key string, o *object) {
	o.id, o.version, o.made, o.change = s.id(), s.id(), time.Now(), time.Now()
	if old := b.objects[key]; old != nil {
		o.id, o.made = old.id, old.made
	}
	b.objects[key] = o
}

func (s *Service) store(w http.ResponseWriter, r *http.Request, at string) {
	name, key, _ := strings.Cut(at, "/")
	b := s.admit(w, name, key, r.Header.Get("Content-Type"), r.Header.Get("X-Upsert") == "true")
	if b == nil {
		return
	}
	s.mu.Unlock() // others upload too, meanwhile
	data, err := io.ReadAll(r.Body)
	s.mu.Lock()
	if err != nil || r.ContentLength >= 0 && int64(len(data)) != r.ContentLength {
		refuse(w, "400", "NoContentProvided", "InvalidRequest", "Request stream closed before upload could complete")
		return
	}
	o := &object{data: data, mediaType: r.Header.Get("Content-Type"), cache: r.Header.Get("Cache-Control"), metadata: map[string]string{}}
	if encoded, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Metadata")); err == nil {
		_ = json.Unmarshal(encoded, &o.metadata)
	}
	s.keep(b, key, o)
	answer(w, 200, map[string]string{"Key": name + "/" + key, "Id": o.id})
}

func (s *Service) makeBucket(w http.ResponseWriter, r *http.Request) {
	var want struct {
		Name   string `json:"name"`
		Public bool   `json:"public"`
	}
	_ = json.NewDecoder(r.Body).Decode(&want)
	if s.buckets[want.Name] != nil {
		exists(w, "BucketAlreadyExists")
		return
	}
	s.buckets[want.Name] = &bucket{public: want.Public, made: time.Now(), objects: map[string]*object{}}
	answer(w, 200, map[string]string{"name": want.Name})
}

func (s *Service) describeBucket(w http.ResponseWriter, name string) {
	b := s.buckets[name]
	if b == nil {
		noBucket(w)
		return
	}
	answer(w, 200, map[string]any{
		"id": name, "name": name, "owner": "", "public": b.public, "file_size_limit": nil, "allowed_mime_types": b.types,
		"created_at": b.made.UTC(), "updated_at": b.made.UTC(),
	})
}

func (s *Service) describe(w http.ResponseWriter, at string) {
	_, o := s.find(w, at)
	if o == nil {
		return
	}
	name, key, _ := strings.Cut(at, "/")
	answer(w, 200, map[string]any{
		"id": o.id, "name": key, "version": o.version, "bucket_id": name, "size": len(o.data), "content_type": o.mediaType,
		"cache_control": o.cache, "etag": etag(o.data), "metadata": o.metadata, "last_modified": o.change.UTC(), "created_at": o.made.UTC(),
	})
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (s *Service) download(w http.ResponseWriter, r *http.Request, at string, public bool) {
	b, o := s.find(w, at)
	if o == nil {
		return
	}
	if public && !b.public {
		noBucket(w)
		return
	}
	data := o.data
	w.Header().Set("Etag", etag(data))
	w.Header().Set("Last-Modified", o.change.UTC().Format(http.TimeFormat))
	status := http.StatusOK
	if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		first, last, _ := strings.Cut(from, "-")
		start, _ := strconv.Atoi(first)
		end, err := strconv.Atoi(last)
		if err != nil || end >= len(data) {
			end = len(data) - 1
		}
		if start >= len(data) {
			refuse(w, "416", "invalid_range", "InvalidRange", "invalid range provided")
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end, len(data)))
		data, status = data[start:end+1], http.StatusPartialContent
	}
	w.Header().Set("Content-Type", o.mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

func (s *Service) move(w http.ResponseWriter, r *http.Request) {
	var want struct {
		Bucket string `json:"bucketId"`
		From   string `json:"sourceKey"`
		To     string `json:"destinationKey"`
	}
	_ = json.NewDecoder(r.Body).Decode(&want)
	b, o := s.find(w, want.Bucket+"/"+want.From)
	switch {
	case o == nil:
	case b.objects[want.To] != nil:
		exists(w, "ResourceAlreadyExists")
	default:
		moved := *o
		moved.version, moved.change = s.id(), time.Now()
		delete(b.objects, want.From)
		b.objects[want.To] = &moved
		answer(w, 200, map[string]string{"message": "Successfully moved"})
	}
}

func (s *Service) remove(w http.ResponseWriter, r *http.Request, name string) {
	var want struct {
		Prefixes []string `json:"prefixes"`
	}
	_ = json.NewDecoder(r.Body).Decode(&want)
	removed := []map[string]any{}
	if b := s.buckets[name]; b != nil {
		for _, key := range want.Prefixes {
			if o := b.objects[key]; o != nil {
				delete(b.objects, key)
				removed = append(removed, map[string]any{
					"name": key, "bucket_id": name, "updated_at": o.change.UTC(), "metadata": map[string]any{"size": len(o.data)},
				})
			}
		}
	}
	answer(w, 200, removed)
}

// signature stands for the JWT that the service makes.
func (s *Service) signature(at string, until int64) string {
	sum := md5.Sum([]byte(s.Key + at + strconv.FormatInt(until, 10)))
	return strconv.FormatInt(until, 10) + "." + hex.EncodeToString(sum[:])
}

func (s *Service) sign(w http.ResponseWriter, r *http.Request, at string) {
	var want struct {
		ExpiresIn int64 `json:"expiresIn"`
	}
	_ = json.NewDecoder(r.Body).Decode(&want)
	if _, o := s.find(w, at); o == nil {
		return
	}
	_, escaped, _ := strings.Cut(r.URL.EscapedPath(), "/object/sign/")
	until := time.Now().Unix() + want.ExpiresIn
	answer(w, 200, map[string]string{"signedURL": "/object/sign/" + escaped + "?token=" + s.signature(at, until)})
}

func (s *Service) downloadSigned(w http.ResponseWriter, r *http.Request, at string) {
	first, _, _ := strings.Cut(r.URL.Query().Get("token"), ".")
	until, _ := strconv.ParseInt(first, 10, 64)
	switch {
	case r.URL.Query().Get("token") != s.signature(at, until):
		refuse(w, "400", "InvalidJWT", "InvalidJWT", "signature verification failed")
	case until < time.Now().Unix():
		refuse(w, "400", "InvalidJWT", "InvalidJWT", `"exp" claim timestamp check failed`)
	default:
		s.download(w, r, at, false)
	}
}

func (s *Service) list(w http.ResponseWriter, r *http.Request, name string) {
	var want struct {
		Prefix string `json:"prefix"`
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor"`
	}
	_ = json.NewDecoder(r.Body).Decode(&want)
	after, _ := base64.StdEncoding.DecodeString(want.Cursor)
	objects := []map[string]any{}
	page := map[string]any{"hasNext": false, "folders": []any{}}
	if b := s.buckets[name]; b != nil {
		for _, key := range slices.Sorted(maps.Keys(b.objects)) {
			if !strings.HasPrefix(key, want.Prefix) || want.Cursor != "" && "l:"+key <= string(after) {
				continue
			}
			if len(objects) == want.Limit {
				last := objects[len(objects)-1]["name"].(string)
				page["hasNext"], page["nextCursorKey"] = true, last
				page["nextCursor"] = base64.StdEncoding.EncodeToString([]byte("l:" + last))
				break
			}
			o := b.objects[key]
			objects = append(objects, map[string]any{
				"id": o.id, "name": key, "updated_at": o.change.UTC(), "created_at": o.made.UTC(), "last_accessed_at": o.made.UTC(),
				"metadata": map[string]any{
					"eTag": etag(o.data), "size": len(o.data), "mimetype": o.mediaType, "cacheControl": o.cache,
					"lastModified": o.change.UTC(), "contentLength": len(o.data), "httpStatusCode": 200,
				},
			})
		}
	}
	page["objects"] = objects
	answer(w, 200, page)
}

// Age makes an object that was stored so many hours ago, or makes one so old.
func (s *Service) Age(bucket, key string, hours int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.buckets[bucket].objects[key]
	if o == nil {
		o = &object{id: s.id(), version: s.id(), mediaType: "text/plain", metadata: map[string]string{}}
		s.buckets[bucket].objects[key] = o
	}
	o.made = time.Now().Add(-time.Duration(hours) * time.Hour)
	o.change = o.made
}
