package media

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ErrUnstrippable means that nothing here removes what a kind of file says of its
// making.
var ErrUnstrippable = errors.New("what it says of its making cannot be removed from a file of this kind")

// Strip removes from a PNG, JPEG or WebP what says how, when and by whom it was
// made: texts, comments, EXIF, XMP, times. What decides how it looks stays byte for
// byte, the colour profile too. Another kind of file is ErrUnstrippable, and so is
// one that its EXIF turns; one that is broken fails with another error.
func Strip(data []byte) ([]byte, error) {
	f := sniff(data[:min(len(data), sniffLen)])
	switch f.Ext {
	case ".png":
		var out bytes.Buffer
		err := CopyPNG(&out, bytes.NewReader(data), PNGEdit{Strip: true})
		return out.Bytes(), err
	case ".jpg":
		if orientationOf(f, data) != 1 {
			return nil, ErrUnstrippable
		}
		return stripJPEG(data)
	case ".webp":
		if orientationOf(f, data) != 1 {
			return nil, ErrUnstrippable
		}
		return stripWebP(data), nil
	}
	return nil, ErrUnstrippable
}

// stripJPEG keeps the segments that a decoder needs, and the colour profile.
func stripJPEG(data []byte) ([]byte, error) {
	const app0, app14, app15, comment = 0xe0, 0xee, 0xef, 0xfe
	out, end := bytes.Clone(data[:2]), int64(2)
	err := walkJPEG(bytes.NewReader(data), func(marker byte, pos, size int64) error {
		if pos+size > int64(len(data)) {
			return errDamaged
		}
		end = pos + size
		profile := marker == jpegAPP2 && bytes.HasPrefix(data[pos:end], []byte(jpegProfileMark))
		if needed := marker < app0 || marker > app15 || marker == app0 || marker == app14; marker != comment && needed || profile {
			out = append(out, data[pos-4:end]...)
		}
		return nil
	})
	return append(out, data[end:]...), err
}

// stripWebP keeps the chunks of pictures, animations and colour profiles, and says
// so in the header.
func stripWebP(data []byte) []byte {
	out := bytes.Clone(data[:12])
	for kind, body := range webpChunks(data) {
		switch kind {
		case "VP8 ", "VP8L", "VP8X", "ANIM", "ANMF", "ALPH", "ICCP":
		default:
			continue
		}
		at := len(out) + 8
		out = appendChunk(out, kind, body)
		if kind == "VP8X" && len(body) > 0 {
			const exif, xmp = 0x08, 0x04
			out[at] &^= exif | xmp
		}
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}
