package emulator

import (
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// The versions of ComfyUI at which its HTTP dialect changed, as far as clients
// notice.
const (
	shownVersion       = "0.3.68" // the history names what ran or was asked for
	createTimeVersion  = "0.3.69" // extra_data.create_time
	platformVersion    = "0.4.0"  // the operating system as Python's sys.platform
	previewPerRun      = "0.5.0"  // extra_data.preview_method
	jobsVersion        = "0.6.0"  // GET /api/jobs, no secrets in the queue
	v3ChoicesVersion   = "0.8.0"  // combos of V3 classes are checked
	cancelledVersion   = "0.9.0"  // the jobs API tells cancelled from failed
	throttleVersion    = "0.9.2"  // at most ten progress events a second
	missingNodeVersion = "0.12.0" // the refusal missing_node_type
	replacementVersion = "0.14.0" // old classes are replaced before validation
	modelTypesVersion  = "0.17.0" // /view knows the types of model files
	fetchSiteVersion   = "0.19.0" // requests from pages of other sites are refused
	cycleVersion       = "0.20.0" // the refusal dependency_cycle
	choiceReprVersion  = "0.21.0" // value_not_in_list quotes the value as Python does
	promptIDVersion    = "0.25.0" // prompt ids must be UUIDs
	usageSourceVersion = "0.25.0" // extra_data.comfy_usage_source
	jobsCancelVersion  = "0.26.0" // POST /api/jobs/{id}/cancel
	safeViewVersion    = "0.28.0" // /view serves SVG and XML as plain bytes
	previewableVersion = "0.32.0" // previewable_outputs_count
)

// since reports whether the server is of that version or a newer one. A
// version that is no number is new.
func (s *Server) since(version string) bool {
	have, want := strings.Split(s.opts.Version, "."), strings.Split(version, ".")
	for i, w := range want {
		if i == len(have) {
			return false
		}
		need, _ := strconv.Atoi(w) // ours
		n, err := strconv.Atoi(have[i])
		if err != nil || n != need {
			return err != nil || n > need
		}
	}
	return true
}

// features is what the server says of itself, on HTTP and in the handshake.
func (s *Server) features() pyval.Fields {
	f := pyval.Fields{{Key: "supports_preview_metadata", Value: true}}
	if s.since("0.28.0") {
		f = append(f, pyval.Member{Key: "supports_model_type_tags", Value: true})
	}
	f = append(f, pyval.Member{Key: "max_upload_size", Value: s.opts.MaxUpload})
	if s.since("0.4.0") {
		f = append(f, pyval.Member{Key: "extension", Value: pyval.Fields{
			{Key: "manager", Value: pyval.Fields{{Key: "supports_v4", Value: true}}},
		}})
	}
	if s.since(replacementVersion) {
		f = append(f, pyval.Member{Key: "node_replacements", Value: true})
	}
	if s.since("0.17.0") {
		f = append(f, pyval.Member{Key: "assets", Value: false})
	}
	return f
}

// modelFolders are the keys of GET /models, in its order.
func (s *Server) modelFolders() []string {
	var names []string
	for _, f := range []struct{ name, since string }{
		{name: "checkpoints"},
		{name: "configs"},
		{name: "loras"},
		{name: "vae"},
		{name: "text_encoders"},
		{name: "diffusion_models"},
		{name: "clip_vision"},
		{name: "style_models"},
		{name: "embeddings"},
		{name: "diffusers"},
		{name: "vae_approx"},
		{name: "controlnet"},
		{name: "gligen"},
		{name: "upscale_models"},
		{"latent_upscale_models", "0.3.71"},
		{name: "custom_nodes"},
		{"datasets", "0.30.0"},
		{name: "hypernetworks"},
		{name: "photomaker"},
		{name: "classifiers"},
		{name: "model_patches"},
		{name: "audio_encoders"},
		{"background_removal", "0.21.0"},
		{"frame_interpolation", "0.20.0"},
		{"geometry_estimation", "0.22.0"},
		{"optical_flow", "0.21.0"},
		{"detection", "0.23.0"},
	} {
		if f.since == "" || s.since(f.since) {
			names = append(names, f.name)
		}
	}
	return names
}
