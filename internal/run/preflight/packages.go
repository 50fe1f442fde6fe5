package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A nodePackage is a collection of custom nodes: its name in the ComfyUI
// Manager, and how its classes are recognised.
type nodePackage struct {
	name     string
	page     string // on GitHub, without the host
	classes  []string
	prefixes []string
	suffixes []string
}

// nodePackages are the collections that shared workflows use most. Rules are
// narrow enough that no class of ComfyUI itself matches one.
func nodePackages() []nodePackage {
	return []nodePackage{
		{name: "ComfyUI Impact Pack", page: "ltdrdata/ComfyUI-Impact-Pack", prefixes: []string{"Impact", "SEGS", "DetailerForEach"}, classes: []string{
			"FaceDetailer", "FaceDetailerPipe", "SAMLoader", "ToDetailerPipe", "ToBasicPipe", "FromBasicPipe", "BboxDetectorSEGS", "SegmDetectorSEGS",
			"MaskToSEGS", "MaskDetailerPipe", "CLIPSegDetectorProvider", "IterativeLatentUpscale", "IterativeImageUpscale", "WildcardProcessor",
		}},
		{name: "ComfyUI Impact Subpack", page: "ltdrdata/ComfyUI-Impact-Subpack", classes: []string{"UltralyticsDetectorProvider"}},
		{name: "WAS Node Suite", page: "ltdrdata/was-node-suite-comfyui", prefixes: []string{"WAS_"}, classes: []string{
			"Image Resize", "Image Save", "Image Blend", "Image Blending Mode", "Image Filter Adjustments", "Image Crop Face", "Image Levels Adjustment",
			"Image Rembg (Remove Background)", "Image Size to Number", "Load Image Batch", "Text Concatenate", "Text Multiline", "Text Find and Replace",
			"Text String", "Text to Conditioning", "Number Operation", "Number to Int", "Seed", "String to Text", "Mask Crop Region", "Mask Gaussian Region",
		}},
		{name: "rgthree's ComfyUI Nodes", page: "rgthree/rgthree-comfy", suffixes: []string{"(rgthree)"}},
		{name: "ComfyUI's ControlNet Auxiliary Preprocessors", page: "Fannovel16/comfyui_controlnet_aux", suffixes: []string{"Preprocessor", "Preprocessor_Provider_for_SEGS"}, classes: []string{"ControlNetPreprocessorSelector"}},
		{name: "ComfyUI-VideoHelperSuite", page: "Kosinkadink/ComfyUI-VideoHelperSuite", prefixes: []string{"VHS_"}},
		{name: "ComfyUI-Advanced-ControlNet", page: "Kosinkadink/ComfyUI-Advanced-ControlNet", prefixes: []string{"ACN_"}},
		{name: "AnimateDiff Evolved", page: "Kosinkadink/ComfyUI-AnimateDiff-Evolved", prefixes: []string{"ADE_"}},
		{name: "ComfyUI-GGUF", page: "city96/ComfyUI-GGUF", classes: []string{
			"UnetLoaderGGUF", "UnetLoaderGGUFAdvanced", "CLIPLoaderGGUF", "DualCLIPLoaderGGUF", "TripleCLIPLoaderGGUF", "QuadrupleCLIPLoaderGGUF",
		}},
		{name: "KJNodes for ComfyUI", page: "kijai/ComfyUI-KJNodes", suffixes: []string{"KJ", "KJv2", "_KJ"}, classes: []string{
			"ColorMatch", "INTConstant", "FloatConstant", "StringConstant", "StringConstantMultiline", "GrowMaskWithBlur", "ImageConcanate", "ImageConcatMulti",
			"GetImageSizeAndCount", "GetImageRangeFromBatch", "ImageBatchMulti", "ConditioningMultiCombine", "JoinStrings", "WidgetToString", "EmptyLatentImagePresets",
		}},
		{name: "ComfyUI-WanVideoWrapper", page: "kijai/ComfyUI-WanVideoWrapper", prefixes: []string{"WanVideo"}},
		{name: "ComfyUI-Florence2", page: "kijai/ComfyUI-Florence2", classes: []string{"Florence2Run", "DownloadAndLoadFlorence2Model", "Florence2ModelLoader"}},
		{name: "ComfyUI-segment-anything-2", page: "kijai/ComfyUI-segment-anything-2", prefixes: []string{"Sam2"}, classes: []string{"DownloadAndLoadSAM2Model"}},
		{name: "ComfyUI-SUPIR", page: "kijai/ComfyUI-SUPIR", prefixes: []string{"SUPIR_"}},
		{name: "UltimateSDUpscale", page: "ssitu/ComfyUI_UltimateSDUpscale", prefixes: []string{"UltimateSDUpscale"}},
		{name: "ComfyUI_IPAdapter_plus", page: "cubiq/ComfyUI_IPAdapter_plus", prefixes: []string{"IPAdapter"}, classes: []string{"PrepImageForClipVision"}},
		{name: "ComfyUI Essentials", page: "cubiq/ComfyUI_essentials", suffixes: []string{"+"}},
		{name: "ComfyUI InstantID", page: "cubiq/ComfyUI_InstantID", classes: []string{"ApplyInstantID", "ApplyInstantIDAdvanced", "InstantIDModelLoader", "InstantIDFaceAnalysis"}},
		{name: "PuLID for ComfyUI", page: "cubiq/PuLID_ComfyUI", prefixes: []string{"ApplyPulid", "Pulid"}},
		{name: "ComfyUI-Custom-Scripts", page: "pythongosssss/ComfyUI-Custom-Scripts", suffixes: []string{"|pysssss"}},
		{name: "ComfyUI Easy Use", page: "yolain/ComfyUI-Easy-Use", prefixes: []string{"easy "}},
		{name: "Comfyroll Studio", page: "Suzie1/ComfyUI_Comfyroll_CustomNodes", prefixes: []string{"CR "}},
		{name: "Efficiency Nodes", page: "jags111/efficiency-nodes-comfyui", suffixes: []string{"(Efficient)"}, classes: []string{"Efficient Loader", "Eff. Loader SDXL", "LoRA Stacker", "Control Net Stacker"}},
		{name: "ComfyUI Layer Style", page: "chflame163/ComfyUI_LayerStyle", prefixes: []string{"LayerUtility: ", "LayerMask: ", "LayerStyle: ", "LayerColor: ", "LayerFilter: "}},
		{name: "ComfyUI-Inpaint-CropAndStitch", page: "lquesada/ComfyUI-Inpaint-CropAndStitch", prefixes: []string{"InpaintCrop", "InpaintStitch"}},
		{name: "ComfyUI Inpaint Nodes", page: "Acly/comfyui-inpaint-nodes", prefixes: []string{"INPAINT_"}},
		{name: "ComfyUI Nodes for External Tooling", page: "Acly/comfyui-tooling-nodes", prefixes: []string{"ETN_"}},
		{name: "ComfyUI-nunchaku", page: "nunchaku-tech/ComfyUI-nunchaku", prefixes: []string{"Nunchaku"}},
		{name: "ComfyUI ReActor", page: "Gourieff/ComfyUI-ReActor", prefixes: []string{"ReActor"}},
		{name: "ComfyUI Frame Interpolation", page: "Fannovel16/ComfyUI-Frame-Interpolation", suffixes: []string{" VFI"}},
		{name: "ComfyUI-SeedVR2_VideoUpscaler", page: "numz/ComfyUI-SeedVR2_VideoUpscaler", prefixes: []string{"SeedVR2"}},
		{name: "ComfyUI Deploy", page: "BennyKok/comfyui-deploy", prefixes: []string{"ComfyUIDeployExternal"}},
		{name: "comfy-pack", page: "bentoml/comfy-pack", prefixes: []string{"CPackInput", "CPackOutput"}},
	}
}

