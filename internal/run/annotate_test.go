package run_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A picture whose saving node writes no record gets it here, with the graph; one that
// can hold none is stored as it is, and says so.
func TestRecordInsideWhateverTheBackendMakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, note string }{
		{"lossy.webp", ""},
		{"alpha.webp", ""},
		{"progressive.jpg", ""},
		{"gray16.png", ""},
		{"animated.gif", "holds no record"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			made, err := os.ReadFile("../media/testdata/" + tt.file)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			b.put("photo.png", pngOf(t, scene(16, 16)))
			b.Backend = maker{b.Backend, made}
			req := b.request(t, "image_upscale", "image", "photo.png", "factor", "0.5")
			req.Naming, req.Embed = run.Naming{Template: "art"}, true
			res, err := b.Run(t.Context(), req, ignore)
			if err != nil {
				t.Fatal(err)
			}
			if notes := strings.Join(res.Warnings, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
				t.Errorf("warnings: %q", notes)
			}
			body, _, err := b.Store.Open(t.Context(), res.Outputs[0].Name)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			if tt.note != "" {
				if !bytes.Equal(data, made) || res.Outputs[0].Original != "" {
					t.Error("it was changed")
				}
				return
			}
			meta, err := media.ReadMetadata(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			var rec run.Record
			if err := json.Unmarshal(meta.Easel, &rec); err != nil || rec.Run != res.ID || rec.Workflow != "image_upscale" || len(meta.Prompt) == 0 {
				t.Errorf("it says %s and %d bytes of a graph, %v", meta.Easel, len(meta.Prompt), err)
			}
			if len(res.Outputs[0].Original) != 64 {
				t.Errorf("the hash of what came is %q", res.Outputs[0].Original)
			}
		})
	}
}
