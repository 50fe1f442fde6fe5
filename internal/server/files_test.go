package server

import (
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// TestTidyFiles: uploads and small pictures go when they are old, save what a job
// still waits for.
func TestTidyFiles(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	h := build(t, houseOptions{now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	idle, waited := h.upload("idle.png"), h.ask("POST", "/api/v1/files?name=w.txt", "words", "Content-Type", "application/octet-stream")
	var file struct {
		ID     string `json:"id"`
		SHA256 string `json:"sha256"`
	}
	h.want(201, waited).into(t, &file)
	// No worker runs here: the job stays queued, and names the content.
	order := []byte(`{"input_image":"` + uploadMark + file.SHA256 + `"}`)
	if _, err := h.db.Enqueue(t.Context(), jobs.Enqueue{Jobs: []jobs.New{{Workflow: "w", Request: []byte("{}"), Order: order}}}); err != nil {
		t.Fatal(err)
	}
	thumbnail, err := h.s.o.Files.Create(t.Context(), storage.Object{Name: "thumbnails/x.png"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := thumbnail.Write([]byte("small")); err != nil {
		t.Fatal(err)
	}
	if _, err := thumbnail.Commit(t.Context(), "thumbnails/x.png"); err != nil {
		t.Fatal(err)
	}
	kept := func() (names []string) {
		t.Helper()
		for info, err := range h.s.o.Files.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, info.Name)
		}
		return names
	}
	if err := h.s.TidyFiles(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if names := kept(); len(names) != 3 {
		t.Fatalf("what is new does not stay: %q", names)
	}
	ahead.Store(int64(2 * time.Hour))
	if err := h.s.TidyFiles(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if names := kept(); len(names) != 1 || !strings.Contains(names[0], file.SHA256) {
		t.Errorf("there is %q and not only what a job waits for", names)
	}
	h.want(404, h.ask("GET", "/api/v1/files/"+idle+"/info", ""))
	h.want(200, h.ask("GET", "/api/v1/files/"+file.ID+"/info", ""))
}

// A form with two files is refused whole: neither is kept silently.
func TestAFormHasOneFile(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	send := func(path string, parts ...string) reply {
		t.Helper()
		var body strings.Builder
		form := multipart.NewWriter(&body)
		for _, name := range parts {
			part, err := form.CreateFormFile("file", name)
			if name == "" {
				part, err = form.CreateFormField("note")
			}
			if err == nil {
				_, err = part.Write([]byte("words of " + name))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		return h.ask("POST", path, body.String(), "Content-Type", form.FormDataContentType())
	}
	for _, path := range []string{"/api/v1/files", "/api/v1/workflows/import?dry_run=true"} {
		var e statusError
		h.want(400, send(path, "a.txt", "", "b.txt")).into(t, &e)
		if len(e.Errors) != 1 || e.Errors[0].Field != "file" || !strings.Contains(e.Hint, "one file a request") {
			t.Errorf("%s: %+v", path, e)
		}
	}
	for info := range h.s.o.Files.List(t.Context(), "") {
		t.Errorf("%s is kept", info.Name)
	}
	h.want(400, h.ask("POST", "/api/v1/generate", `{"workflow_id":"qwen_single","input_image":"a.txt","prompt":"x"}`))
	h.want(201, send("/api/v1/files", "", "a.txt", ""))
}

// A store that is full, or has lost a file, is no fault of the request.
func TestStoresThatFail(t *testing.T) {
	t.Parallel()
	for status, err := range map[int]error{http.StatusInsufficientStorage: storage.ErrFull, http.StatusNotFound: storage.ErrNotExist, http.StatusInternalServerError: storage.ErrRefused} {
		e := failure(&storage.Error{Op: "write", Location: "/srv/files/x", Err: err})
		if e.Status != status || strings.Contains(e.Detail+e.Hint, "/srv") {
			t.Errorf("%v is %d %s", err, e.Status, e.Detail)
		}
		if status == http.StatusInsufficientStorage && !strings.Contains(e.Hint, "free some space") {
			t.Errorf("the hint of a full disk is %q", e.Hint)
		}
	}
}
