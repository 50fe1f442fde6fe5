// Package media knows files by their content: it recognises formats, checks
// that a stream is whole, reads the metadata that programs leave in pictures,
// and prepares the images and masks that workflows take. It imports nothing of
// ours and trusts no byte it reads.
package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// sniffLen is how much of the beginning of a file sniff looks at.
const sniffLen = 4096

// A Format is what a file is by its content.
type Format struct {
	MediaType string // "image/png"; "application/octet-stream" when not known
	Ext       string // with its dot: ".png"; ".bin" when not known
	Kind      Kind
	Animated  bool // GIF is not looked through: false
}

// Kind is what a format is for.
type Kind string

// Kinds of formats.
const (
	KindImage  Kind = "image"
	KindVideo  Kind = "video"
	KindAudio  Kind = "audio"
	KindModel  Kind = "3d"
	KindLatent Kind = "latent" // tensors: ComfyUI's .latent, .safetensors
	KindText   Kind = "text"   // JSON, HTML, plain text
	KindOther  Kind = "other"
)

// Unknown is the format of bytes that are none of the known ones.
func Unknown() Format {
	return Format{MediaType: "application/octet-stream", Ext: ".bin", Kind: KindOther}
}

// Peek recognises a file by its beginning, and gives that back with what follows.
func Peek(r io.Reader) (Format, io.Reader, error) {
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Unknown(), nil, err
	}
	head = head[:n]
	return sniff(head), io.MultiReader(bytes.NewReader(head), r), nil
}

// sniff recognises a file by its first bytes (sniffLen of them, fewer when the
// file is shorter). It never fails: see Unknown.
func sniff(head []byte) Format {
	for _, s := range []func([]byte) (Format, bool){sniffPicture, sniffRIFF, sniffISO, sniffSound, sniffContainer, sniffText} {
		if f, ok := s(head); ok {
			return f
		}
	}
	return Unknown()
}

func imageFormat(mediaType, ext string) (Format, bool) {
	return Format{MediaType: mediaType, Ext: ext, Kind: KindImage}, true
}

// Name is what a user would call the format, with its article: "a PNG image",
// "an HTML page", "a file of unknown kind".
func (f Format) Name() string {
	switch f.Ext {
	case ".html":
		return "an HTML page"
	case ".json":
		return "a JSON document"
	case ".txt":
		return "a text"
	case ".zip":
		return "a ZIP archive"
	case ".pdf":
		return "a PDF document"
	case ".bin":
		return "a file of unknown kind"
	}
	name := strings.ToUpper(strings.TrimPrefix(f.Ext, "."))
	article := "a "
	if slices.Contains([]string{"AIFF", "AVI", "AVIF", "EXR", "M4A", "MKV", "MP3", "MP4", "OGG", "OGV", "OPUS", "SVG"}, name) {
		article = "an "
	}
	switch f.Kind {
	case KindImage:
		return article + name + " image"
	case KindVideo:
		return article + name + " video"
	case KindAudio:
		return article + name + " sound file"
	case KindModel:
		return article + name + " model"
	}
	return "a " + strings.ToLower(name) + " file"
}

const (
	pngMagic = "\x89PNG\r\n\x1a\n"
	jpgMagic = "\xff\xd8\xff"
)

func sniffPicture(head []byte) (Format, bool) {
	switch {
	case hasPrefix(head, pngMagic):
		f, ok := imageFormat("image/png", ".png")
		f.Animated = bytes.Contains(head, []byte("acTL"))
		return f, ok
	case hasPrefix(head, jpgMagic):
		return imageFormat("image/jpeg", ".jpg")
	case hasPrefix(head, "GIF87a"), hasPrefix(head, "GIF89a"):
		return imageFormat("image/gif", ".gif")
	case hasPrefix(head, "BM") && len(head) >= 18 && bytes.Equal(head[6:10], make([]byte, 4)) && head[14] >= 12:
		return imageFormat("image/bmp", ".bmp")
	case hasPrefix(head, "II*\x00"), hasPrefix(head, "MM\x00*"):
		return imageFormat("image/tiff", ".tiff")
	case hasPrefix(head, "v/1\x01"):
		return imageFormat("image/x-exr", ".exr")
	}
	return Format{}, false
}

func sniffRIFF(head []byte) (Format, bool) {
	if len(head) < 12 || !hasPrefix(head, "RIFF") && !hasPrefix(head, "RF64") {
		return Format{}, false
	}
	switch string(head[8:12]) {
	case "WEBP":
		f, ok := imageFormat("image/webp", ".webp")
		f.Animated = len(head) > 20 && string(head[12:16]) == "VP8X" && head[20]&webpAnimated != 0
		return f, ok
	case "WAVE":
		return Format{MediaType: "audio/wav", Ext: ".wav", Kind: KindAudio}, true
	case "AVI ":
		return Format{MediaType: "video/x-msvideo", Ext: ".avi", Kind: KindVideo}, true
	}
	return Format{}, false
}

