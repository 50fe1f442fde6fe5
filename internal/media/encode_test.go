package media

import (
	"bytes"
	"image"
	"testing"
)

// A profile comes back from a JPEG, also one that is larger than a segment; what
// fits in no 255 segments is left out and the picture stays whole.
func TestEncodeJPEGKeepsProfile(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 5, 3))
	const segment = 65535 - 16
	for _, size := range []int{0, 128, segment, segment + 1, 3 * segment} {
		var profile []byte
		if size > 0 {
			profile = testProfile(size)
		}
		data, err := EncodeJPEG(img, JPEGQuality, profile)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Load(bytes.NewReader(data), Limits{})
		if err != nil || p.Format.Ext != ".jpg" || p.Image.Rect != img.Rect || !bytes.Equal(p.Profile, profile) {
			t.Errorf("%d bytes of profile: read back %d, %v", size, len(p.Profile), err)
		}
	}
	if segments := jpegProfileSegments(make([]byte, 255*segment+1)); segments != nil {
		t.Errorf("a profile too large for a JPEG gave %d bytes", len(segments))
	}
}
