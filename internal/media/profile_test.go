package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"unicode/utf8"
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
		lost      string // in part
	}{
		{"iCCP of PNG", ".png", tagged.Bytes(), profile, ""},
		{"pieces of JPEG, out of order", ".jpg", bytes.Join([][]byte{soi, piece(2, profile[300:]), piece(1, profile[:300]), rest}, nil), profile, ""},
		{"a piece of JPEG is missing", ".jpg", bytes.Join([][]byte{soi, piece(1, profile[:300]), rest}, nil), nil, "damaged"},
		{"no profile in JPEG", ".jpg", photo.Bytes(), nil, ""},
		{"ICCP of WebP", ".webp", []byte(webp), profile, ""},
		{"tag of TIFF", ".tiff", append(entry[:len(entry):len(entry)], profile...), profile, ""},
		{"no profile but bytes", ".tiff", append(entry[:len(entry):len(entry)], make([]byte, 700)...), nil, "damaged"},
		{"of CMYK", ".tiff", append(entry[:len(entry):len(entry)], forSpace(profile, "CMYK")...), nil, "for CMYK"},
		{"of gray", ".tiff", append(entry[:len(entry):len(entry)], forSpace(profile, "GRAY")...), nil, "for shades of gray"},
		{"of Lab", ".tiff", append(entry[:len(entry):len(entry)], forSpace(profile, "Lab ")...), nil, "other colours than RGB"},
		{"cut off", ".png", tagged.Bytes()[:60], nil, ""},
	} {
		got, lost := profileOf(Format{Ext: tt.ext}, tt.data)
		if !bytes.Equal(got, tt.want) {
			t.Errorf("%s: got %d bytes, want %d", tt.name, len(got), len(tt.want))
		}
		if (tt.lost == "") != (lost == "") || !strings.Contains(lost, tt.lost) {
			t.Errorf("%s: lost %q, want %q", tt.name, lost, tt.lost)
		}
	}
	p, err := Load(&tagged, Limits{})
	if err != nil || !bytes.Equal(p.Profile, profile) {
		t.Errorf("Load gave a profile of %d bytes, %v", len(p.Profile), err)
	}
}

func forSpace(profile []byte, space string) []byte {
	p := bytes.Clone(profile)
	copy(p[16:], space)
	return p
}

// withTag is a profile whose one tag is a description.
func withTag(tag string) []byte {
	p := testProfile(profileHeader)
	p = binary.BigEndian.AppendUint32(p, 1)
	p = append(p, "desc"...)
	p = binary.BigEndian.AppendUint32(p, profileHeader+4+12)
	p = binary.BigEndian.AppendUint32(p, uint32(len(tag)))
	return append(p, tag...)
}

func TestProfileName(t *testing.T) {
	t.Parallel()
	for want, p := range map[string][]byte{
		"Adobe RGB (1998)":       withTag("desc\x00\x00\x00\x00\x00\x00\x00\x11Adobe RGB (1998)\x00\x00\x00"),
		"Grün":                   withTag("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cdeDE\x00\x00\x00\x08\x00\x00\x00\x1c\x00G\x00r\x00\xfc\x00n"),
		"redwhite":               withTag("desc\x00\x00\x00\x00\x00\x00\x00\x0cred\x1b\x9b\nwhite\x00"),
		strings.Repeat("x", 100): withTag("desc\x00\x00\x00\x00\x00\x00\x01\x2c" + strings.Repeat("x", 300)),
	} {
		if got := ProfileName(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, p := range [][]byte{
		nil, testProfile(profileHeader), testProfile(700), withTag(""), withTag("desc\x00\x00\x00\x00\xff\xff\xff\xffx"),
		withTag("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cdeDE\xff\xff\xff\xff\xff\xff\xff\xff"), withTag("text"),
	} {
		if got := ProfileName(p); got != "" {
			t.Errorf("got %q of %d bytes that say nothing", got, len(p))
		}
	}
}

func FuzzProfileName(f *testing.F) {
	f.Add(withTag("desc\x00\x00\x00\x00\x00\x00\x00\x04sRGB"))
	f.Add(withTag("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cdeDE\x00\x00\x00\x04\x00\x00\x00\x1c\x00a\x00b"))
	f.Fuzz(func(t *testing.T, p []byte) {
		if name := ProfileName(p); len(name) > 100 || !utf8.ValidString(name) {
			t.Errorf("name %q", name)
		}
	})
}

// A PNG may describe its colours by numbers: those of another space are told of.
func TestColoursOfPNG(t *testing.T) {
	t.Parallel()
	var plain bytes.Buffer
	if _, err := Encode(&plain, image.NewNRGBA(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	words := func(v ...uint32) string {
		var b []byte
		for _, n := range v {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return string(b)
	}
	with := func(chunks ...string) []byte {
		const header = 33 // the signature and IHDR
		data := bytes.Clone(plain.Bytes()[:header])
		for _, c := range chunks {
			data = binary.BigEndian.AppendUint32(data, uint32(len(c)-4))
			data = append(data, c...)
			data = binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE([]byte(c)))
		}
		return append(data, plain.Bytes()[header:]...)
	}
	for name, tt := range map[string]struct {
		data []byte
		lost string
	}{
		"nothing":           {plain.Bytes(), ""},
		"usual gamma":       {with("gAMA" + words(45455)), ""},
		"rounded gamma":     {with("gAMA" + words(45000)), ""},
		"linear":            {with("gAMA" + words(100000)), "gAMA"},
		"primaries of sRGB": {with("cHRM" + words(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)), ""},
		"primaries of P3":   {with("cHRM" + words(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)), "cHRM"},
		"HDR":               {with("cICP\x09\x10\x00\x01"), "cICP"},
		"sRGB as cICP":      {with("cICP\x01\x0d\x00\x01"), ""},
		"sRGB above gamma":  {with("gAMA"+words(100000), "sRGB\x00"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, lost := profileOf(Format{Ext: ".png"}, tt.data); tt.lost == "" && lost != "" || !strings.Contains(lost, tt.lost) {
				t.Errorf("got %q, want %q in it", lost, tt.lost)
			}
		})
	}
}
