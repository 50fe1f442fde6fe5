package nodes

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func TestSaveImageMetadata(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.graph = `{"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"é"}}}`
	c := b.call("SaveImage", in{"images": raster.FramesOf(gradient(8, 8, 3)), "filename_prefix": "x"})
	c.Extra = map[string]json.RawMessage{"workflow": json.RawMessage(`{"nodes":[]}`)}
	if _, err := c.Class.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	data := b.shelf.files[b.shelf.saved[0]]
	prompt := bytes.Index(data, []byte("tEXtprompt\x00{\"9\": {\"class_type\": \"SaveImage\", \"inputs\": {\"filename_prefix\": \"\\u00e9\"}}}"))
	workflow := bytes.Index(data, []byte("tEXtworkflow\x00{\"nodes\": []}"))
	pixels := bytes.Index(data, []byte("IDAT"))
	if prompt < 0 || workflow < prompt || pixels < workflow {
		t.Errorf("prompt at %d, workflow at %d, pixels at %d", prompt, workflow, pixels)
	}
	want := map[string][]any{"images": {map[string]any{"filename": "x_00001_.png", "subfolder": "", "type": "output"}}}
	if diff := cmp.Diff(want, c.UI); diff != "" {
		t.Error(diff)
	}
}
