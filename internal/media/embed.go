package media

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnembeddable means that nothing here writes into a file of this kind, or that
// the file already holds a packet of XMP, of which there is to be one.
var ErrUnembeddable = errors.New("no record can be written into a file of this kind")

// A Note is what Embed writes into a file: ReadMetadata reads it back.
type Note struct {
	Easel  json.RawMessage // the record
	Prompt json.RawMessage // the graph in ComfyUI's API format; nil = none
}

// Embed writes a record and a graph into a picture: into a PNG as the texts that
// ComfyUI writes, into a JPEG or WebP as XMP (ISO 16684). What decides how it looks
// stays byte for byte. Failures are ErrUnembeddable, or say what is wrong with the
// file.
func Embed(data []byte, n Note) ([]byte, error) {
	f := sniff(data[:min(len(data), sniffLen)])
	switch f.Ext {
	case ".png":
		return embedPNG(data, n)
	case ".jpg":
		return embedJPEG(data, n)
	case ".webp":
		return embedWebP(data, n)
	}
	return nil, ErrUnembeddable
}

func embedPNG(data []byte, n Note) ([]byte, error) {
	var texts []PNGText
	for _, p := range n.properties() {
		texts = append(texts, PNGText{p.name, string(p.value)})
	}
	var out bytes.Buffer
	err := CopyPNG(&out, bytes.NewReader(data), PNGEdit{Set: texts})
	return out.Bytes(), err
}

type property struct {
	name  string
	value json.RawMessage
}

// properties are those that there are.
func (n Note) properties() []property {
	all := []property{{"easel", n.Easel}, {"prompt", n.Prompt}}
	return slices.DeleteFunc(all, func(p property) bool { return len(p.value) == 0 })
}

// xmpNamespace is that of our properties. It is a name and leads nowhere.
const xmpNamespace = "urn:easel:provenance"

// packet is the XMP of a note, with attributes of its description besides.
func (n Note) packet(attributes string) string {
	var b strings.Builder
	b.WriteString(`<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">` +
		`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:e="` + xmpNamespace + `"` + attributes + `>`)
	for _, p := range n.properties() {
		b.WriteString("<e:" + p.name + ">")
		_ = xml.EscapeText(&b, withoutNonCharacters(p.value)) // a Builder takes everything
		b.WriteString("</e:" + p.name + ">")
	}
	b.WriteString(`</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`)
	return b.String()
}

// withoutNonCharacters escapes in JSON the two characters that XML cannot hold.
func withoutNonCharacters(data []byte) []byte {
	data = bytes.ReplaceAll(data, []byte("\ufffe"), []byte(`\ufffe`))
	return bytes.ReplaceAll(data, []byte("\uffff"), []byte(`\uffff`))
}

const (
	jpegSegmentMost = 0xffff - 2 // bytes that one segment of a JPEG holds
	xmpPacketMost   = jpegSegmentMost - len(xmpSegment)
	xmpPartMost     = jpegSegmentMost - len(xmpExtended) - 32 - 4 - 4
)

// embedJPEG puts the packet behind the segments that have to come first. One that
// is too long for a segment goes into several, and the first packet names it.
func embedJPEG(data []byte, n Note) ([]byte, error) {
	const app0 = 0xe0
	at := int64(2)
	err := walkJPEG(bytes.NewReader(data), func(marker byte, pos, size int64) error {
		if pos+size > int64(len(data)) {
			return errDamaged
		}
		content := data[pos : pos+size]
		if marker == jpegAPP1 && (bytes.HasPrefix(content, []byte(xmpSegment)) || bytes.HasPrefix(content, []byte(xmpExtended))) {
			return ErrUnembeddable
		}
		if marker == app0 || marker == jpegAPP1 {
			at = pos + size
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(data[:at])
	whole := n.packet("")
	if len(whole) <= xmpPacketMost {
		out = appendSegment(out, xmpSegment, whole)
		return append(out, data[at:]...), nil
	}
	sum := md5.Sum([]byte(whole)) // the name that the standard asks for, and no protection
	guid := strings.ToUpper(hex.EncodeToString(sum[:]))
	out = appendSegment(out, xmpSegment, Note{}.packet(` xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="`+guid+`"`))
	for from := 0; from < len(whole); from += xmpPartMost {
		head := binary.BigEndian.AppendUint32([]byte(xmpExtended+guid), uint32(len(whole)))
		head = binary.BigEndian.AppendUint32(head, uint32(from))
		out = appendSegment(out, string(head), whole[from:min(from+xmpPartMost, len(whole))])
	}
	return append(out, data[at:]...), nil
}

func appendSegment(out []byte, head, content string) []byte {
	out = append(out, 0xff, jpegAPP1)
	out = binary.BigEndian.AppendUint16(out, uint16(2+len(head)+len(content)))
	return append(append(out, head...), content...)
}

// embedWebP puts the packet behind the picture. A file of the simple form becomes
// one of the extended form, which alone has metadata.
func embedWebP(data []byte, n Note) ([]byte, error) {
	const hasXMP, hasAlpha = 0x04, 0x10
	if len(data) < 30 {
		return nil, errDamaged
	}
	out := append(bytes.Clone(data[:12]), extendedHeader(data)...)
	for kind, body := range webpChunks(data) {
		if kind == "XMP " {
			return nil, ErrUnembeddable
		}
		out = appendChunk(out, kind, body)
	}
	if string(out[12:16]) != "VP8X" || len(out) < 30 {
		return nil, fmt.Errorf("%w: %w", errDamaged, errWebP)
	}
	out[20] |= hasXMP
	if string(data[12:16]) == "VP8L" && data[24]>>4&1 == 1 {
		out[20] |= hasAlpha
	}
	out = appendChunk(out, "XMP ", []byte(n.packet("")))
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}

// extendedHeader is the chunk by which a WebP of the simple form becomes one of the
// extended form; nil when it is one.
func extendedHeader(data []byte) []byte {
	w, h := webpSize(data[12:])
	if string(data[12:16]) == "VP8X" || w == 0 || h == 0 {
		return nil
	}
	body := make([]byte, 10)
	for i := range 3 {
		body[4+i], body[7+i] = byte((w-1)>>(8*i)), byte((h-1)>>(8*i))
	}
	return appendChunk(nil, "VP8X", body)
}

// appendChunk adds a chunk of RIFF, padded to an even length.
func appendChunk(out []byte, kind string, body []byte) []byte {
	out = binary.LittleEndian.AppendUint32(append(out, kind...), uint32(len(body)))
	return append(append(out, body...), make([]byte, len(body)&1)...)
}
