package cmd

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/term"
)

func TestInspectURL(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.FileServer(http.Dir(filepath.Join("..", "internal", "media", "testdata"))))
	t.Cleanup(srv.Close)
	streams, _, _, _ := term.Test()
	a := newApp(t.Context(), streams, Build{}, t.TempDir(), []string{"XDG_DATA_HOME=" + t.TempDir(), "XDG_CONFIG_HOME=" + t.TempDir()})
	address := strings.Replace(srv.URL, "http://", "http://anna:secret@", 1)
	got, err := a.finder().Inspect(t.Context(), address+"/comfy.png")
	if err != nil {
		t.Fatal(err)
	}
	if got.Source != "embedded" || len(got.Graph) == 0 || got.File != srv.URL+"/comfy.png" {
		t.Errorf("source %s, file %s, %d bytes of graph", got.Source, got.File, len(got.Graph))
	}
	_, err = a.finder().Inspect(t.Context(), address+"/none.png")
	if err == nil || !strings.Contains(err.Error(), "404") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}
