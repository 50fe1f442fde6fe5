package nodes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// realServer is a ComfyUI that the emulator's pixels are compared with.
type realServer struct {
	t    *testing.T
	base string
}

// fresh asks for an address whose server may be used, or skips.
func fresh(t *testing.T) *realServer {
	t.Helper()
	base := os.Getenv("EASEL_TEST_COMFYUI")
	if base == "" {
		t.Skip("EASEL_TEST_COMFYUI is not set: nothing to compare with")
	}
	return &realServer{t, strings.TrimSuffix(base, "/")}
}

func (s *realServer) upload(name string, data []byte) {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("image", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.WriteField("overwrite", "true")
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.post("/upload/image", form.FormDataContentType(), body.Bytes(), nil)
}

func (s *realServer) post(path, kind string, body []byte, into any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	s.do(request, into)
}

func (s *realServer) get(path string, into any) []byte {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(request, into)
}

func (s *realServer) do(request *http.Request, into any) []byte {
	s.t.Helper()
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reply.Body.Close()
	data, err := io.ReadAll(reply.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if reply.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s: %s", request.URL.Path, reply.Status, data)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			s.t.Fatal(err)
		}
	}
	return data
}

// version is what the server says of itself.
func (s *realServer) version() string {
	s.t.Helper()
	var stats struct {
		System struct {
			Version string `json:"comfyui_version"`
		}
	}
	s.get("/system_stats", &stats)
	return strings.Trim(stats.System.Version, "'")
}

// picture runs a graph that saves one picture under node "save" and loads it.
func (s *realServer) picture(graph map[string]any) *raster.Raster {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"prompt": graph})
	if err != nil {
		s.t.Fatal(err)
	}
	var accepted struct {
		ID string `json:"prompt_id"`
	}
	s.post("/prompt", "application/json", body, &accepted)
	var history map[string]struct {
		Status  struct{ Completed bool }
		Outputs map[string]struct {
			Images []struct{ Filename, Subfolder, Type string }
		}
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for history[accepted.ID].Outputs == nil {
		select {
		case <-s.t.Context().Done():
			s.t.Fatal("cancelled")
		case <-tick.C:
			s.get("/history/"+accepted.ID, &history)
		}
	}
	images := history[accepted.ID].Outputs["save"].Images
	if len(images) == 0 {
		s.t.Fatalf("the server made nothing: %+v", history)
	}
	query := url.Values{"filename": {images[0].Filename}, "subfolder": {images[0].Subfolder}, "type": {images[0].Type}}
	shelf := newShelf()
	shelf.files["input/x.png"] = s.get("/view?"+query.Encode(), nil)
	r, _, err := (&Call{Files: shelf}).readImage("x.png")
	if err != nil {
		s.t.Fatal(err)
	}
	return r.WithChannels(3)
}

// wash is a picture with smooth areas, hard edges and transparency.
func wash(width, height int) *raster.Raster {
	r := raster.New(width, height, 4)
	for y := range height {
		for x := range width {
			p := r.At(x, y)
			p[0], p[1], p[2] = float32(x)/float32(width), float32(y)/float32(height), float32((x*y)%97)/97
			p[3] = float32((x+2*y)%120) / 119
			if x > width/3 && x < width/2 && y > height/4 {
				p[0], p[1], p[2], p[3] = 0.9, 0.15, 0.1, 0
			}
		}
	}
	return r
}

