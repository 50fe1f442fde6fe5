package raster

import (
	"fmt"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// maxPixels bounds what one node may produce, in pixels over all kept frames:
// 1.6 GB of samples.
const maxPixels = 1 << 27

// RoomFor fails as the server does when its memory is too small.
func RoomFor(count, width, height int) error {
	if width > 0 && height > 0 && count > maxPixels/width/height {
		return &pyval.Exception{Type: "torch.OutOfMemoryError", OutOfMemory: true, Message: fmt.Sprintf(
			"Allocation on device of %d pictures of %dx%d pixels: more than the emulator holds.", count, width, height)}
	}
	return nil
}

// Within shrinks a size to fit a square, keeping its proportions.
func Within(width, height, side int) (int, int) {
	most := max(width, height)
	if most <= side {
		return width, height
	}
	return max(1, width*side/most), max(1, height*side/most)
}
