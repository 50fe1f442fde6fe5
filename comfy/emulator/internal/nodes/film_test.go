package nodes

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// shortFilm is a second of moving picture with sound.
func shortFilm() *container.Film {
	var rasters []*raster.Raster
	for i := range 8 {
		r := gradient(64, 48, 3)
		for x := range 8 {
			for y := range 48 {
				copy(r.At(x+i*7, y), []float32{1, 0, 0})
			}
		}
		rasters = append(rasters, r)
	}
	return &container.Film{Frames: raster.FramesOf(rasters...), FPS: 8, Sound: chord(1, 5)}
}

// TestServerPlaysFilm has a real server decode what SaveVideo writes: the frames,
// their number, the rate, and the prompt in the file.
func TestServerPlaysFilm(t *testing.T) {
	server := fresh(t)
	var data bytes.Buffer
	f := shortFilm()
	if err := container.WriteMP4(t.Context(), &data, f, []container.Text{{Key: "prompt", Value: `{"1": {}}`}}); err != nil {
		t.Fatal(err)
	}
	server.upload("easel-film.mp4", data.Bytes())
	n := func(class string, inputs map[string]any) map[string]any {
		return map[string]any{"class_type": class, "inputs": inputs}
	}
	got := server.picture(map[string]any{
		"load":  n("LoadVideo", map[string]any{"file": "easel-film.mp4"}),
		"parts": n("GetVideoComponents", map[string]any{"video": []any{"load", 0}}),
		"last":  n("ImageFromBatch", map[string]any{"image": []any{"parts", 0}, "batch_index": 7, "length": 99}),
		"save":  n("SaveImage", map[string]any{"images": []any{"last", 0}, "filename_prefix": "easel-test/film"}),
	})
	if d := distance(got, f.Frames.At(7)); d > 0.1 {
		t.Errorf("the last frame differs by %.3f", d)
	}
}

// boxes walks the boxes of one level.
func boxes(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for len(data) >= 8 {
		size := int(binary.BigEndian.Uint32(data))
		if size < 8 || size > len(data) {
			t.Fatalf("box %q of %d bytes in %d", data[4:8], size, len(data))
		}
		found[string(data[4:8])] = data[8:size]
		data = data[size:]
	}
	if len(data) != 0 {
		t.Fatalf("%d bytes are in no box", len(data))
	}
	return found
}

func TestMP4Structure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.graph = `{"9":{"class_type":"X","inputs":{"text":"café"}}}`
	f := shortFilm()
	video := b.run("CreateVideo", in{"images": f.Frames, "fps": 8.0, "audio": f.Sound})[0]
	b.run("SaveVideo", in{"video": video, "filename_prefix": "video/x"})
	data := b.shelf.files[b.shelf.saved[0]]
	top := boxes(t, data)
	if len(top["ftyp"]) == 0 || len(top["mdat"]) == 0 {
		t.Fatal("no ftyp or mdat")
	}
	movie := boxes(t, top["moov"])
	meta := string(movie["udta"])
	if !strings.Contains(meta, "mdta") || !strings.Contains(meta, "prompt") || !strings.Contains(meta, `caf\u00e9`) {
		t.Errorf("metadata: %q", meta)
	}
	// The first sample of the last track (the sound) is where the index says.
	stbl := boxes(t, boxes(t, boxes(t, boxes(t, movie["trak"])["mdia"])["minf"])["stbl"])
	offset := binary.BigEndian.Uint32(stbl["stco"][8:])
	if int(offset)+2*len(f.Sound.Samples) != len(data) {
		t.Errorf("the sound starts at %d of %d bytes", offset, len(data))
	}
}

func TestFLACStructure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run("SaveAudio", in{"audio": chord(0.2, 1), "filename_prefix": "x"})
	data := b.shelf.files[b.shelf.saved[0]]
	if !bytes.HasPrefix(data, []byte("fLaC\x00\x00\x00\x22")) {
		t.Fatalf("starts with %q", data[:8])
	}
	packed := binary.BigEndian.Uint64(data[8+10:])
	if rate := packed >> 44; rate != 44100 {
		t.Errorf("rate %d", rate)
	}
	if samples := packed & (1<<36 - 1); samples != 8820 {
		t.Errorf("%d samples, want 8820", samples)
	}
}

func TestAnimatedPNG(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.graph = `{"1":{}}`
	b.run("SaveAnimatedPNG", in{"images": shortFilm().Frames, "filename_prefix": "x", "fps": 8.0})
	data := b.shelf.files[b.shelf.saved[0]]
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Errorf("the first frame does not decode: %v", err)
	}
	if n := bytes.Count(data, []byte("fcTL")); n != 8 {
		t.Errorf("%d frames, want 8", n)
	}
	if !bytes.Contains(data, []byte("comfprompt\x00{\"1\": {}}")) {
		t.Error("no graph after the pixels")
	}
}

func TestChordIsSound(t *testing.T) {
	t.Parallel()
	s := chord(1, 9)
	loud := 0.0
	for _, v := range s.Samples {
		loud = math.Max(loud, math.Abs(float64(v)))
	}
	if len(s.Samples) != 44100 || loud < 3000 {
		t.Errorf("%d samples, loudest %v", len(s.Samples), loud)
	}
}
