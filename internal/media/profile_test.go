package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"testing"
)

func testProfile(size int) []byte {
	p := bytes.Repeat([]byte{7}, size)
	copy(p[16:], "RGB ")
	copy(p[36:], "acsp")
	return p
}

func TestProfile(t *testing.T) {
	t.Parallel()
	profile := testProfile(700)
	img := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	var plain, tagged, photo bytes.Buffer
	if _, err := Encode(&plain, img); err != nil {
		t.Fatal(err)
	}
	if err := CopyPNG(&tagged, &plain, PNGEdit{Profile: profile, Set: []PNGText{{"a", "b"}}}); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&photo, img, nil); err != nil {
		t.Fatal(err)
	}
	piece := func(n byte, body []byte) []byte {
		b := binary.BigEndian.AppendUint16([]byte{0xff, 0xe2}, uint16(2+12+2+len(body)))
		return append(append(b, "ICC_PROFILE\x00"+string([]byte{n, 2})...), body...)
	}
	soi, rest := photo.Bytes()[:2], photo.Bytes()[2:]
	webp := "RIFF\x00\x00\x00\x00WEBPICCP" + string(binary.LittleEndian.AppendUint32(nil, 700)) + string(profile)
	entry := []byte{0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x73, 0x87, 7, 0, 0xbc, 2, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0}
	for _, tt := range []struct {
		name, ext string
		data      []byte
		want      []byte
	}{
		{"iCCP of PNG", ".png", tagged.Bytes(), profile},
		{"pieces of JPEG, out of order", ".jpg", bytes.Join([][]byte{soi, piece(2, profile[300:]), piece(1, profile[:300]), rest}, nil), profile},
		{"a piece of JPEG is missing", ".jpg", bytes.Join([][]byte{soi, piece(1, profile[:300]), rest}, nil), nil},
		{"no profile in JPEG", ".jpg", photo.Bytes(), nil},
		{"ICCP of WebP", ".webp", []byte(webp), profile},
		{"tag of TIFF", ".tiff", append(entry, profile...), profile},
		{"no profile but bytes", ".tiff", append(entry, make([]byte, 700)...), nil},
		{"cut off", ".png", tagged.Bytes()[:60], nil},
	} {
		if got := profileOf(Format{Ext: tt.ext}, tt.data); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: got %d bytes, want %d", tt.name, len(got), len(tt.want))
		}
	}
	p, err := Load(&tagged, Limits{})
	if err != nil || !bytes.Equal(p.Profile, profile) {
		t.Errorf("Load gave a profile of %d bytes, %v", len(p.Profile), err)
	}
}
