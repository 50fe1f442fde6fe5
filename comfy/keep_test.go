package comfy

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// A server runs for weeks: what it remembers of uploads is bounded, and what is
// in use stays.
func TestUploadsAreBounded(t *testing.T) {
	t.Parallel()
	var u uploads
	file := func(i int) File { return File{Name: "x.png", SHA256: fmt.Sprint(i)} }
	for i := range 3 * maxUploads {
		if _, mine := u.claim(file(i)); !mine {
			t.Fatalf("upload %d was there already", i)
		}
		if _, mine := u.claim(file(0)); mine {
			t.Fatalf("what was used last was forgotten after %d others", i)
		}
	}
	if len(u.done) != maxUploads || len(u.order) != maxUploads {
		t.Errorf("%d remembered, %d in order", len(u.done), len(u.order))
	}
	u.forget(file(0))
	if _, mine := u.claim(file(0)); !mine {
		t.Error("it was not forgotten")
	}
}

func TestInlineContent(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 10, 11, 5000} { // in memory up to 10
		want := bytes.Repeat([]byte("x"), size)
		in, err := newInline(bytes.NewReader(want), 10)
		if err != nil {
			t.Fatal(err)
		}
		if in.Size() != int64(size) || (in.file != nil) != (size > 10) {
			t.Errorf("%d bytes: size %d, in a file: %v", size, in.Size(), in.file != nil)
		}
		for range 2 {
			r := in.Open()
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) || r.Close() != nil {
				t.Errorf("%d bytes: read %d, %v", size, len(got), err)
			}
		}
	}
}

// An output node that names nothing has nothing to fetch; one that is there to
// save a file has failed.
func TestSilentOutputNodes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		class, outputs string
		silent         bool
	}{
		"says nothing":           {"SendToChat", `{}`, true},
		"says an empty object":   {"SendToChat", `{"9": {}}`, true},
		"says an empty list":     {"SaveImage", `{"9": {"images": []}}`, true},
		"says null":              {"SendToChat", `{"9": {"images": null}}`, true},
		"did not save":           {"SaveImage", `{}`, false},
		"names a file":           {"SendToChat", `{"9": {"images": [{"filename": "a.png"}]}}`, false},
		"gives an unknown text":  {"SendToChat", `{"9": {"answer": ["sent"]}}`, false},
		"gives something of its": {"SendToChat", `{"9": {"answer": [7]}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := decodeHistory(fmt.Appendf(nil, `{"J": {"prompt": [1, "J", {"9": {"class_type": %q, "inputs": {}}}, {}, ["9"]], "outputs": %s,
				"status": {"status_str": "success", "completed": true, "messages": []}}}`, tc.class, tc.outputs), "J")
			if err != nil {
				t.Fatal(err)
			}
			st := e.state("J", false, 10)
			st.explain()
			if got := len(st.Silent) > 0; got != tc.silent || len(st.Outputs) == 0 && len(st.Warnings) == 0 {
				t.Errorf("silent %q, outputs %+v, warnings %q", st.Silent, st.Outputs, st.Warnings)
			}
		})
	}
}
