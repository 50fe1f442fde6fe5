package cmd

import (
	"image"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// The system's programs are fixed, and none of them is a shell.
func TestOpener(t *testing.T) {
	t.Parallel()
	for goos, want := range map[string]string{"linux": "xdg-open", "freebsd": "xdg-open", "darwin": "open", "windows": "rundll32 url.dll,FileProtocolHandler"} {
		if got := strings.Join(opener(goos), " "); got != want {
			t.Errorf("%s: %q, want %q", goos, got, want)
		}
	}
}

// A preview comes from a server that may be hostile: what is no picture, or
// says that it is a huge one, is skipped.
func TestHostilePreviews(t *testing.T) {
	t.Parallel()
	streams, _, _, _ := term.Test()
	seen := &pictureCount{}
	v := &runView{opts: viewOptions{app: newApp(t.Context(), streams, Build{}, t.TempDir(), nil)}, progress: seen, pictures: true}
	huge := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x02\x00\x00\x00")
	for _, data := range [][]byte{nil, []byte("GIF89a"), []byte("<html>"), huge, make([]byte, maxPreviewBytes+1)} {
		v.previewed = time.Time{}
		v.preview(run.Event{Type: run.EventPreview, Image: data})
	}
	if seen.n != 0 {
		t.Errorf("%d of them were shown", seen.n)
	}
}

type pictureCount struct {
	term.Progress
	n int
}

func (c *pictureCount) Picture(image.Image) { c.n++ }
