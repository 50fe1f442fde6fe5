package comfy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

func TestSavedWorkflows(t *testing.T) {
	t.Parallel()
	emu := emulator.New(emulator.Options{StepTime: -1})
	defer emu.Close()
	srv := httptest.NewServer(emu)
	defer srv.Close()
	client, err := comfy.NewClient(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if list, err := client.SavedWorkflows(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("before anything was saved: %v, %v", list, err)
	}
	for _, name := range []string{"a b.json", "people/ä#1.json", "people/notes.txt", ".index.json"} {
		resp, err := http.Post(srv.URL+"/userdata/"+url.PathEscape("workflows/"+name), "application/json", strings.NewReader(name))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
	}
	list, err := client.SavedWorkflows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range list {
		names = append(names, w.Name)
		if w.Bytes != int64(len(w.Name)) || w.Modified.IsZero() {
			t.Errorf("%+v", w)
		}
		if data, err := client.SavedWorkflow(t.Context(), w.Name); err != nil || string(data) != w.Name {
			t.Errorf("%s holds %q, %v", w.Name, data, err)
		}
	}
	if diff := cmp.Diff([]string{"a b.json", "people/ä#1.json"}, names); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	_, err = client.SavedWorkflow(t.Context(), "none.json")
	if status, ok := errors.AsType[*comfy.StatusError](err); !ok || status.Status != http.StatusNotFound {
		t.Errorf("one that is not there: %v", err)
	}
}
