package supabasetest

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// An upload is a resumable one on its way.
type upload struct {
	bucket, key string
	size        int
	data        []byte
	upsert      bool
	mediaType   string
	cache       string
	metadata    map[string]string
	done        bool
}

// say answers as TUS does, in plain text.
func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (s *Service) resumable(w http.ResponseWriter, r *http.Request, id string) {
	w.Header().Set("Tus-Resumable", "1.0.0")
	if r.Method == http.MethodPost {
		s.begin(w, r)
		return
	}
	u := s.uploads[id]
	if u == nil {
		say(w, http.StatusNotFound, "The file for this url was not found")
		return
	}
	switch r.Method {
	case http.MethodHead:
		w.Header().Set("Upload-Length", strconv.Itoa(u.size))
		w.Header().Set("Upload-Offset", strconv.Itoa(len(u.data)))
		w.Header().Set("Cache-Control", "no-store")
		say(w, http.StatusOK, "")
	case http.MethodPatch:
		s.grow(w, r, u)
	default:
		say(w, http.StatusMethodNotAllowed, "")
	}
}

func (s *Service) begin(w http.ResponseWriter, r *http.Request) {
	fields := map[string]string{}
	for field := range strings.SplitSeq(r.Header.Get("Upload-Metadata"), ",") {
		name, encoded, _ := strings.Cut(field, " ")
		value, _ := base64.StdEncoding.DecodeString(encoded)
		fields[name] = string(value)
	}
	u := &upload{
		bucket: fields["bucketName"], key: fields["objectName"], upsert: r.Header.Get("X-Upsert") == "true",
		mediaType: fields["contentType"], cache: "max-age=" + fields["cacheControl"], metadata: map[string]string{},
	}
	u.size, _ = strconv.Atoi(r.Header.Get("Upload-Length"))
	_ = json.Unmarshal([]byte(fields["metadata"]), &u.metadata)
	b := s.buckets[u.bucket]
	switch {
	case b == nil:
		say(w, http.StatusNotFound, "Bucket not found")
		return
	case !keys.MatchString(u.key):
		say(w, http.StatusBadRequest, "Invalid key: "+u.key)
		return
	case b.objects[u.key] != nil && !u.upsert:
		say(w, http.StatusConflict, "The resource already exists")
		return
	}
	id := base64.RawURLEncoding.EncodeToString([]byte(u.bucket + "/" + u.key + "/" + s.id()))
	s.uploads[id] = u
	w.Header().Set("Location", "http://"+r.Host+"/storage/v1/upload/resumable/"+id)
	say(w, http.StatusCreated, "")
}

func (s *Service) grow(w http.ResponseWriter, r *http.Request, u *upload) {
	if offset := r.Header.Get("Upload-Offset"); offset != strconv.Itoa(len(u.data)) {
		say(w, http.StatusConflict, "Upload-Offset conflict")
		return
	}
	s.mu.Unlock()
	data, _ := io.ReadAll(r.Body) // what came before a broken connection counts
	s.mu.Lock()
	u.data = append(u.data, data...)
	if len(u.data) == u.size && s.buckets[u.bucket] != nil {
		s.keep(s.buckets[u.bucket], u.key, &object{data: u.data, mediaType: u.mediaType, cache: u.cache, metadata: u.metadata})
		w.Header().Set("Tus-Complete", "1")
		u.done = true
	}
	w.Header().Set("Upload-Offset", strconv.Itoa(len(u.data)))
	w.WriteHeader(http.StatusNoContent)
}