// TestPixelsMatchServer runs the model-free nodes here and there.
func TestPixelsMatchServer(t *testing.T) {
	server := fresh(t)
	type node = map[string]any
	n := func(class string, inputs node) node { return node{"class_type": class, "inputs": inputs} }
	pic, mask := []any{"load", 0}, []any{"load", 1}
	tests := []struct {
		name   string
		node   node
		mask   bool    // the output is a mask
		slot   int     // of the output
		levels float64 // largest difference allowed
		mean   float64 // largest mean difference allowed; 0 = levels
		until  string  // the version whose result is another one; "" = none
	}{
		{name: "load", node: n("ImageCrop", node{"image": pic, "x": 0, "y": 0, "width": 999, "height": 999})},
		{name: "load mask", node: n("InvertMask", node{"mask": mask}), mask: true},
		{name: "mask red", node: n("LoadImageMask", node{"image": "easel-wash.png", "channel": "red"}), mask: true},
		{name: "invert", node: n("ImageInvert", node{"image": pic}), levels: 1},
		{name: "crop", node: n("ImageCrop", node{"image": pic, "x": 30, "y": 500, "width": 64, "height": 40})},
		{name: "pad", node: n("ImagePadForOutpaint", node{"image": pic, "left": 24, "top": 8, "right": 0, "bottom": 16, "feathering": 20})},
		{name: "pad mask", node: n("ImagePadForOutpaint", node{"image": pic, "left": 24, "top": 8, "right": 0, "bottom": 16, "feathering": 20}), mask: true, slot: 1, levels: 1},
		{name: "composite", node: n("ImageCompositeMasked", node{"destination": pic, "source": []any{"grey", 0}, "mask": mask, "x": 20, "y": 10, "resize_source": false}), levels: 1},
		{name: "composite resized", node: n("ImageCompositeMasked", node{"destination": pic, "source": []any{"grey", 0}, "mask": mask, "x": 0, "y": 0, "resize_source": true}), levels: 1},
		{name: "composite bare", node: n("ImageCompositeMasked", node{"destination": pic, "source": []any{"grey", 0}, "x": 150, "y": 100, "resize_source": false})},
		{name: "nearest", node: n("ImageScale", node{"image": pic, "upscale_method": "nearest-exact", "width": 311, "height": 97, "crop": "disabled"})},
		{name: "nearest up", node: n("ImageScaleBy", node{"image": pic, "upscale_method": "nearest-exact", "scale_by": 1.7})},
		{name: "bilinear", node: n("ImageScale", node{"image": pic, "upscale_method": "bilinear", "width": 300, "height": 201, "crop": "center"}), levels: 1},
		{name: "bilinear by side", node: n("ImageScale", node{"image": pic, "upscale_method": "bilinear", "width": 0, "height": 99, "crop": "disabled"}), levels: 1},
		{name: "area", node: n("ImageScaleBy", node{"image": pic, "upscale_method": "area", "scale_by": 0.37}), levels: 1},
		{name: "bicubic", node: n("ImageScaleBy", node{"image": pic, "upscale_method": "bicubic", "scale_by": 1.5}), levels: 1},
		{name: "lanczos down", node: n("ImageScaleBy", node{"image": pic, "upscale_method": "lanczos", "scale_by": 0.41}), levels: 2},
		{name: "lanczos up", node: n("ImageScaleToTotalPixels", node{"image": pic, "upscale_method": "lanczos", "megapixels": 0.1, "resolution_steps": 1}), levels: 2},
		{name: "largest", node: n("ImageScaleToMaxDimension", node{"image": pic, "upscale_method": "area", "largest_size": 77}), levels: 1},
		{name: "kontext", node: n("FluxKontextImageScale", node{"image": pic}), levels: 2},
		{name: "blur", node: n("ImageBlur", node{"image": pic, "blur_radius": 9, "sigma": 0.6}), levels: 1},
		{name: "sharpen", node: n("ImageSharpen", node{"image": pic, "sharpen_radius": 2, "sigma": 0.5, "alpha": 0.3}), levels: 2},
		{name: "blend", node: n("ImageBlend", node{"image1": pic, "image2": []any{"grey", 0}, "blend_factor": 0.4, "blend_mode": "soft_light"}), levels: 1},
		{name: "rotate", node: n("ImageRotate", node{"image": pic, "rotation": "90 degrees"})},
		{name: "rotate back", node: n("ImageRotate", node{"image": pic, "rotation": "270 degrees"})},
		{name: "flip x", node: n("ImageFlip", node{"image": pic, "flip_method": "x-axis: vertically"})},
		{name: "flip y", node: n("ImageFlip", node{"image": pic, "flip_method": "y-axis: horizontally"})},
		{name: "stitch", node: n("ImageStitch", node{"image1": pic, "image2": []any{"grey", 0}, "direction": "right", "match_image_size": true, "spacing_width": 6, "spacing_color": "red"})},
		{name: "stitch unmatched", node: n("ImageStitch", node{"image1": pic, "image2": []any{"grey", 0}, "direction": "up", "match_image_size": false, "spacing_width": 0, "spacing_color": "white"})},
		{name: "grow", node: n("GrowMask", node{"mask": mask, "expand": 5, "tapered_corners": true}), mask: true},
		{name: "grow square", node: n("GrowMask", node{"mask": mask, "expand": 3, "tapered_corners": false}), mask: true},
		{name: "shrink", node: n("GrowMask", node{"mask": mask, "expand": -4, "tapered_corners": true}), mask: true},
		{name: "feather", node: n("FeatherMask", node{"mask": mask, "left": 10, "top": 20, "right": 30, "bottom": 5}), mask: true, levels: 1, until: "0.22.0"},
		{name: "solid", node: n("SolidMask", node{"value": 0.4, "width": 33, "height": 21}), mask: true},
		{name: "crop mask", node: n("CropMask", node{"mask": mask, "x": 20, "y": 20, "width": 500, "height": 30}), mask: true},
		{name: "mask composite", node: n("MaskComposite", node{"destination": mask, "source": []any{"solid", 0}, "x": 30, "y": 20, "operation": "subtract"}), mask: true, levels: 1},
		{name: "mask xor", node: n("MaskComposite", node{"destination": mask, "source": []any{"solid", 0}, "x": 30, "y": 20, "operation": "xor"}), mask: true},
		{name: "threshold", node: n("ThresholdMask", node{"mask": mask, "value": 0.5}), mask: true},
		{name: "colour to mask", node: n("ImageColorToMask", node{"image": pic, "color": 0xe5261a}), mask: true},
		{name: "image to mask", node: n("ImageToMask", node{"image": pic, "channel": "green"}), mask: true},
		{name: "join alpha", node: n("JoinImageWithAlpha", node{"image": pic, "alpha": mask})},
		{name: "empty", node: n("EmptyImage", node{"width": 41, "height": 33, "batch_size": 1, "color": 0x336699})},
		{name: "batch", node: n("ImageBatch", node{"image1": []any{"grey", 0}, "image2": pic})},
		// Edges at the border of the picture differ.
		{name: "canny", node: n("Canny", node{"image": pic, "low_threshold": 0.3, "high_threshold": 0.6}), levels: 255, mean: 0.5},
	}
	version := server.version()
	source := pngOf(t, wash(190, 141))
	server.upload("easel-wash.png", source)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.until != "" && comfy.AtLeast(version, test.until) {
				t.Skipf("the emulator does as ComfyUI before %s", test.until)
			}
			server := &realServer{t, server.base}
			out := []any{"node", test.slot}
			graph := map[string]any{
				"load":  n("LoadImage", node{"image": "easel-wash.png"}),
				"grey":  n("EmptyImage", node{"width": 77, "height": 59, "batch_size": 1, "color": 0x3366cc}),
				"solid": n("SolidMask", node{"value": 0.6, "width": 50, "height": 70}),
				"node":  test.node,
			}
			if test.mask {
				graph["show"] = n("MaskToImage", node{"mask": out})
				out = []any{"show", 0}
			}
			graph["save"] = n("SaveImage", node{"images": out, "filename_prefix": "easel-test/pixels"})
			want := server.picture(graph)

			b := newBench(t)
			b.shelf.files["input/easel-wash.png"] = source
			encoded, err := json.Marshal(graph)
			if err != nil {
				t.Fatal(err)
			}
			b.graphOf(encoded, nil)
			got, _, err := (&Call{Files: asInput(b.shelf)}).readImage("x.png")
			if err != nil {
				t.Fatal(err)
			}
			difference(t, got.WithChannels(3), want, test.levels, test.mean)
		})
	}
}

// asInput makes the one saved file the input "x.png".
func asInput(s *shelf) *shelf {
	out := newShelf()
	out.files["input/x.png"] = s.files[s.saved[0]]
	return out
}

func difference(t *testing.T, got, want *raster.Raster, levels, mean float64) {
	t.Helper()
	if got.Width != want.Width || got.Height != want.Height {
		t.Fatalf("%dx%d, on the server %dx%d", got.Width, got.Height, want.Width, want.Height)
	}
	worst, sum, at := 0.0, 0.0, 0
	for i := range got.Pix {
		d := 255 * float64(got.Pix[i]-want.Pix[i])
		if d < 0 {
			d = -d
		}
		sum += d
		if d > worst {
			worst, at = d, i
		}
	}
	average := sum / float64(len(got.Pix))
	report := fmt.Sprintf("differs by %.1f levels at (%d,%d), %.3f on average", worst, at/3%got.Width, at/3/got.Width, average)
	if worst > levels+0.01 || mean > 0 && average > mean {
		t.Error(report)
	} else {
		t.Log(report)
	}
}
