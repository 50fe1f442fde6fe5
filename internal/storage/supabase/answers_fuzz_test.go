package supabase_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

// A parrot answers everything with the same status and body.
type parrot struct {
	status int
	body   []byte
}

func (p parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	return &http.Response{
		StatusCode: p.status, Header: http.Header{"Content-Length": {strconv.Itoa(len(p.body))}, "Upload-Offset": {string(p.body)}},
		Body: io.NopCloser(bytes.NewReader(p.body)), ContentLength: int64(len(p.body)), Request: r,
	}, nil
}

// Whatever a service answers is a result or an error, and ends.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}`, `{"statusCode":404}`, `[]`, `null`, `<html>`, ``,
		`{"hasNext":true,"nextCursor":"bA==","objects":[{"name":"a","metadata":null}]}`, `{"signedURL":"https://example.com"}`, `{"size":-1,"metadata":{"a":[1]}}`,
		`{"public":true}`, "\xff", `{"objects":[{"name":"../x"}]}`,
	} {
		f.Add(200, []byte(body))
		f.Add(400, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 100 || status > 599 {
			return
		}
		opts := supabase.Impatient(supabase.Options{
			URL: "https://abc.supabase.co", Key: "key", Bucket: "art", Client: &http.Client{Transport: parrot{status, body}},
		})
		s, err := supabase.Open(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_ = s.Probe(t.Context())
		_, _ = s.Stat(t.Context(), "x")
		if r, _, err := s.OpenRange(t.Context(), "x", 1, 5); err == nil {
			if n, _ := io.Copy(io.Discard, r); n > 5 {
				t.Errorf("%d bytes of 5", n)
			}
			r.Close()
		}
		for info, err := range s.List(t.Context(), "") {
			if err != nil {
				break
			}
			_ = info
		}
		if at, err := s.URL(t.Context(), "x", time.Minute); err == nil && !bytes.HasPrefix([]byte(at), []byte("https://abc.supabase.co/storage/v1/")) {
			t.Errorf("the address is %s", at)
		}
	})
}
