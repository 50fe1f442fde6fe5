package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxProfile bounds a colour profile, in bytes; profiles of printers have 2 MB.
const maxProfile = 8 << 20

// profileOf is the ICC profile of a picture file, nil when it carries none or
// one that says nothing of decoded pixels, which are RGB: lost says why then. The
// pixels mean sRGB without a profile.
func profileOf(f Format, data []byte) (profile []byte, lost string) {
	whole := true
	switch f.Ext {
	case ".png":
		profile, whole = pngProfile(data)
	case ".jpg":
		profile, whole = jpegProfile(data)
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
	switch {
	case len(profile) == 0 && whole && f.Ext == ".png":
		return nil, pngColours(data)
	case len(profile) == 0 && whole:
		return nil, ""
	case !whole || len(profile) < profileHeader || len(profile) > maxProfile || string(profile[36:40]) != "acsp":
		return nil, "its colour profile is damaged and was left out"
	}
	switch space := string(profile[16:20]); space {
	case "RGB ":
		return bytes.Clone(profile), ""
	case "CMYK":
		return nil, "its colour profile is for CMYK and was left out: the picture was made RGB without it"
	case "GRAY":
		return nil, "its colour profile is for shades of gray and was left out"
	}
	return nil, "its colour profile is for other colours than RGB and was left out"
}

// profileHeader is the length of a profile's header in bytes.
const profileHeader = 128

// ProfileName is what an ICC profile calls itself, "" when it does not say. It
// is a foreign text of at most 100 bytes, without control characters.
func ProfileName(p []byte) string {
	be := binary.BigEndian
	if len(p) < profileHeader+4 {
		return ""
	}
	table := p[profileHeader+4:]
	for range min(be.Uint32(p[profileHeader:]), 100) {
		const entry = 12 // signature, offset, size
		if len(table) < entry {
			return ""
		}
		offset, size := int64(be.Uint32(table[4:])), int64(be.Uint32(table[8:]))
		if string(table[:4]) == "desc" && offset+size <= int64(len(p)) {
			return printable(describedBy(p[offset : offset+size]))
		}
		table = table[entry:]
	}
	return ""
}

// describedBy reads the description of a profile: ASCII in version 2, UTF-16 in
// version 4, of which the first language is taken.
func describedBy(tag []byte) string {
	be := binary.BigEndian
	at := func(offset, size uint32) []byte {
		if int64(offset)+int64(size) > int64(len(tag)) {
			return nil
		}
		return tag[offset : int64(offset)+int64(size)]
	}
	switch {
	case len(tag) >= 12 && string(tag[:4]) == "desc":
		text, _, _ := bytes.Cut(at(12, be.Uint32(tag[8:])), []byte{0})
		return string(text)
	case len(tag) >= 28 && string(tag[:4]) == "mluc":
		body := at(be.Uint32(tag[24:]), be.Uint32(tag[20:]))
		units := make([]uint16, len(body)/2)
		for i := range units {
			units[i] = be.Uint16(body[2*i:])
		}
		return string(utf16.Decode(units))
	}
	return ""
}

// printable drops what is no printable text and bounds the rest to 100 bytes.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
	for len(text) > 100 {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return strings.TrimSpace(text)
}

func pngProfile(data []byte) (profile []byte, whole bool) {
	whole = true
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
			profile, err = inflate(rest[1:], &budget)
			whole = err == nil
		}
		return io.EOF
	})
	return profile, whole
}

// pngColours says what is lost of a PNG that describes its colours by numbers other
// than those of sRGB and not by a profile, "" when nothing is.
func pngColours(data []byte) (lost string) {
	const sRGBGamma = 45455 // of 100000
	sRGBPrimaries := [8]uint32{31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000}
	budget := int64(maxProfile)
	_ = walkPNG(bytes.NewReader(data), func(c pngChunk) error {
		switch c.kind {
		case "IDAT":
			return io.EOF
		case "cICP", "sRGB", "gAMA", "cHRM":
		default:
			return c.discard()
		}
		body, err := c.read(&budget)
		if err != nil {
			return err
		}
		other := false
		switch c.kind {
		case "sRGB": // stands above the numbers
			lost = ""
			return io.EOF
		case "cICP":
			other = !bytes.HasPrefix(body, []byte{1, 13})
		case "gAMA":
			const close = 1000 // encoders round differently
			other = len(body) == 4 && max(binary.BigEndian.Uint32(body), sRGBGamma)-min(binary.BigEndian.Uint32(body), sRGBGamma) > close
		case "cHRM":
			var own [8]uint32
			_, err := binary.Decode(body, binary.BigEndian, &own)
			other = err == nil && !slices.EqualFunc(own[:], sRGBPrimaries[:], func(a, b uint32) bool { return max(a, b)-min(a, b) <= 100 })
		}
		if other {
			lost = "its colours are not those of sRGB (" + c.kind + "), which was left out: they may look different"
		}
		return nil
	})
	return lost
}

// A colour profile in a JPEG: segments that begin with a mark, its number and how
// many there are.
const (
	jpegAPP2        = 0xe2
	jpegProfileMark = "ICC_PROFILE\x00"
)

// jpegProfile joins the pieces, which are numbered from 1.
func jpegProfile(data []byte) (profile []byte, whole bool) {
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
	for i := 1; i <= int(count); i++ {
		piece, ok := pieces[byte(i)]
		if !ok || len(profile)+len(piece) > maxProfile {
			return nil, false
		}
		profile = append(profile, piece...)
	}
	return profile, true
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
