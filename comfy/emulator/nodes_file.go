package emulator

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func fileClasses() []*class {
	return []*class{
		{
			name: "LoadImage", display: "Load Image", category: "image", module: "nodes",
			required: []input{
				imageFile("image"),
			},
			outputs:    []string{"IMAGE", "MASK"},
			ownsInputs: []string{"image"},
			validate:   validImageFile,
			run:        runLoadImage,
		},
		{
			name: "LoadImageMask", display: "Load Image (as Mask)", category: "mask", module: "nodes",
			required: []input{
				imageFile("image"),
				combo("channel", "alpha", "red", "green", "blue"),
			},
			outputs:    []string{"MASK"},
			ownsInputs: []string{"image"},
			validate:   validImageFile,
			run:        runLoadImageMask,
		},
		{
			name: "LoadImageOutput", display: "Load Image (from Outputs)", category: "image", module: "nodes", experimental: true,
			required: []input{
				imageFile("image").with("image_folder", "output"),
			},
			outputs:    []string{"IMAGE", "MASK"},
			base:       "LoadImage",
			ownsInputs: []string{"image"},
			validate:   validImageFile,
			run:        runLoadImage,
		},
		{
			name: "SaveImage", display: "Save Image", category: "image", module: "nodes",
			required: []input{
				link("images", "IMAGE"),
				text("filename_prefix", "ComfyUI"),
			},
			hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			outputNode: true,
			run:        saveImages("output"),
		},
		{
			name: "PreviewImage", display: "Preview Image", category: "image", module: "nodes",
			required: []input{
				link("images", "IMAGE"),
			},
			hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			outputNode: true,
			run:        saveImages("temp"),
		},
		{
			name: "MaskPreview", display: "MaskPreview", category: "mask", module: "comfy_extras.nodes_mask",
			required: []input{
				link("mask", "MASK"),
			},
			hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			outputNode: true,
			run:        runMaskPreview,
		},
		{
			name: "SaveAnimatedPNG", display: "SaveAnimatedPNG", category: "image/animation", module: "comfy_extras.nodes_images",
			required: []input{
				link("images", "IMAGE"),
				text("filename_prefix", "ComfyUI"),
				number("fps", 6, 0.01, 1000, 0.01),
				integer("compress_level", 4, 0, 9, 0),
			},
			hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			outputNode: true,
			run:        runSaveAnimatedPNG,
		},
	}
}

// metadata returns the texts that the server's saving nodes embed: the graph
// under "prompt", then every key of the client's extra_pnginfo.
func (c *call) metadata() []container.Text {
	var texts []container.Text
	if len(c.graph) > 0 {
		texts = append(texts, container.Text{Key: "prompt", Value: pyval.ASCII(c.graph)})
	}
	for _, key := range slices.Sorted(maps.Keys(c.extra)) {
		texts = append(texts, container.Text{Key: key, Value: pyval.ASCII(c.extra[key])})
	}
	return texts
}

// show adds entries to what history keeps of the node.
func (c *call) show(key string, entries ...any) {
	if c.ui == nil {
		c.ui = map[string][]any{}
	}
	c.ui[key] = append(c.ui[key], entries...)
}

// saved is a file as history shows it.
func saved(filename, subfolder, folder string) map[string]any {
	return map[string]any{"filename": filename, "subfolder": subfolder, "type": folder}
}

// saveImages writes every picture of the batch as a PNG that carries the graph.
func saveImages(folder string) func(context.Context, *call) ([]any, error) {
	return func(ctx context.Context, c *call) ([]any, error) {
		a := c.args()
		pictures := a.frames("images")
		prefix := "ComfyUI_temp"
		if folder == "output" {
			prefix = a.text("filename_prefix")
		}
		if a.err != nil {
			return nil, a.err
		}
		return nil, c.savePNGs(ctx, pictures, folder, prefix)
	}
}

func runMaskPreview(ctx context.Context, c *call) ([]any, error) {
	a := c.args()
	mask := a.frames("mask")
	if a.err != nil {
		return nil, a.err
	}
	pictures := mask.Each(func(r *raster.Raster) *raster.Raster { return r.WithChannels(3) })
	return nil, c.savePNGs(ctx, pictures, "temp", "ComfyUI_temp")
}

func (c *call) savePNGs(ctx context.Context, pictures *raster.Frames, folder, prefix string) error {
	texts := c.metadata()
	for i := range pictures.Count {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, subfolder, err := c.files.save(folder, prefix, "png", func(w io.Writer) error {
			return container.WritePNG(w, pictures.At(i), texts)
		})
		if err != nil {
			return fmt.Errorf("saving picture %d: %w", i+1, err)
		}
		c.show("images", saved(name, subfolder, folder))
	}
	return nil
}

// runSaveAnimatedPNG writes all pictures into one APNG. The graph comes after
// the pixels, in the server's own "comf" chunks.
func runSaveAnimatedPNG(ctx context.Context, c *call) ([]any, error) {
	a := c.args()
	pictures, prefix, fps := a.frames("images"), a.text("filename_prefix"), a.float("fps")
	if a.err != nil {
		return nil, a.err
	}
	name, subfolder, err := c.files.save("output", prefix, "png", func(w io.Writer) error {
		return container.WriteAPNG(ctx, w, pictures, fps, c.metadata())
	})
	if err != nil {
		return nil, fmt.Errorf("saving animation: %w", err)
	}
	c.show("images", saved(name, subfolder, "output"))
	c.show("animated", true)
	return nil, nil
}
