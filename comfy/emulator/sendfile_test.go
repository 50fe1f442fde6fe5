package emulator

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"
)

func TestByteRange(t *testing.T) {
	t.Parallel()
	// What ComfyUI 0.3.64 (aiohttp 3.14) answered for a file of 10 bytes; 0,0 is 416.
	tests := []struct {
		spec        string
		from, count int64
	}{
		{"bytes=0-3", 0, 4},
		{"bytes=5-", 5, 5},
		{"bytes=-4", 6, 4},
		{"bytes=-99", 0, 10},
		{"bytes=-0", 0, 10},
		{"bytes=00-01", 0, 2},
		{"bytes=3-3", 3, 1},
		{"bytes=0-99999999999999999999", 0, 10},
		{"Bytes=0-1", 0, 2},
		{"bytes=10-", 0, 0},
		{"bytes=3-2", 0, 0},
		{"bytes=0-1,4-5", 0, 0},
		{"bytes=", 0, 0},
		{"bytes=-", 0, 0},
		{"bytes=a-b", 0, 0},
		{"bytes= 0-1", 0, 0},
		{"bytes=0 - 1", 0, 0},
		{"bytes 0-1", 0, 0},
		{"lines=0-1", 0, 0},
	}
	for _, test := range tests {
		from, count, err := byteRange(test.spec, 10)
		if from != test.from || count != test.count || (err != nil) != (test.count == 0) {
			t.Errorf("%s: got %d+%d %v, want %d+%d", test.spec, from, count, err, test.from, test.count)
		}
	}
	if _, _, err := byteRange("bytes=0-", 0); err == nil {
		t.Error("a range of an empty file was served")
	}
}

// One upload answers to every way to look at it.
func TestViewOfOnePicture(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	img := image.NewNRGBA(image.Rect(0, 0, 4, 3))
	for i := range img.Pix {
		img.Pix[i] = byte(7 * i)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	var opaque bytes.Buffer
	if err := png.Encode(&opaque, img); err != nil {
		t.Fatal(err)
	}
	body, header := uploadBody(t, "a b.png", opaque.Bytes())
	body = strings.Replace(body, "a b.png", `a\b.png`, 1) // an escape of what needs none
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://emulator/upload/image", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := f.client.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("upload: %v %v", res, err)
	}
	_ = res.Body.Close()
	tests := []struct {
		query, kind string
		alpha       bool // the file has a channel for it
	}{
		{"", "image/png", false},
		{"&preview=jpeg;50", "image/jpeg", false}, // the semicolon is no separator
		{"&preview=jpeg;", "image/jpeg", false},
		{"&channel=rgb", "image/png", false},
		{"&channel=a", "image/png", true}, // nothing in it is transparent
	}
	for _, test := range tests {
		res, text, err := f.try(http.MethodGet, "/view?type=input&filename=ab.png"+test.query, "") // backslashes are dropped
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %v", test.query, res, err)
		}
		if got := res.Header.Get("Content-Type"); got != test.kind {
			t.Errorf("%s: got %s", test.query, got)
		}
		config, _, err := image.DecodeConfig(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := config.ColorModel == color.NRGBAModel; got != test.alpha {
			t.Errorf("%s: alpha channel %v", test.query, got)
		}
	}
}
