package supabasetest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "record the answers of the service at EASEL_TEST_SUPABASE_URL")

// A step is a request, and what was answered.
type step struct {
	Name   string            `json:"name"`
	Method string            `json:"method"`
	Path   string            `json:"path"` // below /storage/v1; BUCKET, UPLOAD and SIGNED are what earlier answers gave
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"` // N bytes of x: "xN"

	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"` // those that the client reads
	Answer  string            `json:"answer,omitempty"`  // what changes each time is ID, TIME, TOKEN
}

const recorded = "testdata/answers.json"

// steps are the requests that the client sends, and those that go wrong.
func steps() []step {
	asJSON := map[string]string{"Content-Type": "application/json"}
	tus := func(more ...string) map[string]string {
		h := map[string]string{"Tus-Resumable": "1.0.0", "X-Upsert": "true"}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return h
	}
	fields := func(bucket, key string) string {
		var all []string
		for _, f := range [][2]string{{"bucketName", bucket}, {"objectName", key}, {"contentType", "image/png"}, {"cacheControl", "60"}, {"metadata", `{"easel-upload":"m"}`}} {
			all = append(all, f[0]+" "+base64.StdEncoding.EncodeToString([]byte(f[1])))
		}
		return strings.Join(all, ",")
	}
	const chunk = "application/offset+octet-stream"
	return []step{
		{Name: "a bucket that is not there", Method: "GET", Path: "/bucket/BUCKETx"},
		{Name: "make a bucket", Method: "POST", Path: "/bucket", Header: asJSON, Body: `{"id":"BUCKET","name":"BUCKET","public":true}`},
		{Name: "make it again", Method: "POST", Path: "/bucket", Header: asJSON, Body: `{"id":"BUCKET","name":"BUCKET","public":true}`},
		{Name: "a bucket", Method: "GET", Path: "/bucket/BUCKET"},
		{Name: "a bad key", Method: "GET", Path: "/bucket/BUCKET", Header: map[string]string{"Authorization": "Bearer bad"}},
		{Name: "upload", Method: "POST", Path: "/object/BUCKET/a/b.txt", Body: "hello", Header: map[string]string{
			"Content-Type": "text/plain", "Cache-Control": "max-age=60", "X-Metadata": base64.StdEncoding.EncodeToString([]byte(`{"easel-upload":"m"}`)),
		}},
		{Name: "upload of a taken key", Method: "POST", Path: "/object/BUCKET/a/b.txt", Body: "hello", Header: map[string]string{"Content-Type": "text/plain"}},
		{Name: "upload that replaces", Method: "POST", Path: "/object/BUCKET/r.txt", Body: "hello", Header: map[string]string{"Content-Type": "text/plain", "X-Upsert": "true"}},
		{Name: "upload into no bucket", Method: "POST", Path: "/object/BUCKETx/a.txt", Body: "hello", Header: map[string]string{"Content-Type": "text/plain"}},
		{Name: "upload under a key that is refused", Method: "POST", Path: "/object/BUCKET/gr%C3%BC.txt", Body: "hello", Header: map[string]string{"Content-Type": "text/plain"}},
		{Name: "describe", Method: "GET", Path: "/object/info/BUCKET/a/b.txt"},
		{Name: "describe nothing", Method: "GET", Path: "/object/info/BUCKET/none"},
		{Name: "download", Method: "GET", Path: "/object/authenticated/BUCKET/a/b.txt"},
		{Name: "download a range", Method: "GET", Path: "/object/authenticated/BUCKET/a/b.txt", Header: map[string]string{"Range": "bytes=1-2"}},
		{Name: "download behind the end", Method: "GET", Path: "/object/authenticated/BUCKET/a/b.txt", Header: map[string]string{"Range": "bytes=50-"}},
		{Name: "download nothing", Method: "GET", Path: "/object/authenticated/BUCKET/none"},
		{Name: "download in public", Method: "GET", Path: "/object/public/BUCKET/a/b.txt"},
		{Name: "sign", Method: "POST", Path: "/object/sign/BUCKET/a/b.txt", Header: asJSON, Body: `{"expiresIn":60}`},
		{Name: "download what is signed", Method: "GET", Path: "SIGNED"},
		{Name: "sign nothing", Method: "POST", Path: "/object/sign/BUCKET/none", Header: asJSON, Body: `{"expiresIn":60}`},
		{Name: "move", Method: "POST", Path: "/object/move", Header: asJSON, Body: `{"bucketId":"BUCKET","sourceKey":"a/b.txt","destinationKey":"c.txt"}`},
		{Name: "move what is moved", Method: "POST", Path: "/object/move", Header: asJSON, Body: `{"bucketId":"BUCKET","sourceKey":"a/b.txt","destinationKey":"c.txt"}`},
		{Name: "move to a taken key", Method: "POST", Path: "/object/move", Header: asJSON, Body: `{"bucketId":"BUCKET","sourceKey":"r.txt","destinationKey":"c.txt"}`},
		{Name: "list a page", Method: "POST", Path: "/object/list-v2/BUCKET", Header: asJSON, Body: `{"prefix":"","limit":1}`},
		{Name: "list the next page", Method: "POST", Path: "/object/list-v2/BUCKET", Header: asJSON, Body: `{"prefix":"","limit":1,"cursor":"CURSOR"}`},
		{Name: "list no bucket", Method: "POST", Path: "/object/list-v2/BUCKETx", Header: asJSON, Body: `{"prefix":"","limit":1}`},
		{Name: "begin an upload", Method: "POST", Path: "/upload/resumable", Header: tus("Upload-Length", "10", "Upload-Metadata", fields("BUCKET", "t.bin"))},
		{Name: "ask where it stands", Method: "HEAD", Path: "/upload/resumable/UPLOAD", Header: tus()},
		{Name: "send a chunk", Method: "PATCH", Path: "/upload/resumable/UPLOAD", Body: "x6", Header: tus("Upload-Offset", "0", "Content-Type", chunk)},
		{Name: "send it again", Method: "PATCH", Path: "/upload/resumable/UPLOAD", Body: "x6", Header: tus("Upload-Offset", "0", "Content-Type", chunk)},
		{Name: "send the last chunk", Method: "PATCH", Path: "/upload/resumable/UPLOAD", Body: "x4", Header: tus("Upload-Offset", "6", "Content-Type", chunk)},
		{Name: "ask for what is complete", Method: "HEAD", Path: "/upload/resumable/UPLOAD", Header: tus()},
		{Name: "describe what was sent", Method: "GET", Path: "/object/info/BUCKET/t.bin"},
		{Name: "begin an upload into no bucket", Method: "POST", Path: "/upload/resumable", Header: tus("Upload-Length", "10", "Upload-Metadata", fields("BUCKETx", "t.bin"))},
		{Name: "begin an upload of a taken key", Method: "POST", Path: "/upload/resumable", Header: tus("X-Upsert", "false", "Upload-Length", "10", "Upload-Metadata", fields("BUCKET", "t.bin"))},
		{Name: "remove", Method: "DELETE", Path: "/object/BUCKET", Header: asJSON, Body: `{"prefixes":["c.txt","none"]}`},
		{Name: "remove the rest", Method: "DELETE", Path: "/object/BUCKET", Header: asJSON, Body: `{"prefixes":["r.txt","t.bin"]}`},
	}
}

