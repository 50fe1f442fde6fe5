package media

import (
	"bytes"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a file says of its making is gone, and it looks as before.
func TestStrip(t *testing.T) {
	t.Parallel()
	const secret = "the secret prompt"
	img := image.NewNRGBA(image.Rect(0, 0, 6, 4))
	profile := testProfile(400)
	drawn, err := EncodePNG(img, PNGEdit{Set: []PNGText{{"prompt", secret}, {"workflow", "ü " + secret}}, Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	photo, err := EncodeJPEG(img, JPEGQuality, profile)
	if err != nil {
		t.Fatal(err)
	}
	segment := func(marker byte, text string) string {
		return "\xff" + string([]byte{marker, 0, byte(len(text) + 2)}) + text
	}
	said := string(photo[:2]) + segment(0xe1, "Exif\x00\x00"+secret) + segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret) +
		segment(0xed, secret) + segment(0xfe, secret) + string(photo[2:])
	for name, data := range map[string][]byte{
		"png": drawn, "jpeg": []byte(said),
		"webp": withChunks(readTestdata(t, "still.webp"), "EXIF", secret, "XMP ", secret+"!"),
	} {
		got, err := Strip(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if bytes.Contains(got, []byte(secret)) || !bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s: the secret is in it before: %v, after: %v", name, bytes.Contains(data, []byte(secret)), bytes.Contains(got, []byte(secret)))
		}
		check := NewChecker()
		_, _ = check.Write(got)
		if rep := check.Report(); !rep.Complete {
			t.Errorf("%s: the file is damaged: %s", name, rep.Reason)
		}
		before, after := mustLoad(t, data), mustLoad(t, got)
		if !bytes.Equal(before.Image.Pix, after.Image.Pix) || !bytes.Equal(before.Profile, after.Profile) {
			t.Errorf("%s looks otherwise", name)
		}
		if again, err := Strip(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: another pass changes it, %v", name, err)
		}
	}
	for _, name := range []string{"animated.gif", "video.mp4", "audio.flac", "turned.jpg"} {
		if _, err := Strip(readTestdata(t, name)); !errors.Is(err, ErrUnstrippable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func readTestdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustLoad(t *testing.T, data []byte) *Picture {
	t.Helper()
	p, err := Load(bytes.NewReader(data), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// withChunks adds chunks, kind and body in turn, to a WebP.
func withChunks(webp []byte, chunks ...string) []byte {
	for i := 0; i < len(chunks); i += 2 {
		body := chunks[i+1]
		webp = append(webp, chunks[i]+string([]byte{byte(len(body)), 0, 0, 0})+body+strings.Repeat("\x00", len(body)&1)...)
	}
	size := len(webp) - 8
	copy(webp[4:], []byte{byte(size), byte(size >> 8), byte(size >> 16), byte(size >> 24)})
	return webp
}

func FuzzStrip(f *testing.F) {
	for _, name := range []string{"comfy.png", "progressive.jpg", "still.webp", "animated.webp", "a1111.png"} {
		if data, err := os.ReadFile(filepath.Join("testdata", name)); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Strip(data)
		if err != nil {
			return
		}
		if again, err := Strip(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("another pass changes it: %v", err)
		}
	})
}
