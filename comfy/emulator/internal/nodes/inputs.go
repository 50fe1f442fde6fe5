package nodes

import (
	"maps"
	"math"
)

// maxSide is the largest width or height the server accepts, in pixels.
const maxSide = 16384

// maxSeed is the largest seed the server accepts.
const maxSeed = uint64(math.MaxUint64)

// link declares an input that takes another node's output of the given type.
func link(name, typ string) Input { return Input{Name: name, Type: typ} }

// integer declares an INT; a step of 0 is left out of the definition.
func integer(name string, def, low, high, step int64) Input {
	options := map[string]any{"default": def, "min": low, "max": high}
	if step != 0 {
		options["step"] = step
	}
	return Input{Name: name, Type: "INT", Options: options}
}

// seedNumber declares a seed over all 64 bits.
func seedNumber(name string) Input {
	return Input{Name: name, Type: "INT", Options: map[string]any{
		"default": int64(0), "min": int64(0), "max": maxSeed, "control_after_generate": true,
	}}
}

// number declares a FLOAT; a step of 0 is left out of the definition.
func number(name string, def, low, high, step float64) Input {
	options := map[string]any{"default": def, "min": low, "max": high}
	if step != 0 {
		options["step"] = step
	}
	return Input{Name: name, Type: "FLOAT", Options: options}
}

func text(name, def string) Input {
	return Input{Name: name, Type: "STRING", Options: map[string]any{"default": def}}
}

// multiline declares a text of several lines; like the server's it has no default.
func multiline(name string) Input {
	return Input{Name: name, Type: "STRING", Options: map[string]any{"multiline": true}}
}

// promptText declares a text that an editor may expand before it sends it.
func promptText(name string) Input { return multiline(name).with("dynamicPrompts", true) }

func boolean(name string, def bool) Input {
	return Input{Name: name, Type: "BOOLEAN", Options: map[string]any{"default": def}}
}

// combo declares a choice of words.
func combo(name string, choices ...string) Input {
	return Input{Name: name, Type: "COMBO", Choices: choices}
}

// modelFile declares a choice among the files of a model folder.
func modelFile(name, folder string) Input {
	return Input{Name: name, Type: "COMBO", Choices: modelFiles(folder), Folder: folder}
}

// imageFile declares a choice among the files of the server's input folder;
// which exist is known only when the definition is asked for, and any
// annotated path ("a/b.png [output]") is valid, so classes check it themselves.
func imageFile(name string) Input {
	return Input{Name: name, Type: "COMBO", Choices: []string{}, Options: map[string]any{"image_upload": true}}
}

// without returns the input without an option.
func (in Input) without(key string) Input {
	in.Options = maps.Clone(in.Options)
	delete(in.Options, key)
	return in
}

// with returns the input with one more option.
func (in Input) with(key string, value any) Input {
	options := make(map[string]any, len(in.Options)+1)
	for k, v := range in.Options {
		options[k] = v
	}
	options[key] = value
	in.Options = options
	return in
}

func scaleMethods() []string {
	return []string{"nearest-exact", "bilinear", "area", "bicubic", "lanczos"}
}

func samplerNames() []string {
	return []string{
		"euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2", "dpm_2",
		"dpm_2_ancestral", "lms", "dpm_fast", "dpm_adaptive", "dpmpp_2s_ancestral", "dpmpp_2s_ancestral_cfg_pp",
		"dpmpp_sde", "dpmpp_sde_gpu", "dpmpp_2m", "dpmpp_2m_cfg_pp", "dpmpp_2m_sde", "dpmpp_2m_sde_gpu",
		"dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu", "ddpm", "lcm", "ipndm",
		"ipndm_v", "deis", "res_multistep", "res_multistep_cfg_pp", "res_multistep_ancestral",
		"res_multistep_ancestral_cfg_pp", "gradient_estimation", "gradient_estimation_cfg_pp", "er_sde", "seeds_2",
		"seeds_3", "sa_solver", "sa_solver_pece", "ddim", "uni_pc", "uni_pc_bh2",
	}
}

func schedulerNames() []string {
	return []string{
		"simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic", "kl_optimal",
	}
}
