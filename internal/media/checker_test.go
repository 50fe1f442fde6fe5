package media

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// check feeds data in pieces of n bytes.
func check(data []byte, n int) Report {
	c := NewChecker()
	for len(data) > 0 {
		k := min(n, len(data))
		c.Write(data[:k])
		data = data[k:]
	}
	return c.Report()
}

func TestChecker(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file          string
		mediaType     string
		kind          Kind
		width, height int
		animated      bool
		cuttable      bool // a missing last byte shows
	}{
		{"comfy.png", "image/png", KindImage, 16, 12, false, true},
		{"gray16.png", "image/png", KindImage, 16, 12, false, true},
		{"turned.jpg", "image/jpeg", KindImage, 16, 12, false, true},
		{"progressive.jpg", "image/jpeg", KindImage, 16, 12, false, true},
		{"animated.gif", "image/gif", KindImage, 16, 12, false, true},
		{"still.webp", "image/webp", KindImage, 16, 12, false, true},
		{"lossy.webp", "image/webp", KindImage, 16, 12, false, true},
		{"alpha.webp", "image/webp", KindImage, 16, 12, false, true},
		{"animated.webp", "image/webp", KindImage, 16, 12, true, true},
		{"picture.avif", "image/avif", KindImage, 16, 12, false, true},
		{"picture.bmp", "image/bmp", KindImage, 16, 12, false, true},
		{"picture.tiff", "image/tiff", KindImage, 0, 0, false, false},
		{"video.mp4", "video/mp4", KindVideo, 64, 48, false, true},
		{"video.webm", "video/webm", KindVideo, 0, 0, false, true},
		{"audio.flac", "audio/flac", KindAudio, 0, 0, false, false},
		{"audio.opus", "audio/opus", KindAudio, 0, 0, false, true},
		{"audio.mp3", "audio/mpeg", KindAudio, 0, 0, false, false},
		{"audio.wav", "audio/wav", KindAudio, 0, 0, false, true},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			data := testdata(t, c.file)
			for _, n := range []int{1, 7, 4096, 1 << 20} {
				got := check(data, n)
				want := Report{
					Format: got.Format, Width: c.width, Height: c.height, Size: int64(len(data)), Complete: true,
				}
				if got != want || got.Format.MediaType != c.mediaType || got.Format.Kind != c.kind || got.Format.Animated != c.animated {
					t.Errorf("in pieces of %d: %+v", n, got)
				}
			}
			if !c.cuttable {
				return
			}
			for _, cut := range []int{1, 2, len(data) / 3, len(data) / 2} {
				got := check(data[:len(data)-cut], 512)
				if got.Complete || got.Reason == "" {
					t.Errorf("without the last %d bytes: %+v", cut, got)
				}
			}
		})
	}
}

// However a file is cut into writes, whole or damaged, the report is the same.
func TestCheckerTakesAnyPieces(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/[^R]*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		whole := testdata(t, filepath.Base(file))
		for i := range 40 {
			rnd := rand.New(rand.NewPCG(1, uint64(i)))
			data := bytes.Clone(whole[:len(whole)-rnd.IntN(2)*rnd.IntN(len(whole))])
			for range rnd.IntN(4) * min(1, len(data)) {
				data[rnd.IntN(min(len(data), 200))] = byte(rnd.Uint32())
			}
			c := NewChecker()
			for rest := data; len(rest) > 0; {
				n := min(len(rest), rnd.IntN(1<<rnd.IntN(14)))
				c.Write(rest[:n])
				rest = rest[n:]
			}
			if got, want := c.Report(), check(data, len(data)+1); got != want {
				t.Errorf("%s, case %d: in pieces %+v, whole %+v", file, i, got, want)
			}
		}
	}
}

