package registry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// The graphs of these tests are the official forms in short notation: a line
// per node, "id Class input=value ...", where @a.n is output n of node a.

const qwenImage = `
37 UNETLoader unet_name="qwen.safetensors" weight_dtype="default"
38 CLIPLoader clip_name="qwen_vl.safetensors" type="qwen_image"
39 VAELoader vae_name="qwen_vae.safetensors"
40 LoraLoaderModelOnly model=@37.0 lora_name="" strength_model=1
66 ModelSamplingAuraFlow model=@40.0 shift=3.1
10 LoadImage image="example.png"
12 VAEEncode pixels=@10.0 vae=@39.0
6 CLIPTextEncode clip=@38.0 text=""
7 CLIPTextEncode clip=@38.0 text="ugly"
3 KSampler model=@66.0 positive=@6.0 negative=@7.0 latent_image=@12.0 seed=18446744073709551615 steps=20 cfg=2.5 sampler_name="euler" scheduler="simple" denoise=1.0
8 VAEDecode samples=@3.0 vae=@39.0
60 SaveImage images=@8.0 filename_prefix="x"`

const fluxCheckpoint = `
30 CheckpointLoaderSimple ckpt_name="flux1-dev-fp8.safetensors"
6 CLIPTextEncode clip=@30.1 text="a fox"
33 CLIPTextEncode clip=@30.1 text=""
35 FluxGuidance conditioning=@6.0 guidance=3.5
27 EmptySD3LatentImage width=1024 height=768 batch_size=1
31 KSampler model=@30.0 positive=@35.0 negative=@33.0 latent_image=@27.0 seed=1 steps=20 cfg=1.0 sampler_name="euler" scheduler="simple" denoise=1.0
8 VAEDecode samples=@31.0 vae=@30.2
9 SaveImage images=@8.0 filename_prefix="x"`

const fluxCustom = `
12 UNETLoader unet_name="flux1-dev.safetensors" weight_dtype="default"
11 DualCLIPLoader clip_name1="t5" clip_name2="clip_l" type="flux"
10 VAELoader vae_name="ae.safetensors"
6 CLIPTextEncodeFlux clip=@11.0 clip_l="a fox" t5xxl="a fox" guidance=3.5
27 EmptySD3LatentImage width=1024 height=1024 batch_size=1
30 ModelSamplingFlux model=@12.0 max_shift=1.15 base_shift=0.5 width=1024 height=1024
22 BasicGuider model=@30.0 conditioning=@6.0
25 RandomNoise noise_seed=5
16 KSamplerSelect sampler_name="euler"
17 BasicScheduler model=@30.0 scheduler="simple" steps=20 denoise=1.0
13 SamplerCustomAdvanced noise=@25.0 guider=@22.0 sampler=@16.0 sigmas=@17.0 latent_image=@27.0
8 VAEDecode samples=@13.0 vae=@10.0
9 SaveImage images=@8.0 filename_prefix="x"`

const fluxFill = `
31 UNETLoader unet_name="flux1-fill-dev.safetensors" weight_dtype="default"
34 DualCLIPLoader clip_name1="a" clip_name2="b" type="flux"
32 VAELoader vae_name="ae.safetensors"
39 DifferentialDiffusion model=@31.0
17 LoadImage image="cat.png"
23 CLIPTextEncode clip=@34.0 text="a hat"
7 CLIPTextEncode clip=@34.0 text=""
26 FluxGuidance conditioning=@23.0 guidance=30.0
38 InpaintModelConditioning positive=@26.0 negative=@7.0 vae=@32.0 pixels=@17.0 mask=@17.1 noise_mask=false
3 KSampler model=@39.0 positive=@38.0 negative=@38.1 latent_image=@38.2 seed=1 steps=20 cfg=1.0 sampler_name="euler" scheduler="normal" denoise=1.0
8 VAEDecode samples=@3.0 vae=@32.0
9 SaveImage images=@8.0 filename_prefix="x"`

const kontext = `
37 UNETLoader unet_name="kontext.safetensors" weight_dtype="default"
38 DualCLIPLoader clip_name1="a" clip_name2="b" type="flux"
39 VAELoader vae_name="ae.safetensors"
142 LoadImage image="doll.webp"
42 FluxKontextImageScale image=@142.0
124 VAEEncode pixels=@42.0 vae=@39.0
6 CLIPTextEncode clip=@38.0 text="make it red"
177 ReferenceLatent conditioning=@6.0 latent=@124.0
35 FluxGuidance conditioning=@177.0 guidance=2.5
135 ConditioningZeroOut conditioning=@6.0
31 KSampler model=@37.0 positive=@35.0 negative=@135.0 latent_image=@124.0 seed=1 steps=20 cfg=1.0 sampler_name="euler" scheduler="simple" denoise=1.0
8 VAEDecode samples=@31.0 vae=@39.0
136 SaveImage images=@8.0 filename_prefix="x"`

