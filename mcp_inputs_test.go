package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"runtime"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// aPicture is a small PNG.
func aPicture(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("workflows/examples/seal.png")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAgentGivesPictures(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	photo := aPicture(t)
	for _, dir := range []string{"root", "inputs", "secret"} {
		if err := os.MkdirAll(r.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.path(dir, "photo.png"), photo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(r.path("secret", "photo.png"), r.path("root", "link.png")); err != nil && runtime.GOOS != "windows" { // where it needs a right
		t.Fatal(err)
	}
	data := "data:image/png;base64," + base64.StdEncoding.EncodeToString(photo)
	for _, version := range sdk.SupportedProtocolVersions()[:2] {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
			a := r.start(agentOptions{roots: []string{r.path("root")}, version: version}, "--inputs", r.path("inputs"))
			first := a.made("qwen_upscale", map[string]any{"image": data})
			var res struct {
				Outputs []struct{ File string }
			}
			if err := json.Unmarshal(a.structured(), &res); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{
				"photo.png", r.path("root", "photo.png"), fileURI(r.path("root", "photo.png")), r.path("inputs", "photo.png"), link(t, first), res.Outputs[0].File,
			} {
				a.made("qwen_upscale", map[string]any{"image": name})
			}
			for _, name := range []string{
				r.path("secret", "photo.png"), "../secret/photo.png", "link.png", r.path("root", "..", "secret", "photo.png"), fileURI(r.path("secret", "photo.png")),
				"https://example.com/photo.png", "easel://outputs/nothing/1", "data:image/png;base64,aGVsbG8=", "-", "",
			} {
				res := a.call("qwen_upscale", map[string]any{"image": name})
				if !res.IsError || !strings.HasPrefix(said(res), "invalid_input: image ") {
					t.Errorf("%q: %s", name, said(res))
				}
			}
		})
	}
	t.Run("rootless", func(t *testing.T) {
		t.Parallel()
		r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
		a := r.start(agentOptions{rootless: true})
		res := a.call("qwen_upscale", map[string]any{"image": r.path("root", "photo.png")})
		if !res.IsError || !strings.Contains(said(res), "--inputs DIR") {
			t.Errorf("without roots: %s", said(res))
		}
		a.made("qwen_upscale", map[string]any{"image": data})
	})
}

func TestAgentStaysWithinItsArguments(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{})
	for _, name := range []string{"12.steps", "SaveImage.filename_prefix", "#Sampler.steps"} {
		res := a.call("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, name: "x"})
		if !res.IsError || !strings.Contains(said(res), "Parameter '"+name+"' not supported") {
			t.Errorf("%s: %s", name, said(res))
		}
	}
	photo := "data:image/png;base64," + base64.StdEncoding.EncodeToString(aPicture(t))
	res := a.call("qwen_inpaint", map[string]any{"prompt": "a hat", "image": photo})
	if !res.IsError || !strings.Contains(said(res), "- mask: ") {
		t.Errorf("without a mask: %s", said(res))
	}
	mask := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range mask.Pix {
		mask.Pix[i] = byte(255 * (i / 32 % 2))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, mask); err != nil {
		t.Fatal(err)
	}
	a.made("qwen_inpaint", map[string]any{"prompt": "a hat", "image": photo, "mask": "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())})
	if len(r.outcomes()) != 1 {
		t.Errorf("%d runs", len(r.outcomes()))
	}
}
