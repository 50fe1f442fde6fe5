package registry

// ModelFolder is the server's model folder that an input of a loader chooses
// from, "" when it is not known. Source: the loader nodes of ComfyUI and of
// the packages that follow their names.
func ModelFolder(class, input string) string {
	switch input {
	case "ckpt_name":
		return "checkpoints"
	case "unet_name":
		return "diffusion_models"
	case "lora_name":
		return "loras"
	case "vae_name":
		return "vae"
	case "clip_name":
		if class == "CLIPVisionLoader" {
			return "clip_vision"
		}
		return "text_encoders"
	case "clip_name1", "clip_name2", "clip_name3", "clip_name4":
		return "text_encoders"
	case "control_net_name":
		return "controlnet"
	case "style_model_name":
		return "style_models"
	case "gligen_name":
		return "gligen"
	case "hypernetwork_name":
		return "hypernetworks"
	case "photomaker_model_name":
		return "photomaker"
	case "audio_encoder_name":
		return "audio_encoders"
	case "model_name":
		switch class {
		case "UpscaleModelLoader":
			return "upscale_models"
		case "LatentUpscaleModelLoader":
			return "latent_upscale_models"
		}
	case "name":
		if class == "ModelPatchLoader" {
			return "model_patches"
		}
	}
	return ""
}
