package supabase

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// OpenRange implements storage.Store. Of the metadata it knows what the answer
// says of the content.
func (s *Store) OpenRange(ctx context.Context, name string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	if err := check(ctx, name); err != nil {
		return nil, storage.Info{}, s.fail("open", name, err)
	}
	var body io.ReadCloser
	info := storage.Info{Name: name}
	err := s.each(name, func(key string) error {
		var err error
		body, info.Size, info.Modified, err = s.get(ctx, key, offset, length)
		if err != nil {
			return err
		}
		info.URL, err = s.public(ctx, key)
		info.Public = info.URL != ""
		if err != nil {
			body.Close()
		}
		return err
	})
	if err != nil {
		return nil, storage.Info{}, s.fail("open", name, err)
	}
	return storage.Limit(body, length), info, nil
}

// get begins to read an object. Behind its end there is nothing, which the
// service refuses and we do not.
func (s *Store) get(ctx context.Context, key string, offset, length int64) (body io.ReadCloser, size int64, modified time.Time, err error) {
	if length == 0 {
		return s.nothing(ctx, key)
	}
	r := request{method: "GET", path: "/object/authenticated/" + path(s.bucket+"/"+key), header: map[string]string{}}
	if offset > 0 || length > 0 {
		r.header["Range"] = fmt.Sprintf("bytes=%d-", offset)
		if length > 0 {
			r.header["Range"] += strconv.FormatInt(offset+length-1, 10)
		}
	}
	var answer *http.Response
	err = s.api.persist(ctx, func() error {
		answer, err = s.api.send(ctx, r) //nolint:bodyclose // whoever reads the object closes it
		return err
	})
	if isKind(err, "InvalidRange") {
		return s.nothing(ctx, key)
	}
	if err != nil {
		return nil, 0, modified, err
	}
	modified, _ = http.ParseTime(answer.Header.Get("Last-Modified"))
	size = answer.ContentLength
	if answer.StatusCode == http.StatusPartialContent {
		_, total, _ := strings.Cut(answer.Header.Get("Content-Range"), "/")
		size, err = strconv.ParseInt(total, 10, 64)
	} else if offset > 0 { // it does not know ranges, and sends all
		_, err = io.CopyN(io.Discard, answer.Body, min(offset, max(size, 0)))
	}
	if err == nil && size < 0 {
		var seen objectInfo
		seen, err = s.info(ctx, key)
		size = seen.Size
	}
	if err != nil {
		answer.Body.Close()
		return nil, 0, modified, err
	}
	return answer.Body, size, modified, nil
}

// nothing is a read of no bytes, which needs the object all the same.
func (s *Store) nothing(ctx context.Context, key string) (io.ReadCloser, int64, time.Time, error) {
	info, err := s.info(ctx, key)
	if err != nil {
		return nil, 0, time.Time{}, err
	}
	return io.NopCloser(strings.NewReader("")), info.Size, info.Modified, nil
}
