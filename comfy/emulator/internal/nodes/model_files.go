package nodes

// modelFiles lists the files that a model folder seems to hold: the names that
// the built-in workflows and the official templates use. A server that is not
// strict accepts every other name too.
func modelFiles(folder string) []string {
	switch folder {
	case "checkpoints":
		return []string{
			"512-inpainting-ema.safetensors", "flux1-dev-fp8.safetensors", "flux1-schnell-fp8.safetensors",
			"ltx-2.3-22b-dev-fp8.safetensors", "sd_xl_base_1.0.safetensors", "sd_xl_refiner_1.0.safetensors",
			"v1-5-pruned-emaonly-fp16.safetensors",
		}
	case "loras":
		return []string{
			"Qwen-Image-Edit-2509-Lightning-4steps-V1.0-bf16.safetensors", "Qwen-Image-Lightning-4steps-V1.0.safetensors",
			"Qwen-Image-Lightning-8steps-V1.0.safetensors", "krea2_darkbrush.safetensors",
			"ltx_2.3_22b_distilled_1.1_lora_dynamic_fro09_avg_rank_111_bf16.safetensors", "milan.safetensors",
			"minimax_h3_fl2v_turbo_8step_v1.0_comfyui_bf16.safetensors",
			"wan2.2_i2v_lightx2v_4steps_lora_v1_high_noise.safetensors",
			"wan2.2_i2v_lightx2v_4steps_lora_v1_low_noise.safetensors",
		}
	case "diffusion_models":
		return []string{
			"flux1-dev-kontext_fp8_scaled.safetensors", "flux1-dev.safetensors", "flux1-fill-dev.safetensors",
			"flux3-image-klein-base-int8-convrot.safetensors", "flux3-image-klein-int8-convrot.safetensors",
			"krea2_turbo_fp8_scaled.safetensors", "minimax_h3_fl2va_pruned_int8_convrot.safetensors",
			"qwen_image_2.1_int8_convrot.safetensors", "qwen_image_2.1_turbo_int8_convrot.safetensors",
			"qwen_image_2512_fp8_e4m3fn.safetensors", "qwen_image_edit_2509_fp8_e4m3fn.safetensors",
			"qwen_image_edit_2511_bf16.safetensors", "qwen_image_edit_fp8_e4m3fn.safetensors",
			"qwen_image_fp8_e4m3fn.safetensors", "wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors",
			"wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors", "wan2.2_ti2v_5B_fp16.safetensors",
			"z_image_turbo_bf16.safetensors",
		}
	case "text_encoders":
		return []string{
			"clip_l.safetensors", "gemma_3_12B_it_fp4_mixed.safetensors", "qwen3vl_32b_minimax_h3_nvfp4_awq.safetensors",
			"qwen3vl_4b_fp8_scaled.safetensors", "qwen3vl_4b_int8_convrot.safetensors", "qwen3vl_8b_int8_convrot.safetensors",
			"qwen_2.5_vl_7b_fp8_scaled.safetensors", "qwen_3_4b.safetensors", "t5xxl_fp16.safetensors",
			"t5xxl_fp8_e4m3fn_scaled.safetensors", "umt5_xxl_fp8_e4m3fn_scaled.safetensors",
		}
	case "vae":
		return []string{
			"ae.safetensors", "flux2-vae.safetensors", "minimax_h3_audio_vae_fp32.safetensors",
			"minimax_h3_video_vae_int8_convrot.safetensors", "pixel_space", "qwen_image_2.1_vae_bf16.safetensors",
			"qwen_image_vae.safetensors", "wan2.2_vae.safetensors", "wan_2.1_vae.safetensors",
		}
	case "controlnet":
		return []string{
			"Qwen-Image-InstantX-ControlNet-Inpainting.safetensors", "Qwen-Image-InstantX-ControlNet-Union.safetensors",
		}
	case "upscale_models":
		return []string{"4x-UltraSharp.pth", "RealESRGAN_x2plus.pth", "RealESRGAN_x4plus.pth", "RealESRGAN_x4plus.safetensors"}
	case "model_patches":
		return []string{
			"qwen_image_canny_diffsynth_controlnet.safetensors", "qwen_image_depth_diffsynth_controlnet.safetensors",
			"qwen_image_inpaint_diffsynth_controlnet.safetensors",
		}
	case "clip_vision":
		return []string{"clip_vision_h.safetensors"}
	case "latent_upscale_models":
		return []string{
			"ltx-2.3-spatial-upscaler-x2-1.1.safetensors",
		}
	}
	return nil
}