func TestCheckerFindsDamage(t *testing.T) {
	t.Parallel()
	png := testdata(t, "comfy.png")
	flipped := bytes.Clone(png)
	flipped[bytes.Index(flipped, []byte("IDAT"))+6] ^= 1
	bigChunk := bytes.Clone(png)
	copy(bigChunk[33:], "\xff\xff\xff\xff")
	jpg := testdata(t, "turned.jpg")
	for name, c := range map[string]struct {
		data   []byte
		reason string
	}{
		"flipped bit in a PNG":          {flipped, `checksum of chunk "IDAT"`},
		"impossible chunk":              {bigChunk, "impossible length"},
		"JPEG without a marker":         {append([]byte(jpgMagic), jpg[4:]...), ""},
		"nothing":                       {nil, "empty"},
		"zeros after a PNG's beginning": {append(bytes.Clone(png[:40]), make([]byte, 200)...), ""},
	} {
		got := check(c.data, 100)
		if got.Complete || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	glb := append([]byte("glTF\x02\x00\x00\x00"), 16, 0, 0, 0)
	tensor := func(header string) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	}
	for _, c := range []struct {
		head string
		ext  string
		kind Kind
	}{
		{"<!DOCTYPE html><html>", ".html", KindText},
		{" \n<HTML lang=en>", ".html", KindText},
		{`<svg xmlns="x"/>`, ".svg", KindImage},
		{"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>", ".svg", KindImage},
		{`{"error": 1}`, ".json", KindText},
		{"[1]", ".json", KindText},
		{"plain grüße", ".txt", KindText},
		{"cut gr\xc3", ".txt", KindText},
		{"bad \xff\xfe\xfd", ".bin", KindOther},
		{"", ".bin", KindOther},
		{"PK\x03\x04", ".zip", KindOther},
		{"%PDF-1.7", ".pdf", KindOther},
		{string(glb), ".glb", KindModel},
		{string(tensor(`{"latent_tensor":{"data_offsets":[0,4]}}`)), ".latent", KindLatent},
		{string(tensor(`{"w":{"data_offsets":[0,4]}}`)), ".safetensors", KindLatent},
		{"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", ".mov", KindVideo},
		{"\x00\x00\x00\x14ftypM4A \x00\x00\x00\x00M4A ", ".m4a", KindAudio},
		{"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00avis", ".avif", KindImage},
		{"ID3\x04", ".mp3", KindAudio},
		{"\xff\xfb\x90\x64", ".mp3", KindAudio},
		{"\xff\xff\xff\xff", ".bin", KindOther},
		{"BM is a make of cars", ".txt", KindText},
	} {
		if got := sniff([]byte(c.head)); got.Ext != c.ext || got.Kind != c.kind {
			t.Errorf("%q: %+v, want %s, %s", c.head, got, c.ext, c.kind)
		}
	}
}

func TestCheckerTensors(t *testing.T) {
	t.Parallel()
	header := `{"__metadata__":{"prompt":"{}"},"latent_tensor":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	whole := append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), 1, 2, 3, 4)
	if got := check(whole, 9); !got.Complete || got.Format.Ext != ".latent" {
		t.Errorf("%+v", got)
	}
	if got := check(whole[:len(whole)-1], 9); got.Complete {
		t.Errorf("cut off: %+v", got)
	}
}

func FuzzChecker(f *testing.F) {
	files, err := filepath.Glob("testdata/[^R]*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 8000 {
			f.Add(data, uint16(2))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, pieces uint16) {
		whole, pieced := check(data, len(data)+1), check(data, 1+int(pieces))
		if whole != pieced {
			t.Errorf("in one piece %+v, in many %+v", whole, pieced)
		}
		if whole.Complete != (whole.Reason == "") {
			t.Errorf("%+v", whole)
		}
	})
}

func BenchmarkChecker(b *testing.B) {
	data := testdata(b, "comfy.png")
	big := binary.BigEndian.AppendUint32(bytes.Clone(data[:33]), 1<<30)
	big = append(append(big, "IDAT"...), make([]byte, 1<<20)...)
	b.SetBytes(int64(len(big)))
	for b.Loop() {
		check(big, 32<<10)
	}
}
