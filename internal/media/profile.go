package media

import (
	"bytes"
	"encoding/binary"
	"io"
)

// maxProfile bounds a colour profile, in bytes; profiles of printers have 2 MB.
const maxProfile = 8 << 20

// profileOf is the ICC profile of a picture file, nil when it carries none that
// is whole: the pixels mean sRGB then.
func profileOf(f Format, data []byte) []byte {
	var profile []byte
	switch f.Ext {
	case ".png":
		profile = pngProfile(data)
	case ".jpg":
		profile = jpegProfile(data)
	case ".webp":
		for kind, body := range webpChunks(data) {
			if kind == "ICCP" {
				profile = body
				break
			}
		}
	case ".tiff":
		profile = tiffProfile(data)
	}
	if !isProfile(profile) {
		return nil
	}
	return bytes.Clone(profile)
}

// isProfile looks at the header: its length, "acsp", and colours in RGB, which
// the decoded pixels are.
func isProfile(p []byte) bool {
	return len(p) >= 128 && len(p) <= maxProfile && string(p[36:40]) == "acsp" && string(p[16:20]) == "RGB "
}

func pngProfile(data []byte) []byte {
	var profile []byte
	budget := int64(maxProfile)
	_ = walkPNG(bytes.NewReader(data), func(c pngChunk) error {
		if c.kind == "IDAT" {
			return io.EOF // the profile comes before
		}
		if c.kind != "iCCP" {
			return c.discard()
		}
		body, err := c.read(&budget)
		if err != nil {
			return err
		}
		if _, rest, ok := bytes.Cut(body, []byte{0}); ok && len(rest) > 1 && rest[0] == 0 {
			profile, _ = inflate(rest[1:], &budget) // a broken one is none
		}
		return io.EOF
	})
	return profile
}

// A colour profile in a JPEG: segments that begin with a mark, its number and how
// many there are.
const (
	jpegAPP2        = 0xe2
	jpegProfileMark = "ICC_PROFILE\x00"
)

// jpegProfile joins the pieces, which are numbered from 1.
func jpegProfile(data []byte) []byte {
	pieces := make(map[byte][]byte)
	count := byte(0)
	_ = walkJPEG(bytes.NewReader(data), func(marker byte, pos, size int64) error {
		end := pos + size
		if marker != jpegAPP2 || end > int64(len(data)) {
			return nil
		}
		if body, ok := bytes.CutPrefix(data[pos:end], []byte(jpegProfileMark)); ok && len(body) > 2 {
			pieces[body[0]], count = body[2:], body[1]
		}
		return nil
	})
	var profile []byte
	for i := 1; i <= int(count); i++ {
		piece, ok := pieces[byte(i)]
		if !ok || len(profile)+len(piece) > maxProfile {
			return nil
		}
		profile = append(profile, piece...)
	}
	return profile
}

func tiffProfile(data []byte) []byte {
	const tag = 34675
	var order binary.ByteOrder = binary.LittleEndian
	if hasPrefix(data, "MM") {
		order = binary.BigEndian
	}
	if len(data) < 8 {
		return nil
	}
	var profile []byte
	directory{data, order}.each(order.Uint32(data[4:]), func(t, _ uint16, value []byte) {
		if t == tag {
			profile = value
		}
	})
	return profile
}
