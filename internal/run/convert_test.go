package run_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/color/palette"
	"image/gif"
	"io"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A maker hands out the same file for every output.
type maker struct {
	comfy.Backend
	file []byte
}

func (m maker) Open(context.Context, comfy.Output) (io.ReadCloser, int64, error) {
	return io.NopCloser(bytes.NewReader(m.file)), int64(len(m.file)), nil
}

// A file holds the kind of picture that its fixed name promises, or has another name.
func TestFixedNameHoldsWhatItSays(t *testing.T) {
	t.Parallel()
	glass := image.NewNRGBA(image.Rect(0, 0, 8, 8)) // all transparent
	var film bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 8, 8), palette.Plan9)
	if err := gif.EncodeAll(&film, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	photo, err := media.EncodeJPEG(scene(8, 8), media.JPEGQuality, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, fixed string
		format      run.Format
		made        []byte
		stored      string // name of the file
		mediaType   string
		note        string // the one warning, in part; "" = none
	}{
		{"PNG to JPEG", "art.jpg", "", pngOf(t, scene(8, 8)), "art.jpg", "image/jpeg", ""},
		{"transparent PNG to JPEG", "art.JPEG", "", pngOf(t, glass), "art.JPEG", "image/jpeg", "transparent parts were laid on white"},
		{"JPEG to PNG", "art.png", "", photo, "art.png", "image/png", ""},
		{"JPEG as it is", "art.jpeg", "", photo, "art.jpeg", "image/jpeg", ""},
		{"a film is no picture", "art.jpg", "", film.Bytes(), "art-1.gif", "image/gif", "is a GIF image and is not stored as art.jpg"},
		{"a name wins over the format", "art.png", "jpeg:80", photo, "art.png", "image/png", ""},
		{"a format for any name", "art.data", "jpeg:80", pngOf(t, scene(8, 8)), "art.data", "image/jpeg", ""},
		{"a format for a template", "", "png", photo, "art.png", "image/png", ""},
		{"a format that it has", "", "jpeg:80", photo, "art.jpg", "image/jpeg", ""},
		{"a film has no other format", "", "png", film.Bytes(), "art.gif", "image/gif", "is a GIF image and is not stored as PNG"},
		{"no kind is promised", "art.data", "", photo, "art.data", "image/jpeg", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.put("photo.png", pngOf(t, scene(16, 16)))
			b.Backend = maker{b.Backend, tt.made}
			occupy(t, b, "art.gif") // which --force art.jpg must not replace
			req := b.request(t, "image_upscale", "image", "photo.png", "factor", "0.5")
			req.Naming, req.Format = run.Naming{Template: "art", Fixed: tt.fixed, Force: true}, tt.format
			res, err := b.Run(t.Context(), req, ignore)
			if err != nil {
				t.Fatal(err)
			}
			out := res.Outputs[0]
			if strings.TrimPrefix(out.Path, "memory:") != tt.stored || out.MediaType != tt.mediaType {
				t.Errorf("stored %s as %s, want %s as %s", out.MediaType, out.Path, tt.mediaType, tt.stored)
			}
			if tt.note == "" && len(res.Warnings) > 0 || tt.note != "" && (len(res.Warnings) != 1 || !strings.Contains(res.Warnings[0], tt.note)) {
				t.Errorf("warnings %q, want %q", res.Warnings, tt.note)
			}
			data := b.stored(t, out)
			if out.SHA256 != sum(data) {
				t.Errorf("sha256 is not of what was stored")
			}
			want := sum(tt.made)
			if bytes.Equal(data, tt.made) {
				want = ""
			}
			if out.Original != want {
				t.Errorf("original_sha256 is %q, want %q", out.Original, want)
			}
		})
	}
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func occupy(t *testing.T, b *bench, name string) {
	t.Helper()
	w, err := b.store.Create(t.Context(), storage.Object{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := w.Commit(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// A conversion keeps the colour profile.
func TestConversionKeepsProfile(t *testing.T) {
	t.Parallel()
	profile := make([]byte, 300)
	copy(profile[16:], "RGB ")
	copy(profile[36:], "acsp")
	made, err := media.EncodePNG(scene(8, 8), media.PNGEdit{Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(16, 16)))
	b.Backend = maker{b.Backend, made}
	req := b.request(t, "image_upscale", "image", "photo.png", "factor", "0.5")
	req.Naming.Fixed = "art.jpg"
	res, err := b.Run(t.Context(), req, ignore)
	if err != nil {
		t.Fatal(err)
	}
	pic, err := media.Load(bytes.NewReader(b.stored(t, res.Outputs[0])), media.Limits{})
	if err != nil || pic.Format.Ext != ".jpg" || !bytes.Equal(pic.Profile, profile) {
		t.Errorf("a %s with a profile of %d bytes, %v", pic.Format.Ext, len(pic.Profile), err)
	}
}

// The untouched part of a painted picture shows as before: the file has the
// picture's colour profile and the record names it, or a warning says why not.
func TestPaintedPictureKeepsProfile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ space, kept, warning string }{
		{"RGB ", "unnamed", ""},
		{"GRAY", "", "photo.png: its colour profile is for shades of gray and was left out"},
	} {
		profile := make([]byte, 300)
		copy(profile[16:], tt.space)
		copy(profile[36:], "acsp")
		photo, err := media.EncodePNG(scene(96, 96), media.PNGEdit{Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t)
		b.put("photo.png", photo)
		req := b.request(t, "sd_inpaint", "image", "photo.png", "prompt", "a hat", "steps", "1")
		req.Mask, req.Sidecar = &run.MaskSpec{Rects: []string{"16,16,32,32"}}, true
		res, err := b.Run(t.Context(), req, ignore)
		if err != nil {
			t.Fatal(err)
		}
		pic, err := media.Load(bytes.NewReader(b.stored(t, res.Outputs[0])), media.Limits{})
		if err != nil || (pic.Profile != nil) != (tt.kept != "") {
			t.Errorf("%s: a profile of %d bytes, %v", tt.space, len(pic.Profile), err)
		}
		var rec run.Record
		record := b.stored(t, run.Output{Path: res.Outputs[0].Path + run.RecordSuffix})
		if err := json.Unmarshal(record, &rec); err != nil || rec.File.ColorProfile != tt.kept {
			t.Errorf("%s: the record names the profile %q, want %q, %v", tt.space, rec.File.ColorProfile, tt.kept, err)
		}
		if got := strings.Join(rec.Warnings, "; "); got != tt.warning {
			t.Errorf("%s: warnings %q, want %q", tt.space, got, tt.warning)
		}
	}
}

// What is converted to nothing is refused before anything is sent.
func TestNameOfNothingMade(t *testing.T) {
	t.Parallel()
	for _, fixed := range []string{"art.webp", "art.GIF"} {
		b := newBench(t)
		b.put("photo.png", pngOf(t, scene(16, 16)))
		req := b.request(t, "image_upscale", "image", "photo.png", "factor", "0.5")
		req.Naming.Fixed = fixed
		var wrong *run.OutputNameError
		if _, err := b.Run(t.Context(), req, ignore); !errors.As(err, &wrong) || wrong.Name != fixed {
			t.Errorf("%s: error %v", fixed, err)
		}
		if n := b.sent("/prompt"); n != 0 {
			t.Errorf("%s: %d runs were sent", fixed, n)
		}
	}
}

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]run.Format{
		"": "", "png": "png", "PNG": "png", "jpg": "jpeg", "jpeg": "jpeg", "jpg:1": "jpeg:1", "JPEG:100": "jpeg:100", "jpeg:090": "jpeg:90",
	} {
		if got, err := run.ParseFormat(text); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"webp", "gif", "png:90", ":90", "jpg:", "jpg:0", "jpg:101", "jpg:x", "jpg:-1", "jpg:90:1", " jpg"} {
		if f, err := run.ParseFormat(text); err == nil {
			t.Errorf("%q is the format %q", text, f)
		}
	}
}
