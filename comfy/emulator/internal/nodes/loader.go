package nodes

import (
	"context"
)

func loaderClasses() []*Class {
	return []*Class{
		{
			Name: "CheckpointLoaderSimple", Display: "Load Checkpoint", Category: "loaders", Module: "nodes",
			Required: []Input{
				modelFile("ckpt_name", "checkpoints"),
			},
			Outputs: []string{"MODEL", "CLIP", "VAE"},
			Loads:   true,
			Run:     runCheckpointLoaderSimple,
		},
		{
			Name: "UNETLoader", Display: "Load Diffusion Model", Category: "advanced/loaders", Module: "nodes",
			Required: []Input{
				modelFile("unet_name", "diffusion_models"),
				combo("weight_dtype", "default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"),
			},
			Outputs: []string{"MODEL"},
			Loads:   true,
			Run:     runUNETLoader,
		},
		{
			Name: "CLIPLoader", Display: "Load CLIP", Category: "advanced/loaders", Module: "nodes",
			Required: []Input{
				modelFile("clip_name", "text_encoders"),
				combo("type", "stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos", "lumina2", "wan", "hidream", "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image",
					// Later servers:
					"flux2", "ovis", "longcat_image", "cogvideox", "lens", "pixeldit", "ideogram4", "boogu", "krea2", "joyimage", "mage", "minimax", "flux3"),
			},
			Optional: []Input{
				combo("device", "default", "cpu"),
			},
			Outputs: []string{"CLIP"},
			Loads:   true,
			Run:     loadCLIP("clip_name"),
		},
		{
			Name: "DualCLIPLoader", Display: "DualCLIPLoader", Category: "advanced/loaders", Module: "nodes",
			Required: []Input{
				modelFile("clip_name1", "text_encoders"),
				modelFile("clip_name2", "text_encoders"),
				combo("type", "sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"),
			},
			Optional: []Input{
				combo("device", "default", "cpu"),
			},
			Outputs: []string{"CLIP"},
			Loads:   true,
			Run:     loadCLIP("clip_name1", "clip_name2"),
		},
		{
			Name: "VAELoader", Display: "Load VAE", Category: "loaders", Module: "nodes",
			Required: []Input{
				modelFile("vae_name", "vae"),
			},
			Outputs: []string{"VAE"},
			Loads:   true,
			Run:     loadVAE("vae_name"),
		},
		{
			Name: "LoraLoader", Display: "Load LoRA", Category: "loaders", Module: "nodes",
			Required: []Input{
				link("model", "MODEL"),
				link("clip", "CLIP"),
				modelFile("lora_name", "loras"),
				number("strength_model", 1, -100, 100, 0.01),
				number("strength_clip", 1, -100, 100, 0.01),
			},
			Outputs: []string{"MODEL", "CLIP"},
			Loads:   true,
			Run:     runLoraLoader,
		},
		{
			Name: "LoraLoaderModelOnly", Display: "LoraLoaderModelOnly", Category: "loaders", Module: "nodes",
			Required: []Input{
				link("model", "MODEL"),
				modelFile("lora_name", "loras"),
				number("strength_model", 1, -100, 100, 0.01),
			},
			Outputs: []string{"MODEL"},
			Loads:   true,
			Run:     runLoraLoaderModelOnly,
		},
		{
			Name: "ControlNetLoader", Display: "Load ControlNet Model", Category: "loaders", Module: "nodes",
			Required: []Input{
				modelFile("control_net_name", "controlnet"),
			},
			Outputs: []string{"CONTROL_NET"},
			Loads:   true,
			Run:     loadPatch("control_net_name"),
		},
		{
			Name: "UpscaleModelLoader", Display: "Load Upscale Model", Category: "loaders", Module: "comfy_extras.nodes_upscale_model",
			Required: []Input{
				modelFile("model_name", "upscale_models"),
			},
			Outputs: []string{"UPSCALE_MODEL"},
			Loads:   true,
			Run:     loadPatch("model_name"),
		},
		{
			Name: "ModelPatchLoader", Display: "ModelPatchLoader", Category: "advanced/loaders", Module: "comfy_extras.nodes_model_patch", Experimental: true,
			Required: []Input{
				modelFile("name", "model_patches"),
			},
			Outputs: []string{"MODEL_PATCH"},
			Loads:   true,
			Run:     loadPatch("name"),
		},
		{
			Name: "CLIPVisionLoader", Display: "Load CLIP Vision", Category: "loaders", Module: "nodes",
			Required: []Input{
				modelFile("clip_name", "clip_vision"),
			},
			Outputs: []string{"CLIP_VISION"},
			Loads:   true,
			Run:     loadPatch("clip_name"),
		},
		{
			Name: "LatentUpscaleModelLoader", Display: "Load Latent Upscale Model", Category: "loaders", Module: "comfy_extras.nodes_hunyuan", V3: true,
			Required: []Input{
				modelFile("model_name", "latent_upscale_models"),
			},
			Outputs: []string{"LATENT_UPSCALE_MODEL"},
			Loads:   true,
			Run:     loadPatch("model_name"),
		},
		{
			Name: "LTXAVTextEncoderLoader", Display: "LTXV Audio Text Encoder Loader", Category: "advanced/loaders", Module: "comfy_extras.nodes_lt_audio",
			Required: []Input{
				modelFile("text_encoder", "text_encoders"),
				modelFile("ckpt_name", "checkpoints"),
			},
			Optional: []Input{combo("device", "default", "cpu")}, // later servers
			Outputs:  []string{"CLIP"},
			Loads:    true,
			Run:      loadCLIP("text_encoder"),
		},
		{
			Name: "LTXVAudioVAELoader", Display: "LTXV Audio VAE Loader", Category: "audio", Module: "comfy_extras.nodes_lt_audio",
			Required: []Input{
				modelFile("ckpt_name", "checkpoints"),
			},
			Outputs:     []string{"VAE"},
			OutputNames: []string{"Audio VAE"},
			Loads:       true,
			Run:         loadVAE("ckpt_name"),
		},
	}
}

func runCheckpointLoaderSimple(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	file := a.text("ckpt_name")
	return []any{&model{file: file}, &clip{}, &vae{file: file}}, a.err
}

func runUNETLoader(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return []any{&model{file: a.text("unet_name")}}, a.err
}

func loadVAE(input string) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		return []any{&vae{file: a.text(input)}}, a.err
	}
}

// loadCLIP makes a text encoder. Its files do not change the picture: the same
// prompt means the same to every encoder here.
func loadCLIP(inputs ...string) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		for _, name := range inputs {
			a.text(name)
		}
		return []any{&clip{}}, a.err
	}
}

func loadPatch(input string) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		return []any{&modelPatch{file: a.text(input)}}, a.err
	}
}

func runLoraLoader(_ context.Context, c *Call) ([]any, error) {
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

func runLoraLoaderModelOnly(_ context.Context, c *Call) ([]any, error) {
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
