package run_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// hugePNG is a small file that claims to be a picture of 65535 x 65535.
func hugePNG() []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(body)))
		b.WriteString(kind)
		b.Write(body)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(append([]byte(kind), body...)))
	}
	chunk("IHDR", []byte{0, 0, 255, 255, 0, 0, 255, 255, 8, 2, 0, 0, 0})
	chunk("IDAT", []byte{0x78, 0x9c, 0x03, 0, 0, 0, 0, 1})
	chunk("IEND", nil)
	return b.Bytes()
}

func TestBadInputs(t *testing.T) {
	t.Parallel()
	portrait := pngOf(t, scene(64, 48))
	tests := []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"missing", "none.png", nil, "image none.png: there is no such file"},
		{"empty", "empty.png", []byte{}, "image empty.png is empty"},
		{"text", "note.png", []byte("just a note"), "image note.png is not an image but a text"},
		{"web page", "page.png", []byte("<!doctype html><title>Sign in</title>"), "image page.png is not an image but an HTML page"},
		{"cut off", "half.png", portrait[:len(portrait)/2], "image half.png cannot be decoded: it is cut off"},
		{"too many pixels", "huge.png", hugePNG(), "image huge.png has 65535 x 65535 pixels, "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if test.data != nil {
				b.put(test.file, test.data)
			}
			_, err := b.Run(t.Context(), b.request(t, "image_upscale", "image", test.file), ignore)
			var input *run.InputError
			if !errors.As(err, &input) {
				t.Fatalf("error %v, want an *InputError", err)
			}
			if !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %q, want %q", err, test.want)
			}
			if n := len(b.server.Requests()); n > 0 {
				t.Errorf("%d requests were sent for a bad file", n)
			}
		})
	}
}

func TestInputIsSentAsItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(64, 48)))
	ticket, err := b.Prepare(t.Context(), b.request(t, "image_upscale", "image", "photo.png"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.files["photo.png"].Data)
	want := run.Input{Parameter: "image", File: "photo.png", SHA256: hex.EncodeToString(sum[:])}
	if len(ticket.Inputs) != 1 || ticket.Inputs[0] != want {
		t.Errorf("inputs %+v, want %+v", ticket.Inputs, want)
	}
	if name, _ := ticket.Graph.Node("1").Inputs.Text("image"); name != want.SHA256[:32]+".png" {
		t.Errorf("the graph names %q, want the hash of the content", name)
	}
}

// The same picture in two inputs, and in two runs, travels once.
func TestSameContentTravelsOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("a.png", pngOf(t, scene(64, 48)))
	b.put("b.png", pngOf(t, scene(64, 48)))
	for range 2 {
		if _, err := b.Run(t.Context(), b.request(t, "image_composite", "image", "a.png", "overlay", "b.png"), ignore); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.sent("/upload/image"); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
}

// A file that changes between the check and the upload is not sent under the
// name of the old content.
func TestInputChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(64, 48)))
	ticket, err := b.Prepare(t.Context(), b.request(t, "image_upscale", "image", "photo.png"))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(b.files["photo.png"].Data)
	changed[len(changed)/2] ^= 1
	b.put("photo.png", changed)
	_, err = b.Execute(t.Context(), ticket, ignore)
	if err == nil || !strings.Contains(err.Error(), "changed while it was being sent") {
		t.Errorf("error %v, want that the file changed", err)
	}
}

// A character's reference picture is read where the character was.
func TestReferencePicture(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.request(t, "image_upscale")
	req.Character = &registry.Character{
		ID: "milan", ReferenceImage: "faces/milan.png",
		FS: fstest.MapFS{"faces/milan.png": {Data: pngOf(t, scene(64, 48))}},
	}
	ticket, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(ticket.Inputs) != 1 || ticket.Inputs[0].File != "faces/milan.png" {
		t.Errorf("inputs %+v, want the reference picture", ticket.Inputs)
	}
}

// Two characters may call their pictures the same.
func TestReferencePicturesOfTwoCharacters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var reqs []run.Request
	for i, id := range []string{"milan", "vera"} {
		req := b.request(t, "image_upscale")
		req.Character = &registry.Character{
			ID: id, ReferenceImage: "face.png", FS: fstest.MapFS{"face.png": {Data: pngOf(t, scene(64+i, 48))}},
		}
		reqs = append(reqs, req)
	}
	tickets, err := b.PrepareAll(t.Context(), reqs)
	if err != nil {
		t.Fatal(err)
	}
	if tickets[0].Inputs[0].SHA256 == tickets[1].Inputs[0].SHA256 {
		t.Error("both got the picture of the first")
	}
}

// What is larger than the limit is refused, and not cut.
func TestTooLargeASound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := filepath.Join(t.TempDir(), "long.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(2<<30 + 1); err != nil {
		t.Skipf("no large files here: %v", err)
	}
	b.OpenInput = func(context.Context, string) (io.ReadCloser, error) { return os.Open(path) }
	b.reg = sounds(t)
	var input *run.InputError
	if _, err := b.Prepare(t.Context(), b.request(t, "sound", "voice", "long.wav")); !errors.As(err, &input) || input.Reason != "is larger than 2048 MiB" {
		t.Errorf("error %v", err)
	}
}

