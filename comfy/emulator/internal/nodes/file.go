package nodes

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

func fileClasses() []*Class {
	return []*Class{
		{
			Name: "LoadImage", Display: "Load Image", Category: "image", Module: "nodes",
			Required: []Input{
				imageFile("image"),
			},
			Outputs:    []string{"IMAGE", "MASK"},
			OwnsInputs: []string{"image"},
			Validate:   validImageFile,
			Run:        runLoadImage,
		},
		{
			Name: "LoadImageMask", Display: "Load Image (as Mask)", Category: "mask", Module: "nodes",
			Required: []Input{
				imageFile("image"),
				combo("channel", "alpha", "red", "green", "blue"),
			},
			Outputs:    []string{"MASK"},
			OwnsInputs: []string{"image"},
			Validate:   validImageFile,
			Run:        runLoadImageMask,
		},
		{
			Name: "LoadImageOutput", Display: "Load Image (from Outputs)", Category: "image", Module: "nodes", Experimental: true,
			Required: []Input{
				imageFile("image").with("image_folder", "output"),
			},
			Outputs:    []string{"IMAGE", "MASK"},
			Base:       "LoadImage",
			OwnsInputs: []string{"image"},
			Validate:   validImageFile,
			Run:        runLoadImage,
		},
		{
			Name: "SaveImage", Display: "Save Image", Category: "image", Module: "nodes",
			Required: []Input{
				link("images", "IMAGE"),
				text("filename_prefix", "ComfyUI"),
			},
			Hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			OutputNode: true,
			Run:        saveImages("output"),
		},
		{
			Name: "PreviewImage", Display: "Preview Image", Category: "image", Module: "nodes",
			Required: []Input{
				link("images", "IMAGE"),
			},
			Hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			OutputNode: true,
			Run:        saveImages("temp"),
		},
		{
			Name: "MaskPreview", Display: "MaskPreview", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("mask", "MASK"),
			},
			Hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			OutputNode: true,
			Run:        runMaskPreview,
		},
		{
			Name: "SaveAnimatedPNG", Display: "SaveAnimatedPNG", Category: "image/animation", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("images", "IMAGE"),
				text("filename_prefix", "ComfyUI"),
				number("fps", 6, 0.01, 1000, 0.01),
				integer("compress_level", 4, 0, 9, 0),
			},
			Hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			OutputNode: true,
			Run:        runSaveAnimatedPNG,
		},
	}
}

// metadata returns the texts that the server's saving nodes embed: the graph
// under "prompt", then every key of the client's extra_pnginfo.
func (c *Call) metadata() []container.Text {
	var texts []container.Text
	if len(c.Graph) > 0 {
		texts = append(texts, container.Text{Key: "prompt", Value: pyval.ASCII(c.Graph)})
	}
	for _, key := range slices.Sorted(maps.Keys(c.Extra)) {
		texts = append(texts, container.Text{Key: key, Value: pyval.ASCII(c.Extra[key])})
	}
	return texts
}

// show adds entries to what history keeps of the node.
func (c *Call) show(key string, entries ...any) {
	if c.UI == nil {
		c.UI = map[string][]any{}
	}
	c.UI[key] = append(c.UI[key], entries...)
}

// saved is a file as history shows it.
func saved(filename, subfolder, folder string) map[string]any {
	return map[string]any{"filename": filename, "subfolder": subfolder, "type": folder}
}

// saveImages writes every picture of the batch as a PNG that carries the graph.
func saveImages(folder string) func(context.Context, *Call) ([]any, error) {
	return func(ctx context.Context, c *Call) ([]any, error) {
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

func runMaskPreview(ctx context.Context, c *Call) ([]any, error) {
	a := c.args()
	mask := a.frames("mask")
	if a.err != nil {
		return nil, a.err
	}
	pictures := mask.Each(func(r *raster.Raster) *raster.Raster { return r.WithChannels(3) })
	return nil, c.savePNGs(ctx, pictures, "temp", "ComfyUI_temp")
}

func (c *Call) savePNGs(ctx context.Context, pictures *raster.Frames, folder, prefix string) error {
	texts := c.metadata()
	for i := range pictures.Count {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, subfolder, err := c.Files.Save(folder, prefix, "png", func(w io.Writer) error {
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
func runSaveAnimatedPNG(ctx context.Context, c *Call) ([]any, error) {
	a := c.args()
	pictures, prefix, fps := a.frames("images"), a.text("filename_prefix"), a.float("fps")
	if a.err != nil {
		return nil, a.err
	}
	name, subfolder, err := c.Files.Save("output", prefix, "png", func(w io.Writer) error {
		return container.WriteAPNG(ctx, w, pictures, fps, c.metadata())
	})
	if err != nil {
		return nil, fmt.Errorf("saving animation: %w", err)
	}
	c.show("images", saved(name, subfolder, "output"))
	c.show("animated", true)
	return nil, nil
}