// PackageOf names the collection that brings a class, and its page without
// https://; "" when it is not known.
func PackageOf(class string) (name, page string) {
	if p, ok := packageOf(class); ok {
		return p.name, "github.com/" + p.page
	}
	return "", ""
}

// packageOf finds the collection that brings a class.
func packageOf(class string) (nodePackage, bool) {
	for _, p := range nodePackages() {
		if slices.Contains(p.classes, class) ||
			slices.ContainsFunc(p.prefixes, func(s string) bool { return strings.HasPrefix(class, s) }) ||
			slices.ContainsFunc(p.suffixes, func(s string) bool { return strings.HasSuffix(class, s) && class != s }) {
			return p, true
		}
	}
	return nodePackage{}, false
}

// missingNode says what to do about a class that the server does not have.
func missingNode(np comfy.NodeProblem, workflow string, wf *registry.Workflow, version func() string) Finding {
	p := Finding{Problem: registry.Problem{
		Message: fmt.Sprintf("the server has no node %s, which %s needs", np.Class, workflow),
		Hint:    "install the custom node that brings it, or update ComfyUI, then restart the server",
	}}
	if pack, ok := packageOf(np.Class); ok {
		p.Message += "; it comes with " + pack.name
		p.Hint = fmt.Sprintf("install %s (github.com/%s) on the server, with the ComfyUI Manager for instance, and restart it", pack.name, pack.page)
		return p
	}
	if wf == nil || wf.MinVersion == "" {
		return p
	}
	if has := version(); tooOld(wf, has) {
		p.Message = fmt.Sprintf("the server's ComfyUI %s has no node %s; %s needs %s or newer", has, np.Class, workflow, wf.MinVersion)
		p.Hint = "update ComfyUI on the server"
	}
	return p
}

// tooOld reports whether a server says that it is older than a workflow needs.
func tooOld(wf *registry.Workflow, version string) bool {
	return wf.MinVersion != "" && comfy.AtLeast(version, "0.0") && !comfy.AtLeast(version, wf.MinVersion)
}

// missingValue adds to a value that the server does not have what helps: where
// a model file belongs and is offered, else a newer server if this one is too
// old for the workflow.
func missingValue(p *Finding, np comfy.NodeProblem, wf *registry.Workflow, version func() string) {
	if wf != nil {
		for _, m := range wf.Models {
			if slashes(m.File) == slashes(np.Received) {
				p.Message += fmt.Sprintf(" (folder models/%s)", m.Folder)
				if wf.Source.Layer == "import" { // made of a graph: no registry knows it
					return
				}
				p.Hint, p.Needs, p.Page = "", wf.ID, m.Page
				return
			}
		}
	}
	if looksLikeModel(np.Received) {
		if folder := registry.ModelFolder(np.Class, np.Input); folder != "" {
			p.Message += fmt.Sprintf(" (folder models/%s)", folder)
		}
		return
	}
	if wf == nil || wf.MinVersion == "" {
		return
	}
	if has := version(); tooOld(wf, has) {
		p.Hint = fmt.Sprintf("update ComfyUI on the server: it is %s, and %s needs %s or newer", has, wf.ID, wf.MinVersion)
	}
}

// looksLikeModel tells model files from other choices by their extension.
func looksLikeModel(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && slices.Contains([]string{".safetensors", ".ckpt", ".pth", ".pt", ".gguf", ".bin", ".sft", ".onnx"}, strings.ToLower(name[dot:]))
}
