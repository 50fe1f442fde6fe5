package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
)

// landings writes a workflow's parameters as "name:type -> targets".
func landings(t *testing.T, w *registry.Workflow) []string {
	t.Helper()
	params, err := w.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range params {
		var to []string
		for _, target := range p.Targets {
			to = append(to, target.String())
		}
		if p.ViaAlpha {
			to = append(to, "alpha of the image")
		}
		if p.Channel != "" {
			to = append(to, "channel "+p.Channel)
		}
		lines = append(lines, fmt.Sprintf("%s:%s %s", p.Name, p.TypeName(), strings.Join(to, " ")))
	}
	return lines
}

func TestStandardInputsByRole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, graph string
		want        []string
	}{
		{"qwen image to image", qwenImage, []string{
			"prompt:text 6.text", "negative:text 7.text", "seed:seed 3.seed", "image:image 10.image",
			"lora:list<model> 40.lora_name", "lora_strength:float 40.strength_model",
		}},
		{"flux checkpoint", fluxCheckpoint, []string{
			"prompt:text 6.text", "negative:text 33.text", "seed:seed 31.seed",
			"lora:list<model> ", "lora_strength:float ", "width:int 27.width", "height:int 27.height",
		}},
		{"flux custom sampler", fluxCustom, []string{
			"prompt:text 6.clip_l 6.t5xxl", "seed:seed 25.noise_seed",
			"lora:list<model> ", "lora_strength:float ",
			"width:int 27.width 30.width", "height:int 27.height 30.height",
		}},
		{"flux fill takes its mask from the alpha", fluxFill, []string{
			"prompt:text 23.text", "negative:text 7.text", "seed:seed 3.seed", "image:image 17.image",
			"mask:mask alpha of the image", "lora:list<model> ", "lora_strength:float ",
		}},
		{"kontext's zeroed negative is none", kontext, []string{
			"prompt:text 6.text", "seed:seed 31.seed", "image:image 142.image", "lora:list<model> ", "lora_strength:float ",
		}},
		{"qwen edit keeps its speed LoRA and edits the picture of the latent", qwenEdit, []string{
			"prompt:text 132.prompt", "negative:text 128.prompt", "seed:seed 137.seed", "image:image 78.image",
			"lora:list<model> ", "lora_strength:float ",
		}},
		{"sdxl refiner repeats the texts, keeps its seed", sdxlRefiner, []string{
			"prompt:text 6.text 15.text", "negative:text 7.text 16.text", "seed:seed 10.noise_seed",
			"lora:list<model> ", "lora_strength:float ", "width:int 5.width", "height:int 5.height",
		}},
		{"hires fix", hiresFix, []string{
			"prompt:text 6.text", "negative:text 7.text", "seed:seed 3.seed",
			"lora:list<model> ", "lora_strength:float ", "width:int 5.width", "height:int 5.height",
		}},
		{"a sampler without noise reads depth", depthFirst, []string{
			"prompt:text 6.text", "negative:text 7.text", "seed:seed 3.seed", "image:image 17.image",
			"lora:list<model> ", "lora_strength:float ",
		}},
		{"image to video", wanVideo, []string{
			"prompt:text 6.text", "negative:text 7.text", "seed:seed 3.seed", "image:image 52.image",
			"lora:list<model> ", "lora_strength:float ", "width:int 50.width", "height:int 50.height",
		}},
		{"values kept in primitive nodes", primitives, []string{
			"prompt:text 1.value", "seed:seed 2.value",
			"lora:list<model> ", "lora_strength:float ", "width:int 5.width", "height:int 5.height",
		}},
		{"mask with a loader", maskFile, []string{
			"prompt:text 6.text", "negative:text 7.text", "seed:seed 3.seed", "image:image 20.image",
			"mask:mask 21.image channel red", "lora:list<model> ", "lora_strength:float ",
		}},
		{"no sampler", upscaleModel, []string{"image:image 10.image"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := oneWorkflow(t, tt.graph, `"name":"x"`)
			if diff := cmp.Diff(tt.want, landings(t, w)); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDeclaredWithoutBinding asks where the usual names land.
func TestDeclaredWithoutBinding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		graph, name, typ, want string // want "" = a problem
	}{
		{qwenImage, "steps", "int", "3.steps"},
		{qwenImage, "cfg", "float", "3.cfg"},
		{qwenImage, "cfg_scale", "float", "3.cfg"},
		{qwenImage, "denoise", "float", "3.denoise"},
		{qwenImage, "strength", "float", "3.denoise"},
		{qwenImage, "sampler_name", "string", "3.sampler_name"},
		{qwenImage, "lora_strength", "float", "40.strength_model"},
		{qwenImage, "seed", "int", "3.seed"},
		{qwenImage, "vae", "string", "39.vae_name"},
		{qwenImage, "unet_name", "string", "37.unet_name"},
		{qwenImage, "shift", "float", "66.shift"},
		{qwenImage, "input_image", "image", "10.image"},
		{qwenImage, "negative_prompt", "text", "7.text"},
		{qwenImage, "width", "int", ""},
		{qwenImage, "nonsense", "int", ""},
		{fluxCheckpoint, "guidance", "float", "35.guidance"},
		{fluxCheckpoint, "cfg", "float", "31.cfg"},
		{fluxCheckpoint, "checkpoint", "string", "30.ckpt_name"},
		{fluxCheckpoint, "model", "string", "30.ckpt_name"},
		{fluxCheckpoint, "batch_size", "int", "27.batch_size"},
		{fluxCheckpoint, "size", "size", "27.width 27.height"},
		{fluxCheckpoint, "text", "text", ""}, // two encoders
		{fluxCustom, "steps", "int", "17.steps"},
		{fluxCustom, "denoise", "float", "17.denoise"},
		{fluxCustom, "sampler", "string", "16.sampler_name"},
		{fluxCustom, "guidance", "float", "6.guidance"},
		{fluxCustom, "noise_seed", "int", "25.noise_seed"},
		{sdxlRefiner, "steps", "int", "10.steps 11.steps"},
		{hiresFix, "steps", "int", "3.steps"},
		{depthFirst, "steps", "int", "3.steps"},
		{depthFirst, "checkpoint", "string", "4.ckpt_name"},
		{upscaleModel, "scale", "float", "15.scale_by"},
		{upscaleModel, "upscale_model", "string", "13.model_name"},
		{qwenEdit, "image2", "image", "79.image"},
		{qwenEdit, "megapixels", "float", "143.megapixels"},
		{wanVideo, "length", "int", "50.length"},
	} {
		t.Run(tt.name+" "+tt.want, func(t *testing.T) {
			t.Parallel()
			w := oneWorkflow(t, tt.graph, fmt.Sprintf(`"configurable_params":{%q:{"type":%q}}`, tt.name, tt.typ))
			p := w.Parameter(tt.name)
			var got []string
			for _, target := range p.Targets {
				got = append(got, target.String())
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("lands (-want +got):\n%s", diff)
			}
			if dead := len(w.Check()) > 0; dead != (tt.want == "") {
				t.Errorf("Check: %v", w.Check())
			}
		})
	}
}

func TestIntOnSeedInputIsSeed(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, `"configurable_params":{"start":{"type":"int","bind":"KSampler.seed"}}`)
	p := w.Parameter("start")
	if p.Type != registry.TypeSeed || p.Role != registry.RoleSeed {
		t.Errorf("type %s, role %q", p.Type, p.Role)
	}
	if got := w.Parameter("seed"); got != p {
		t.Errorf("the standard seed is %+v and not the declared one", got)
	}
}
