package emulator

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"path"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// withAlpha gives the colours of one picture and the alpha of another.
func withAlpha(colours, alpha image.Image) *image.NRGBA {
	out := straight(colours)
	b := alpha.Bounds()
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			a := color.NRGBAModel.Convert(alpha.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA).A
			out.Pix[out.PixOffset(x, y)+3] = a
		}
	}
	return out
}

// postUploadMask is POST /upload/mask: the picture of original_ref with the
// alpha of the uploaded one.
func (in *instance) postUploadMask(w http.ResponseWriter, r *http.Request, _ string) {
	in.upload(w, r, func(form *uploadForm) ([]byte, bool, error) {
		v, err := pyval.Decode([]byte(form.fields["original_ref"]))
		ref, ok := v.(*pyval.Object)
		if err != nil || !ok || !ref.Has("filename") {
			return nil, false, errMalformed
		}
		text := func(key, fallback string) string {
			if v, ok := ref.Get(key); ok {
				return pyval.Str(v)
			}
			return fallback
		}
		typ, dir, name, status := in.viewTarget(text("filename", ""), text("type", "output"), text("subfolder", ""))
		if status != http.StatusOK {
			return nil, false, nil // the server drops the refusal and writes nothing
		}
		file, err := in.server.files.openIn(typ, path.Join(dir, name))
		if err != nil {
			return nil, false, nil
		}
		defer func() { _ = file.Close() }()
		colours, _, err1 := image.Decode(file)
		mask, _, err2 := image.Decode(bytes.NewReader(form.data))
		if err1 != nil || err2 != nil || colours.Bounds().Size() != mask.Bounds().Size() {
			return nil, false, errMalformed
		}
		var buf bytes.Buffer
		err = png.Encode(&buf, keepAlpha{withAlpha(colours, mask)})
		return buf.Bytes(), true, err
	})
}