const qwenEdit = `
127 UNETLoader unet_name="edit.safetensors" weight_dtype="default"
126 CLIPLoader clip_name="vl" type="qwen_image"
125 VAELoader vae_name="vae"
140 LoraLoaderModelOnly model=@127.0 lora_name="Qwen-Image-Edit-2509-Lightning-4steps-V1.0-bf16.safetensors" strength_model=1
131 ModelSamplingAuraFlow model=@140.0 shift=3
124 CFGNorm model=@131.0 strength=1
78 LoadImage image="one.png"
79 LoadImage image="two.png"
143 ImageScaleToTotalPixels image=@78.0 upscale_method="lanczos" megapixels=1.0
132 TextEncodeQwenImageEditPlus clip=@126.0 vae=@125.0 image1=@143.0 image2=@79.0 prompt="swap them"
128 TextEncodeQwenImageEditPlus clip=@126.0 vae=@125.0 image1=@143.0 image2=@79.0 prompt=""
133 FluxKontextMultiReferenceLatentMethod conditioning=@132.0 reference_latents_method="index"
142 VAEEncode pixels=@143.0 vae=@125.0
137 KSampler model=@124.0 positive=@133.0 negative=@128.0 latent_image=@142.0 seed=1 steps=4 cfg=1.0 sampler_name="euler" scheduler="simple" denoise=1.0
138 VAEDecode samples=@137.0 vae=@125.0
60 SaveImage images=@138.0 filename_prefix="x"`

const sdxlRefiner = `
4 CheckpointLoaderSimple ckpt_name="base.safetensors"
12 CheckpointLoaderSimple ckpt_name="refiner.safetensors"
6 CLIPTextEncode clip=@4.1 text="a fox"
7 CLIPTextEncode clip=@4.1 text="ugly"
15 CLIPTextEncode clip=@12.1 text="a fox"
16 CLIPTextEncode clip=@12.1 text="ugly"
5 EmptyLatentImage width=1024 height=1024 batch_size=1
10 KSamplerAdvanced model=@4.0 positive=@6.0 negative=@7.0 latent_image=@5.0 add_noise="enable" noise_seed=1 steps=25 cfg=8.0 sampler_name="euler" scheduler="normal" start_at_step=0 end_at_step=20 return_with_leftover_noise="enable"
11 KSamplerAdvanced model=@12.0 positive=@15.0 negative=@16.0 latent_image=@10.0 add_noise="disable" noise_seed=0 steps=25 cfg=8.0 sampler_name="euler" scheduler="normal" start_at_step=20 end_at_step=10000 return_with_leftover_noise="disable"
17 VAEDecode samples=@11.0 vae=@12.2
19 SaveImage images=@17.0 filename_prefix="x"`

const hiresFix = `
4 CheckpointLoaderSimple ckpt_name="sd15.safetensors"
6 CLIPTextEncode clip=@4.1 text="a fox"
7 CLIPTextEncode clip=@4.1 text="ugly"
5 EmptyLatentImage width=768 height=512 batch_size=1
3 KSampler model=@4.0 positive=@6.0 negative=@7.0 latent_image=@5.0 seed=1 steps=12 cfg=8.0 sampler_name="dpmpp_sde" scheduler="normal" denoise=1.0
10 LatentUpscale samples=@3.0 upscale_method="nearest-exact" width=1152 height=768 crop="disabled"
11 KSampler model=@4.0 positive=@6.0 negative=@7.0 latent_image=@10.0 seed=2 steps=14 cfg=8.0 sampler_name="dpmpp_2m" scheduler="simple" denoise=0.5
12 VAEDecode samples=@11.0 vae=@4.2
13 SaveImage images=@12.0 filename_prefix="x"`

// depthFirst reads depth by a sampler without noise before it paints.
const depthFirst = `
87 UNETLoader unet_name="lotus-depth-d-v1-1.safetensors" weight_dtype="default"
89 VAELoader vae_name="vae-ft-mse.safetensors"
17 LoadImage image="photo.png"
97 VAEEncode pixels=@17.0 vae=@89.0
96 LotusConditioning
94 BasicGuider model=@87.0 conditioning=@96.0
93 DisableNoise
95 BasicScheduler model=@87.0 scheduler="normal" steps=1 denoise=1.0
100 KSamplerSelect sampler_name="euler"
92 SamplerCustomAdvanced noise=@93.0 guider=@94.0 sampler=@100.0 sigmas=@95.0 latent_image=@97.0
98 VAEDecode samples=@92.0 vae=@89.0
4 CheckpointLoaderSimple ckpt_name="sd15.safetensors"
76 VAEEncode pixels=@98.0 vae=@4.2
6 CLIPTextEncode clip=@4.1 text="a fox"
7 CLIPTextEncode clip=@4.1 text="ugly"
3 KSampler model=@4.0 positive=@6.0 negative=@7.0 latent_image=@76.0 seed=1 steps=20 cfg=8.0 sampler_name="euler" scheduler="normal" denoise=1.0
8 VAEDecode samples=@3.0 vae=@4.2
9 SaveImage images=@8.0 filename_prefix="x"`

const wanVideo = `
37 UNETLoader unet_name="wan_high.safetensors" weight_dtype="default"
38 CLIPLoader clip_name="umt5" type="wan"
39 VAELoader vae_name="wan"
52 LoadImage image="start.png"
6 CLIPTextEncode clip=@38.0 text="she waves"
7 CLIPTextEncode clip=@38.0 text="blur"
50 WanImageToVideo positive=@6.0 negative=@7.0 vae=@39.0 start_image=@52.0 width=832 height=480 length=81 batch_size=1
3 KSampler model=@37.0 positive=@50.0 negative=@50.1 latent_image=@50.2 seed=1 steps=20 cfg=6.0 sampler_name="uni_pc" scheduler="simple" denoise=1.0
8 VAEDecode samples=@3.0 vae=@39.0
28 SaveAnimatedWEBP images=@8.0 filename_prefix="x" fps=16`

const primitives = `
1 PrimitiveString value="from a box"
2 PrimitiveInt value=7
4 CheckpointLoaderSimple ckpt_name="sd15.safetensors"
6 CLIPTextEncode clip=@4.1 text=@1.0
7 ConditioningZeroOut conditioning=@6.0
5 EmptyLatentImage width=512 height=512 batch_size=1
3 KSampler model=@4.0 positive=@6.0 negative=@7.0 latent_image=@5.0 seed=@2.0 steps=12 cfg=8.0 sampler_name="euler" scheduler="normal" denoise=1.0
8 VAEDecode samples=@3.0 vae=@4.2
9 SaveImage images=@8.0 filename_prefix="x"`

const maskFile = `
4 CheckpointLoaderSimple ckpt_name="inpainting.safetensors"
6 CLIPTextEncode clip=@4.1 text="a"
7 CLIPTextEncode clip=@4.1 text="b"
20 LoadImage image="photo.png"
21 LoadImageMask image="mask.png" channel="red"
22 VAEEncodeForInpaint pixels=@20.0 vae=@4.2 mask=@21.0 grow_mask_by=6
3 KSampler model=@4.0 positive=@6.0 negative=@7.0 latent_image=@22.0 seed=1 steps=12 cfg=8.0 sampler_name="euler" scheduler="normal" denoise=1.0
8 VAEDecode samples=@3.0 vae=@4.2
9 SaveImage images=@8.0 filename_prefix="x"`

const upscaleModel = `
10 LoadImage image="in.png"
13 UpscaleModelLoader model_name="RealESRGAN_x4plus.safetensors"
14 ImageUpscaleWithModel upscale_model=@13.0 image=@10.0
15 ImageScaleBy image=@14.0 upscale_method="lanczos" scale_by=0.5
9 SaveImage images=@15.0 filename_prefix="x"`

// graphJSON writes a graph of the short notation as the API format. A title
// stands after the class: "3 KSampler:Refiner".
func graphJSON(t testing.TB, short string) []byte {
	t.Helper()
	g := comfy.NewGraph()
	for line := range strings.Lines(strings.TrimSpace(short)) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		class, rest, _ := strings.Cut(rest, " ")
		class, title, _ := strings.Cut(class, ":")
		n := &comfy.Node{Class: class, Title: title}
		for rest != "" {
			name, after, ok := strings.Cut(rest, "=")
			if !ok {
				t.Fatalf("%s: no = in %q", line, rest)
			}
			var v string
			if strings.HasPrefix(after, `"`) {
				end := strings.Index(after[1:], `"`) + 2
				v, rest = after[:end], strings.TrimSpace(after[end:])
			} else {
				v, rest, _ = strings.Cut(after, " ")
				if link, ok := strings.CutPrefix(v, "@"); ok {
					from, slot, _ := strings.Cut(link, ".")
					v = `["` + from + `",` + slot + `]`
				}
			}
			n.Inputs.Set(name, json.RawMessage(v))
		}
		g.Set(id, n)
	}
	data, err := g.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// oneWorkflow loads a registry with one entry "w" on a graph.
func oneWorkflow(t testing.TB, graph, entry string) *registry.Workflow {
	t.Helper()
	r := loadEntry(t, graph, entry)
	w, err := r.Workflow("w")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func loadEntry(t testing.TB, graph, entry string) *registry.Registry {
	t.Helper()
	r, err := registry.Load(registry.Layer{
		Name: "project", Display: "registry.json", File: "registry.json",
		FS: fstest.MapFS{
			"registry.json": {Data: []byte(`{"workflows":{"w":{"id":"w","workflow_path":"g.json",` + entry + `}}}`)},
			"g.json":        {Data: graphJSON(t, graph)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// byRoles is a workflow that declares nothing: all it has is found by role.
func byRoles(t *testing.T, graph []byte) *registry.Workflow {
	t.Helper()
	r, err := registry.Load(registry.Layer{
		Name: "project", Display: "registry.json", File: "registry.json",
		FS: fstest.MapFS{
			"registry.json": {Data: []byte(`{"workflows":{"w":{"workflow_path":"g.json"}}}`)},
			"g.json":        {Data: graph},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.Workflows()[0]
}
