package comfy_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// What answers but is no ComfyUI took nothing: that is certain, and said at
// once.
func TestAnotherServerIsNoComfyUI(t *testing.T) {
	t.Parallel()
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html;charset=utf-8")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<!DOCTYPE HTML><html><body>A page</body></html>"))
		}
	}
	for name, serve := range map[string]http.Handler{
		"files over HTTP, as by Python's http.server": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				page(http.StatusNotImplemented)(w, r)
				return
			}
			page(http.StatusNotFound)(w, r)
		}),
		"no such page":       page(http.StatusNotFound),
		"method not allowed": page(http.StatusMethodNotAllowed),
		"one page for all":   page(http.StatusOK),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(serve)
			t.Cleanup(s.Close)
			c, err := comfy.NewClient(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			_, err = c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)})
			if err == nil || comfy.Ambiguous(err) {
				t.Errorf("submit gave %T %v", err, err)
			}
		})
	}
}
