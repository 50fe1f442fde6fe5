package emulator

import (
	"context"
)

func loaderClasses() []*class {
	return []*class{
		{
			name: "CheckpointLoaderSimple", display: "Load Checkpoint", category: "loaders", module: "nodes",
			required: []input{
				modelFile("ckpt_name", "checkpoints"),
			},
			outputs: []string{"MODEL", "CLIP", "VAE"},
			loads:   true,
			run:     runCheckpointLoaderSimple,
		},
		{
			name: "UNETLoader", display: "Load Diffusion Model", category: "advanced/loaders", module: "nodes",
			required: []input{
				modelFile("unet_name", "diffusion_models"),
				combo("weight_dtype", "default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"),
			},
			outputs: []string{"MODEL"},
			loads:   true,
			run:     runUNETLoader,
		},
		{
			name: "CLIPLoader", display: "Load CLIP", category: "advanced/loaders", module: "nodes",
			required: []input{
				modelFile("clip_name", "text_encoders"),
				combo("type", "stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos", "lumina2", "wan", "hidream", "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image",
					// Later servers:
					"flux2", "ovis", "longcat_image", "cogvideox", "lens", "pixeldit", "ideogram4", "boogu", "krea2", "joyimage", "mage", "minimax", "flux3"),
			},
			optional: []input{
				combo("device", "default", "cpu"),
			},
			outputs: []string{"CLIP"},
			loads:   true,
			run:     loadCLIP("clip_name"),
		},
		{
			name: "DualCLIPLoader", display: "DualCLIPLoader", category: "advanced/loaders", module: "nodes",
			required: []input{
				modelFile("clip_name1", "text_encoders"),
				modelFile("clip_name2", "text_encoders"),
				combo("type", "sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"),
			},
			optional: []input{
				combo("device", "default", "cpu"),
			},
			outputs: []string{"CLIP"},
			loads:   true,
			run:     loadCLIP("clip_name1", "clip_name2"),
		},
		{
			name: "VAELoader", display: "Load VAE", category: "loaders", module: "nodes",
			required: []input{
				modelFile("vae_name", "vae"),
			},
			outputs: []string{"VAE"},
			loads:   true,
			run:     loadVAE("vae_name"),
		},
		{
			name: "LoraLoader", display: "Load LoRA", category: "loaders", module: "nodes",
			required: []input{
				link("model", "MODEL"),
				link("clip", "CLIP"),
				modelFile("lora_name", "loras"),
				number("strength_model", 1, -100, 100, 0.01),
				number("strength_clip", 1, -100, 100, 0.01),
			},
			outputs: []string{"MODEL", "CLIP"},
			loads:   true,
			run:     runLoraLoader,
		},
		{
			name: "LoraLoaderModelOnly", display: "LoraLoaderModelOnly", category: "loaders", module: "nodes",
			required: []input{
				link("model", "MODEL"),
				modelFile("lora_name", "loras"),
				number("strength_model", 1, -100, 100, 0.01),
			},
			outputs: []string{"MODEL"},
			loads:   true,
			run:     runLoraLoaderModelOnly,
		},
		{
			name: "ControlNetLoader", display: "Load ControlNet Model", category: "loaders", module: "nodes",
			required: []input{
				modelFile("control_net_name", "controlnet"),
			},
			outputs: []string{"CONTROL_NET"},
			loads:   true,
			run:     loadPatch("control_net_name"),
		},
		{
			name: "UpscaleModelLoader", display: "Load Upscale Model", category: "loaders", module: "comfy_extras.nodes_upscale_model",
			required: []input{
				modelFile("model_name", "upscale_models"),
			},
			outputs: []string{"UPSCALE_MODEL"},
			loads:   true,
			run:     loadPatch("model_name"),
		},
		{
			name: "ModelPatchLoader", display: "ModelPatchLoader", category: "advanced/loaders", module: "comfy_extras.nodes_model_patch", experimental: true,
			required: []input{
				modelFile("name", "model_patches"),
			},
			outputs: []string{"MODEL_PATCH"},
			loads:   true,
			run:     loadPatch("name"),
		},
		{
			name: "CLIPVisionLoader", display: "Load CLIP Vision", category: "loaders", module: "nodes",
			required: []input{
				modelFile("clip_name", "clip_vision"),
			},
			outputs: []string{"CLIP_VISION"},
			loads:   true,
			run:     loadPatch("clip_name"),
		},
		{
			name: "LatentUpscaleModelLoader", display: "Load Latent Upscale Model", category: "loaders", module: "comfy_extras.nodes_hunyuan", v3: true,
			required: []input{
				modelFile("model_name", "latent_upscale_models"),
			},
			outputs: []string{"LATENT_UPSCALE_MODEL"},
			loads:   true,
			run:     loadPatch("model_name"),
		},
		{
			name: "LTXAVTextEncoderLoader", display: "LTXV Audio Text Encoder Loader", category: "advanced/loaders", module: "comfy_extras.nodes_lt_audio",
			required: []input{
				modelFile("text_encoder", "text_encoders"),
				modelFile("ckpt_name", "checkpoints"),
			},
			optional: []input{combo("device", "default", "cpu")}, // later servers
			outputs:  []string{"CLIP"},
			loads:    true,
			run:      loadCLIP("text_encoder"),
		},
		{
			name: "LTXVAudioVAELoader", display: "LTXV Audio VAE Loader", category: "audio", module: "comfy_extras.nodes_lt_audio",
			required: []input{
				modelFile("ckpt_name", "checkpoints"),
			},
			outputs:     []string{"VAE"},
			outputNames: []string{"Audio VAE"},
			loads:       true,
			run:         loadVAE("ckpt_name"),
		},
	}
}

func runCheckpointLoaderSimple(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	file := a.text("ckpt_name")
	return []any{&model{file: file}, &clip{}, &vae{file: file}}, a.err
}

func runUNETLoader(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	return []any{&model{file: a.text("unet_name")}}, a.err
}

func loadVAE(input string) func(context.Context, *call) ([]any, error) {
	return func(_ context.Context, c *call) ([]any, error) {
		a := c.args()
		return []any{&vae{file: a.text(input)}}, a.err
	}
}

// loadCLIP makes a text encoder. Its files do not change the picture: the same
// prompt means the same to every encoder here.
func loadCLIP(inputs ...string) func(context.Context, *call) ([]any, error) {
	return func(_ context.Context, c *call) ([]any, error) {
		a := c.args()
		for _, name := range inputs {
			a.text(name)
		}
		return []any{&clip{}}, a.err
	}
}

func loadPatch(input string) func(context.Context, *call) ([]any, error) {
	return func(_ context.Context, c *call) ([]any, error) {
		a := c.args()
		return []any{&modelPatch{file: a.text(input)}}, a.err
	}
}

func runLoraLoader(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	m, k := a.model("model"), given[*clip](a, "clip")
	file, onModel, onClip := a.text("lora_name"), a.float("strength_model"), a.float("strength_clip")
	if a.err != nil {
		return nil, a.err
	}
	if onModel != 0 {
		m = m.patched("lora %s %.3f", file, onModel)
	}
	if onClip != 0 {
		k = k.patched("lora %s %.3f", file, onClip)
	}
	return []any{m, k}, nil
}

func runLoraLoaderModelOnly(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	m, file, strength := a.model("model"), a.text("lora_name"), a.float("strength_model")
	if a.err != nil {
		return nil, a.err
	}
	if strength != 0 { // a strength of zero changes nothing, as on the server
		m = m.patched("lora %s %.3f", file, strength)
	}
	return []any{m}, nil
}