// sniffISO knows the ISO base media family by its brands.
func sniffISO(head []byte) (Format, bool) {
	if len(head) < 12 || string(head[4:8]) != "ftyp" {
		return Format{}, false
	}
	brands := string(head[8:min(len(head), max(12, int(binary.BigEndian.Uint32(head)&0xfff)))])
	switch major := brands[:4]; {
	case strings.Contains(brands, "avif") || strings.Contains(brands, "avis"):
		f, ok := imageFormat("image/avif", ".avif")
		f.Animated = major == "avis"
		return f, ok
	case major == "heic" || major == "heix" || major == "mif1" || major == "msf1":
		return imageFormat("image/heic", ".heic")
	case major == "qt  ":
		return Format{MediaType: "video/quicktime", Ext: ".mov", Kind: KindVideo}, true
	case major == "M4A " || major == "M4B ":
		return Format{MediaType: "audio/mp4", Ext: ".m4a", Kind: KindAudio}, true
	}
	return Format{MediaType: "video/mp4", Ext: ".mp4", Kind: KindVideo}, true
}

func sniffSound(head []byte) (Format, bool) {
	sound := func(mediaType, ext string) (Format, bool) {
		return Format{MediaType: mediaType, Ext: ext, Kind: KindAudio}, true
	}
	switch {
	case hasPrefix(head, "fLaC"):
		return sound("audio/flac", ".flac")
	case hasPrefix(head, "OggS"):
		switch {
		case bytes.Contains(head, []byte("OpusHead")):
			return sound("audio/opus", ".opus")
		case bytes.Contains(head, []byte("\x80theora")):
			return Format{MediaType: "video/ogg", Ext: ".ogv", Kind: KindVideo}, true
		}
		return sound("audio/ogg", ".ogg")
	case len(head) >= 12 && hasPrefix(head, "FORM") && (hasPrefix(head[8:], "AIFF") || hasPrefix(head[8:], "AIFC")):
		return sound("audio/aiff", ".aiff")
	case hasPrefix(head, "ID3"), isMPEGFrame(head):
		return sound("audio/mpeg", ".mp3")
	}
	return Format{}, false
}

// isMPEGFrame recognises the header of an MPEG audio layer III frame.
func isMPEGFrame(head []byte) bool {
	return len(head) >= 4 && head[0] == 0xff && head[1]&0xe6 == 0xe2 && head[1]&0x18 != 0x08 &&
		head[2]>>4 != 0xf && head[2]>>4 != 0 && head[2]>>2&3 != 3
}

func sniffContainer(head []byte) (Format, bool) {
	switch {
	case hasPrefix(head, "\x1aE\xdf\xa3"):
		if bytes.Contains(head[:min(len(head), 64)], []byte("webm")) {
			return Format{MediaType: "video/webm", Ext: ".webm", Kind: KindVideo}, true
		}
		return Format{MediaType: "video/x-matroska", Ext: ".mkv", Kind: KindVideo}, true
	case hasPrefix(head, "glTF"):
		return Format{MediaType: "model/gltf-binary", Ext: ".glb", Kind: KindModel}, true
	case isSafetensors(head):
		f := Format{MediaType: "application/octet-stream", Ext: ".safetensors", Kind: KindLatent}
		if bytes.Contains(head, []byte(`"latent_tensor"`)) {
			f.Ext = ".latent"
		}
		return f, true
	case hasPrefix(head, "PK\x03\x04"), hasPrefix(head, "PK\x05\x06"):
		return Format{MediaType: "application/zip", Ext: ".zip", Kind: KindOther}, true
	case hasPrefix(head, "%PDF-"):
		return Format{MediaType: "application/pdf", Ext: ".pdf", Kind: KindOther}, true
	}
	return Format{}, false
}

// isSafetensors: a little-endian length, then JSON of that length.
func isSafetensors(head []byte) bool {
	return len(head) > 9 && head[8] == '{' && (head[9] == '"' || head[9] == '}') &&
		binary.LittleEndian.Uint64(head) < maxTensorHeader
}

func sniffText(head []byte) (Format, bool) {
	if !isText(head) {
		return Format{}, false
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	lower := bytes.ToLower(text[:min(len(text), 1024)])
	switch {
	case bytes.HasPrefix(lower, []byte("<svg")), bytes.HasPrefix(lower, []byte("<?xml")) && bytes.Contains(lower, []byte("<svg")):
		return imageFormat("image/svg+xml", ".svg")
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")),
		bytes.HasPrefix(lower, []byte("<head")), bytes.HasPrefix(lower, []byte("<body")):
		return Format{MediaType: "text/html", Ext: ".html", Kind: KindText}, true
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return Format{MediaType: "application/json", Ext: ".json", Kind: KindText}, true
	}
	return Format{MediaType: "text/plain", Ext: ".txt", Kind: KindText}, len(head) > 0
}

// isText reports whether bytes are UTF-8 without control characters; the last
// character may be cut off.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			return !utf8.FullRune(b)
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7f {
			return false
		}
		b = b[size:]
	}
	return true
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }
