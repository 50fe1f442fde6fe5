package inventory

import (
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An Input is an input of a node, whose definition lists what it takes.
type Input struct{ Class, Name string }

// inputOf reads what stands for the list of an input: a word for a usual one,
// or Class.input.
func inputOf(word string) (Input, bool) {
	switch word {
	case Samplers, "sampler":
		return Input{"KSampler", "sampler_name"}, true
	case Schedulers, "scheduler":
		return Input{"KSampler", "scheduler"}, true
	}
	class, name, ok := strings.Cut(word, ".")
	return Input{class, name}, ok && class != "" && name != ""
}

// InputOf is the input whose list a parameter chooses from: the one that its
// entry names, the one that it lands in, or the loader of its folder. It is
// false for what is no choice of the backend's.
func InputOf(wf *registry.Workflow, p *registry.Parameter) (Input, bool) {
	if len(p.Choices) > 0 || p.Type != registry.TypeEnum && p.Type != registry.TypeModel && p.Type != registry.TypeString {
		return Input{}, false
	}
	if in, ok := inputOf(p.ChoicesFrom); ok {
		return in, true
	}
	if g, err := wf.Graph(); err == nil {
		if in, ok := landing(g, p); ok {
			return in, true
		}
	}
	in := loaderOf(p.Folder)
	return in, in.Class != ""
}

func landing(g *comfy.Graph, p *registry.Parameter) (Input, bool) {
	for _, t := range p.Targets {
		n := g.Node(t.Node)
		if n != nil && (p.Type != registry.TypeModel || registry.ModelFolder(n.Class, t.Input) != "") {
			return Input{n.Class, t.Input}, true
		}
	}
	return Input{}, false
}

// loaders choose from a model folder each.
var loaders = []struct {
	folder string
	input  Input
}{
	{"audio_encoders", Input{"AudioEncoderLoader", "audio_encoder_name"}},
	{"checkpoints", Input{"CheckpointLoaderSimple", "ckpt_name"}},
	{"clip_vision", Input{"CLIPVisionLoader", "clip_name"}},
	{"controlnet", Input{"ControlNetLoader", "control_net_name"}},
	{"diffusion_models", Input{"UNETLoader", "unet_name"}},
	{"gligen", Input{"GLIGENLoader", "gligen_name"}},
	{"hypernetworks", Input{"HypernetworkLoader", "hypernetwork_name"}},
	{"latent_upscale_models", Input{"LatentUpscaleModelLoader", "model_name"}},
	{"loras", Input{"LoraLoader", "lora_name"}},
	{"model_patches", Input{"ModelPatchLoader", "name"}},
	{"photomaker", Input{"PhotoMakerLoader", "photomaker_model_name"}},
	{"style_models", Input{"StyleModelLoader", "style_model_name"}},
	{"text_encoders", Input{"CLIPLoader", "clip_name"}},
	{"upscale_models", Input{"UpscaleModelLoader", "model_name"}},
	{"vae", Input{"VAELoader", "vae_name"}},
}

// Folders are the model folders that every ComfyUI may have.
func Folders() []string {
	var names []string
	for _, l := range loaders {
		names = append(names, l.folder)
	}
	return names
}

func loaderOf(folder string) Input {
	for _, l := range loaders {
		if l.folder == folder {
			return l.input
		}
	}
	return Input{}
}

// IsFolder reports whether a word that people say means a folder of models:
// checkpoint means checkpoints.
func IsFolder(word, folder string) bool { return folderOf(word, []string{folder}) != "" }

// folderOf finds the folder that a word means, "" when there is none: people
// say lora, upscalers and unet.
func folderOf(word string, folders []string) string {
	meant := strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	said := map[string]string{
		"checkpoint": "checkpoints", "ckpt": "checkpoints", "lora": "loras", "unet": "diffusion_models", "clip": "text_encoders",
		"text_encoder": "text_encoders", "upscaler": "upscale_models", "upscalers": "upscale_models", "upscale": "upscale_models",
		"vaes": "vae", "controlnets": "controlnet", "embedding": "embeddings", "diffusion_model": "diffusion_models",
	}
	for _, folder := range folders {
		if folder == word || folder == meant {
			return folder
		}
	}
	for _, folder := range folders {
		if folder == said[meant] {
			return folder
		}
	}
	return ""
}
