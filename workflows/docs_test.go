package workflows_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
)

var update = flag.Bool("update", false, "write docs/workflows.md anew")

// A page is what the template of docs/workflows.md is filled with.
type page struct {
	Workflows  []section
	Characters []*registry.Character
}

type section struct {
	ID, Name, Description, Category, Family string
	Note, Command, Version, Total, Template string
	Params                                  []row
	Models                                  []registry.Model
}

type row struct {
	Flag, Type, Range, Default, Description string
	Required                                bool
}

// notes say what the registry has no key for.
func notes() map[string]string {
	return map[string]string{
		"qwen_single": "The picture is scaled to 1.68 megapixels first, the size that Qwen-Image is made for. The LoRA loader is part of the graph only when a character or `--lora` names a file.",
		"qwen_batch":  "Give up to ten pictures, `--image a.png --image b.png ...`: each is a run of its own with the same settings.",
		"qwen_inpaint": "The graph masks the noise of the plain Qwen-Image model. Two newer forms exist, with an inpainting ControlNet and with a model patch; this one " +
			"needs no further model and runs on the oldest server. Of a large picture the model gets what is around the mask, at its own size.",
		"qwen_upscale":    "The result has exactly the factor that you give, whether the upscale model makes twice or four times the size.",
		"qwen_edit":       "Without `--image2` and `--image3` their loaders are left out of the graph.",
		"flux_single":     "One checkpoint file holds model, text encoders and VAE, which is the form that most installations have. FLUX.1 dev takes no negative prompt.",
		"flux3_text":      "This is the distilled model. The undistilled one, `flux3-image-klein-base-int8-convrot.safetensors`, wants 50 steps and a prompt strength of 3.5. Sizes of model and text encoder are estimates from their number of parameters.",
		"flux3_edit":      "Sizes of model and text encoder are estimates from their number of parameters.",
		"image_composite": "Works on any installation. `--image overlay=FILE` gives the picture on top.",
		"minimax_video":   "The length is rounded up to the model's blocks of 17 pictures.",
		"ltx_video":       "Width and height come from the picture's shape and the working size.",
		"wan_video":       "A LoRA or a character changes the model of the first half of the steps only.",
	}
}

// templates name the official example that a graph follows, of
// comfyui-workflow-templates-json 0.1.123. The others are put together from
// parts of them.
func templates() map[string]string {
	return map[string]string{
		"qwen_text":     "image_qwen_image",
		"qwen_edit":     "image_qwen_image_edit_2509",
		"flux_inpaint":  "flux_fill_inpaint_example",
		"flux_edit":     "flux_kontext_dev_basic",
		"zimage_text":   "image_z_image_turbo",
		"krea_text":     "image_krea2_turbo_t2i",
		"qwen21_text":   "image_qwen_image_2_1_t2i",
		"qwen21_edit":   "image_qwen_image_2_1_image_edit",
		"flux3_text":    "image_flux3_klein_distilled_t2i",
		"flux3_edit":    "image_flux3_klein_distilled_image_edit",
		"minimax_video": "video_minimax_h3_i2v",
		"ltx_video":     "video_ltx2_3_i2v",
		"wan_video":     "video_wan2_2_14B_i2v",
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	r := load(t)
	p := page{Characters: r.Characters()}
	for _, w := range r.Workflows() {
		p.Workflows = append(p.Workflows, describe(t, w))
	}
	tmpl, err := template.ParseFiles("testdata/workflows.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, p); err != nil {
		t.Fatal(err)
	}
	got := bytes.TrimSpace(b.Bytes())
	for bytes.Contains(got, []byte("\n\n\n")) {
		got = bytes.ReplaceAll(got, []byte("\n\n\n"), []byte("\n\n"))
	}
	got = append(got, '\n')
	file := filepath.Join("..", "docs", "workflows.md")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/workflows.md is out of date; run with -update (-file +registry):\n%s", diff)
	}
	for _, ids := range []map[string]string{notes(), templates()} {
		for id := range ids {
			if _, err := r.Workflow(id); err != nil {
				t.Errorf("something is said about %s, which does not exist", id)
			}
		}
	}
}

func describe(t *testing.T, w *registry.Workflow) section {
	t.Helper()
	s := section{
		ID: w.ID, Name: w.Name, Description: w.Description, Category: w.Category, Family: w.ModelFamily,
		Note: notes()[w.ID], Template: templates()[w.ID], Command: command(t, w), Version: "any", Total: "-", Models: w.Models,
	}
	if w.MinVersion != "" {
		s.Version = w.MinVersion
	}
	total := 0.0
	for _, m := range w.Models {
		total += m.SizeGB
	}
	if total > 0 {
		s.Total = strconv.FormatFloat(total, 'f', 1, 64) + " GB"
	}
	params, err := w.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range params {
		s.Params = append(s.Params, describeParam(p))
	}
	return s
}

func describeParam(p *registry.Parameter) row {
	r := row{
		Flag: flagName(p.Name), Type: p.TypeName(), Range: p.Allowed(), Default: string(p.Default),
		Description: strings.ReplaceAll(p.Description, "<", `\<`), Required: p.Required,
	}
	switch {
	case p.ChoicesFrom != "":
		r.Range = "the server's list"
	case p.Type == registry.TypeModel:
		r.Range = "`" + p.Folder + "`"
	case p.Type == registry.TypeSeed && (p.Max == "" || p.Max == "18446744073709551615"):
		r.Range = string(p.Min) + " to 2^64-1"
	}
	if p.Unit != "" && r.Range != "" {
		r.Range += " " + p.Unit
	}
	if step := p.SizeStep(); step != "" && r.Range != "" {
		r.Range += " in steps of " + step
	}
	if len(p.Default) > 0 {
		r.Default = "`" + r.Default + "`"
	}
	return r
}

func flagName(name string) string { return "--" + strings.ReplaceAll(name, "_", "-") }

// command is the example as one types it.
func command(t *testing.T, w *registry.Workflow) string {
	t.Helper()
	e := exampleOf(t, w)
	words := []string{"easel generate", w.ID}
	file := func(flag, name, prefix string) {
		if name != "" {
			words = append(words, flag, prefix+"workflows/examples/"+name)
		}
	}
	if e.Prompt != "" {
		words = append(words, "'"+strings.ReplaceAll(e.Prompt, "'", `'\''`)+"'")
	}
	if e.CharacterID != "" {
		words = append(words, "--character", e.CharacterID)
	}
	file("--image", e.InputImage, "")
	for _, name := range e.InputImages {
		file("--image", name, "")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Inputs)) {
		file("--image", e.Inputs[name], name+"=")
	}
	file("--mask", e.Mask, "")
	for _, p := range w.Params {
		if v, ok := e.Params[p.Name]; ok {
			words = append(words, fmt.Sprintf("%s=%s", flagName(p.Name), plain(v)))
		}
	}
	return strings.Join(words, " ")
}

// plain is a value as a flag takes it.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
