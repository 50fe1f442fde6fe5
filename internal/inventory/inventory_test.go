package inventory_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/inventory"
)

// olderServer is an emulator that does not know /models.
func olderServer(t *testing.T) *comfy.Client {
	t.Helper()
	emu := emulator.New(emulator.Options{StrictModels: true})
	t.Cleanup(func() { emu.Close() })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(strings.TrimPrefix(r.URL.Path, "/api"), "/models") {
			http.NotFound(w, r)
			return
		}
		emu.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	client, err := comfy.NewClient(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestAnOlderServerIsAskedByItsLoaders(t *testing.T) {
	t.Parallel()
	inv := inventory.Inventory{Server: olderServer(t)}
	all, err := inv.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(all, inventory.Item{Folder: "loras", Name: "milan.safetensors"}) {
		t.Errorf("no milan.safetensors among %d", len(all))
	}
	loras, err := inv.List(t.Context(), "lora")
	if err != nil || len(loras) == 0 || slices.ContainsFunc(loras, func(i inventory.Item) bool { return i.Folder != "loras" }) {
		t.Errorf("lora: %v, %v", loras, err)
	}
	_, err = inv.List(t.Context(), "lorras")
	unknown, ok := errors.AsType[*inventory.UnknownError](err)
	if !ok || !slices.Contains(unknown.Nearest, "loras") {
		t.Errorf("lorras: %v", err)
	}
}
