package emulator

import "fmt"

// maxPixels bounds what one node may produce, in pixels over all kept frames:
// 1.6 GB of samples.
const maxPixels = 1 << 27

// roomFor fails as the server does when its memory is too small.
func roomFor(count, width, height int) error {
	if width > 0 && height > 0 && count > maxPixels/width/height {
		return &exception{typ: "torch.OutOfMemoryError", oom: true, message: fmt.Sprintf(
			"Allocation on device of %d pictures of %dx%d pixels: more than the emulator holds.", count, width, height)}
	}
	return nil
}

// within shrinks a size to fit a square, keeping its proportions.
func within(width, height, side int) (int, int) {
	most := max(width, height)
	if most <= side {
		return width, height
	}
	return max(1, width*side/most), max(1, height*side/most)
}
