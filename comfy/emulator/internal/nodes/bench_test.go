package nodes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// A shelf is the server's folders in memory.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte // "input/name"
	saved []string
}

func newShelf() *shelf { return &shelf{files: map[string][]byte{}} }

func (s *shelf) key(folder, name string) string {
	if plain, suffix, ok := strings.Cut(name, " ["); ok {
		return strings.TrimSuffix(suffix, "]") + "/" + plain
	}
	return folder + "/" + name
}

func (s *shelf) Open(folder, name string) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[s.key(folder, name)]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (s *shelf) Exists(folder, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.files[s.key(folder, name)]
	return ok
}

func (s *shelf) Save(folder, prefix, ext string, write func(io.Writer) error) (string, string, error) {
	var data bytes.Buffer
	if err := write(&data); err != nil {
		return "", "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fmt.Sprintf("%s_%05d_.%s", prefix, len(s.saved)+1, ext)
	s.files[folder+"/"+name] = data.Bytes()
	s.saved = append(s.saved, folder+"/"+name)
	return name, "", nil
}

// A bench runs single nodes and small graphs without a server.
type bench struct {
	t     *testing.T
	shelf *shelf
	graph string
	steps []int // what samplers reported
	look  bool  // previews are drawn
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{t: t, shelf: newShelf()}
}

type in map[string]any

func (b *bench) call(name string, inputs in) *Call {
	b.t.Helper()
	c := Lookup(name)
	if c == nil {
		b.t.Fatalf("no class %s", name)
	}
	return &Call{
		Node: "1", Class: c, Inputs: inputs, Files: b.shelf, Graph: json.RawMessage(b.graph), UI: map[string][]any{},
		Report: func(value, _ int, preview func() image.Image) {
			b.steps = append(b.steps, value)
			if b.look {
				preview()
			}
		},
	}
}

// run executes one node and returns its outputs.
func (b *bench) run(name string, inputs in) []any {
	b.t.Helper()
	out, err := b.fails(name, inputs)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	return out
}

func (b *bench) fails(name string, inputs in) ([]any, error) {
	b.t.Helper()
	c := b.call(name, inputs)
	out, err := c.Class.Run(b.t.Context(), c)
	if err == nil && len(out) != len(c.Class.Outputs) {
		b.t.Fatalf("%s returned %d outputs, declares %d", name, len(out), len(c.Class.Outputs))
	}
	return out, err
}

// image runs a node whose first output is a picture or mask.
func (b *bench) image(name string, inputs in) *raster.Raster {
	b.t.Helper()
	return b.run(name, inputs)[0].(*raster.Frames).At(0)
}

// graphOf executes a whole API graph in dependency order; changes replace inputs
// as "id.input". It returns what each node gave.
func (b *bench) graphOf(source []byte, changes map[string]any) map[string][]any {
	b.t.Helper()
	var nodes map[string]struct {
		Class  string         `json:"class_type"`
		Inputs map[string]any `json:"inputs"`
	}
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	if err := decoder.Decode(&nodes); err != nil {
		b.t.Fatal(err)
	}
	for at, v := range changes {
		id, name, _ := strings.Cut(at, ".")
		nodes[id].Inputs[name] = v
	}
	done := map[string][]any{}
	var visit func(id string) []any
	visit = func(id string) []any {
		if out, ok := done[id]; ok {
			return out
		}
		node := nodes[id]
		inputs := in{}
		for name, v := range node.Inputs {
			if link, ok := v.([]any); ok && len(link) == 2 {
				slot, err := strconv.Atoi(fmt.Sprint(link[1]))
				if err != nil {
					b.t.Fatal(err)
				}
				inputs[name] = visit(fmt.Sprint(link[0]))[slot]
				continue
			}
			inputs[name] = b.constant(node.Class, name, v)
		}
		done[id] = b.run(node.Class, inputs)
		return done[id]
	}
	for id := range nodes {
		visit(id)
	}
	return done
}

// constant coerces as the validation does.
func (b *bench) constant(className, name string, v any) any {
	b.t.Helper()
	c := Lookup(className)
	if c == nil {
		b.t.Fatalf("no class %s", className)
	}
	n, ok := v.(json.Number)
	if !ok {
		return v
	}
	if declared := c.input(name); declared != nil && declared.Type == "INT" {
		if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
			return i
		}
		u, err := strconv.ParseUint(n.String(), 10, 64)
		if err != nil {
			b.t.Fatal(err)
		}
		return u
	}
	f, err := n.Float64()
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

func pngOf(t *testing.T, r *raster.Raster) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := container.WritePNG(&data, r, nil); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// gradient is a picture in which every pixel differs from its neighbours.
func gradient(width, height, channels int) *raster.Raster {
	r := raster.New(width, height, channels)
	for y := range height {
		for x := range width {
			for k, p := 0, r.At(x, y); k < channels; k++ {
				p[k] = float32((x*7+y*13+k*51)%256) / 255
			}
		}
	}
	return r
}

func TestSamplerHonoursCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := b.call("KSampler", in{
		"model": &model{}, "positive": &conditioning{}, "negative": &conditioning{},
		"latent_image": &latent{width: 64, height: 64, count: 1}, "steps": int64(10),
	})
	c.Report = func(value, _ int, _ func() image.Image) {
		if value == 3 {
			cancel()
		}
	}
	if _, err := c.Class.Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
}