// volatile are what no two answers have in common.
var volatile = []struct{ pattern, is string }{
	{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "ID"},
	{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z`, "TIME"},
	{`token=[^"]+`, "token=TOKEN"},
}

// walk sends the steps to a service and gives what it answers.
func walk(t *testing.T, base, key, bucket string) []step {
	t.Helper()
	known := map[string]string{"BUCKET": bucket}
	var all []step
	for _, s := range steps() {
		var pairs []string
		for word, value := range known {
			pairs = append(pairs, word, value)
		}
		fill := strings.NewReplacer(pairs...)
		body := []byte(fill.Replace(s.Body))
		if n, err := strconv.Atoi(strings.TrimPrefix(s.Body, "x")); err == nil && strings.HasPrefix(s.Body, "x") {
			body = bytes.Repeat([]byte("x"), n)
		}
		req, err := http.NewRequestWithContext(t.Context(), s.Method, base+"/storage/v1"+fill.Replace(s.Path), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		for name, value := range s.Header {
			if name == "Upload-Metadata" {
				value = refill(t, value, fill)
			}
			req.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		data, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		s.Status, s.Headers = answer.StatusCode, map[string]string{}
		for _, name := range []string{"Content-Range", "Upload-Offset", "Upload-Length", "Tus-Complete"} {
			if value := answer.Header.Get(name); value != "" {
				s.Headers[name] = value
			}
		}
		if at := answer.Header.Get("Location"); at != "" {
			known["UPLOAD"] = at[strings.LastIndex(at, "/")+1:]
		}
		var said struct{ SignedURL, NextCursor string }
		if json.Unmarshal(data, &said) == nil {
			known["SIGNED"], known["CURSOR"] = cmp.Or(said.SignedURL, known["SIGNED"]), cmp.Or(said.NextCursor, known["CURSOR"])
		}
		s.Answer = settled(data, bucket)
		all = append(all, s)
	}
	return all
}

// refill names the bucket in the encoded fields of a resumable upload.
func refill(t *testing.T, header string, fill *strings.Replacer) string {
	t.Helper()
	fields := strings.Split(header, ",")
	for i, field := range fields {
		name, encoded, _ := strings.Cut(field, " ")
		value, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		fields[i] = name + " " + base64.StdEncoding.EncodeToString([]byte(fill.Replace(string(value))))
	}
	return strings.Join(fields, ",")
}

// settled is an answer without what changes each time, its keys in order.
func settled(data []byte, bucket string) string {
	text := strings.ReplaceAll(string(data), bucket, "BUCKET")
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		ordered, _ := json.Marshal(v)
		text = string(ordered)
	}
	for _, c := range volatile {
		text = regexp.MustCompile(c.pattern).ReplaceAllString(text, c.is)
	}
	return strings.TrimSpace(text)
}

func read(t *testing.T) []step {
	t.Helper()
	data, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	var want []step
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

// compare holds answers against the recorded ones: what was recorded must be there;
// a service may say more, in JSON.
func compare(t *testing.T, got []step) {
	t.Helper()
	want := read(t)
	if len(want) != len(got) {
		t.Fatalf("%d answers are recorded, there are %d: record them anew", len(want), len(got))
	}
	for i, w := range want {
		g := got[i]
		if w.Name != g.Name || w.Status != g.Status || diff.Diff(w.Headers, g.Headers) != "" && len(w.Headers)+len(g.Headers) > 0 {
			t.Errorf("%s: %d %v, recorded %d %v", g.Name, g.Status, g.Headers, w.Status, w.Headers)
		}
		if d := diff.Diff(used(w.Answer), used(g.Answer)); d != "" {
			t.Errorf("%s (-recorded +now):\n%s", g.Name, d)
		}
	}
}

// used is what the client reads of an answer: all of plain text, and the fields of
// JSON that it knows.
func used(answer string) any {
	var v any
	if json.Unmarshal([]byte(answer), &v) != nil {
		return answer
	}
	return knownFields(v)
}

func knownFields(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for _, name := range []string{
			"statusCode", "error", "message", "code", "name", "public", "Key", "size", "content_type", "cache_control", "metadata", "last_modified",
			"signedURL", "objects", "updated_at", "hasNext", "nextCursor", "easel-upload",
		} {
			if value, ok := v[name]; ok {
				kept[name] = knownFields(value)
			}
		}
		return kept
	case []any:
		all := []any{}
		for _, value := range v {
			all = append(all, knownFields(value))
		}
		return all
	}
	return v
}

// The double answers as the real service did.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const key = "service-role-key"
	server := httptest.NewServer(New(key))
	t.Cleanup(server.Close)
	compare(t, walk(t, server.URL, key, "double"))
}

// A real service still answers as it did.
func TestRealAnswers(t *testing.T) {
	base, key := os.Getenv("EASEL_TEST_SUPABASE_URL"), os.Getenv("EASEL_TEST_SUPABASE_KEY")
	if base == "" || key == "" {
		t.Skip("EASEL_TEST_SUPABASE_URL and EASEL_TEST_SUPABASE_KEY name no Supabase project")
	}
	bucket := "easel-answers-" + strconv.Itoa(os.Getpid())
	got := walk(t, base, key, bucket)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, base+"/storage/v1/bucket/"+bucket, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if answer, err := http.DefaultClient.Do(req); err != nil {
		t.Error(err)
	} else {
		answer.Body.Close()
	}
	if *update {
		data, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(recorded, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, got)
}