// What workflows cannot take as it is travels as an upright 8-bit PNG, and
// whatever is lost on the way is said.
func TestConvertedInputs(t *testing.T) {
	t.Parallel()
	deep := image.NewNRGBA64(image.Rect(0, 0, 40, 30))
	for i := range deep.Pix {
		deep.Pix[i] = 0xff
	}
	glass := scene(40, 30)
	glass.SetNRGBA(3, 4, color.NRGBA{200, 0, 0, 0})
	tests := []struct {
		name, workflow, param string
		data                  []byte
		converted             bool
		warning               string
	}{
		{"16 bits", "image_upscale", "image", pngOf(t, deep), true, "photo: 16 bits a channel were reduced to 8"},
		{"turned", "image_upscale", "image", turnedJPEG(t, 40, 30), true, ""},
		{"alpha that nobody reads", "image_upscale", "image", pngOf(t, glass), true, "photo: transparent parts were laid on white"},
		{"alpha that counts", "image_composite", "overlay", pngOf(t, glass), false, ""},
		{"plain", "image_upscale", "image", pngOf(t, scene(40, 30)), false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.put("photo", test.data)
			b.put("other.png", pngOf(t, scene(64, 48)))
			pairs := []string{test.param, "photo"}
			if test.workflow == "image_composite" {
				pairs = append(pairs, "image", "other.png")
			}
			ticket, err := b.Prepare(t.Context(), b.request(t, test.workflow, pairs...))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(test.data)
			i := slices.IndexFunc(ticket.Inputs, func(in run.Input) bool { return in.Parameter == test.param })
			if same := ticket.Inputs[i].SHA256 == hex.EncodeToString(sum[:]); same == test.converted {
				t.Errorf("sent as it is: %v, want %v", same, !test.converted)
			}
			warnings := strings.Join(ticket.Warnings, "\n")
			if !strings.HasPrefix(warnings, test.warning) || test.warning == "" && warnings != "" {
				t.Errorf("warnings %q, want %q", warnings, test.warning)
			}
		})
	}
}

// wav is a second of silence.
func wav() []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x40\x1f\x00\x00")
	b = append(b, bytes.Repeat([]byte{0x80}, 8000)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// Sound and video are not held in memory, and must be what they are called.
// sounds has a workflow that takes a sound.
func sounds(t *testing.T) *registry.Registry {
	t.Helper()
	reg, err := registry.Load(registry.Layer{Name: "test", File: "registry.json", FS: fstest.MapFS{
		"registry.json": {Data: []byte(`{"workflows": {"sound": {"id": "sound", "name": "Sound", "workflow_path": "sound.json",
			"configurable_params": {"voice": {"type": "audio", "required": true, "bind": "LoadAudio.audio"}}}}}`)},
		"sound.json": {Data: []byte(`{
			"1": {"class_type": "LoadAudio", "inputs": {"audio": "speech.wav"}},
			"2": {"class_type": "SaveAudio", "inputs": {"audio": ["1", 0], "filename_prefix": "x"}}}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func TestStreamedInput(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		data []byte
		want string // error; "" = none
	}{
		{"whole", wav(), ""},
		{"cut off", wav()[:4000], "voice speech is damaged: it is cut off"},
		{"picture", pngOf(t, scene(64, 48)), "voice speech is not a sound but a PNG image"},
		{"noise", []byte{0, 1, 2, 0xff, 0xfe, 3, 0, 0}, "voice speech is not a sound"},
		{"empty", []byte{}, "voice speech is empty"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.reg = sounds(t)
			b.put("speech", test.data)
			ticket, err := b.Prepare(t.Context(), b.request(t, "sound", "voice", "speech"))
			if test.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(test.data)
			if name, _ := ticket.Graph.Node("1").Inputs.Text("audio"); name != hex.EncodeToString(sum[:16])+".wav" {
				t.Errorf("the graph names %q, want the hash and .wav", name)
			}
		})
	}
}

func TestReadingInputsStops(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	endless := io.NopCloser(endlessReader{cancel})
	b.OpenInput = func(context.Context, string) (io.ReadCloser, error) { return endless, nil }
	if _, err := b.Prepare(ctx, b.request(t, "image_upscale", "image", "x.png")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// An endlessReader never ends; whoever reads it is cancelled.
type endlessReader struct{ stop func() }

func (r endlessReader) Read(p []byte) (int, error) {
	r.stop()
	return len(p), nil
}

// What several runs of a command have in common is read and encoded once, and
// kept as it is sent.
func TestInputsAreReadOncePerCommand(t *testing.T) {
	t.Parallel()
	for _, masked := range []bool{false, true} {
		b := newBench(t)
		b.put("photo.jpg", turnedJPEG(t, 96, 64))
		opened := 0
		b.OpenInput = func(_ context.Context, name string) (io.ReadCloser, error) {
			opened++
			return b.files.Open(name)
		}
		var reqs []run.Request
		for _, seed := range []string{"1", "2", "3"} {
			req := b.request(t, "qwen_single", "image", "photo.jpg", "prompt", "x", "seed", seed)
			if masked {
				req = b.request(t, "qwen_inpaint", "image", "photo.jpg", "prompt", "x", "seed", seed)
				req.Mask = &run.MaskSpec{Rects: []string{"10,10,20,20"}}
			}
			reqs = append(reqs, req)
		}
		tickets, err := b.PrepareAll(t.Context(), reqs)
		if err != nil {
			t.Fatal(err)
		}
		if opened != 1 {
			t.Errorf("masked %t: opened %d times", masked, opened)
		}
		for _, other := range tickets[1:] {
			if !slices.Equal(other.Inputs, tickets[0].Inputs) || !slices.Equal(other.Warnings, tickets[0].Warnings) {
				t.Errorf("masked %t: %+v %q, the first has %+v %q", masked, other.Inputs, other.Warnings, tickets[0].Inputs, tickets[0].Warnings)
			}
		}
	}
}
