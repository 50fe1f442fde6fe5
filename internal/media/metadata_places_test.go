package media

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// xmpPacket is an XMP packet: prompt as an attribute, workflow as an element.
func xmpPacket() string {
	escaped := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:c="https://comfy.org/" c:prompt="` + escaped(wrotePrompt) + `"><c:workflow><rdf:Alt><rdf:li xml:lang="x-default">` +
		escaped(wroteWorkflow) + `</rdf:li></rdf:Alt></c:workflow></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

// exifBlock is an EXIF block with the two texts in the places where ComfyUI
// writes them.
func exifBlock() []byte {
	texts := []struct {
		tag  uint16
		text string
	}{{tagMake, "workflow:" + wroteWorkflow + "\x00"}, {tagModel, "prompt:" + wrotePrompt + "\x00"}}
	block := binary.BigEndian.AppendUint16([]byte("MM\x00*\x00\x00\x00\x08"), uint16(len(texts)))
	at := len(block) + 12*len(texts) + 4
	var tail []byte
	for _, e := range texts {
		block = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(block, e.tag), 2)
		block = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(block, uint32(len(e.text))), uint32(at+len(tail)))
		tail = append(tail, e.text...)
	}
	return append(append(block, 0, 0, 0, 0), tail...)
}

func segment(marker byte, body string) string {
	return "\xff" + string([]byte{marker}) + string(binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))) + body
}

// extendedXMP is a packet in two segments of a JPEG, the second part first.
func extendedXMP(packet string) string {
	half := len(packet) / 2
	part := func(at int, text string) string {
		head := binary.BigEndian.AppendUint32([]byte(xmpExtended+strings.Repeat("A", 32)), uint32(len(packet)))
		return segment(jpegAPP1, string(binary.BigEndian.AppendUint32(head, uint32(at)))+text)
	}
	return part(half, packet[half:]) + part(0, packet[:half])
}

// gifWith is a GIF of one pixel with an extension before it.
func gifWith(extension string) []byte {
	return []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + extension + "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b")
}

// blocks cuts a text into the blocks of a GIF.
func blocks(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := min(len(text), 255)
		b.WriteByte(byte(n))
		b.WriteString(text[:n])
		text = text[n:]
	}
	return b.String() + "\x00"
}

// gifXMP is the extension that holds XMP, with the ramp behind it.
func gifXMP(packet string) string {
	ramp := []byte{1}
	for i := 255; i >= 0; i-- {
		ramp = append(ramp, byte(i))
	}
	return "\x21\xff\x0bXMP DataXMP" + packet + string(ramp) + "\x00"
}

func box(kind string, parts ...string) string {
	body := strings.Join(parts, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
}

// avifWith is an AVIF whose item of a kind stands at its end. It has no picture.
func avifWith(kind, content string) []byte {
	be16 := func(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
	be32 := func(v int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(v))) }
	head := box("ftyp", "avif\x00\x00\x00\x00avifmif1")
	filler := box("mdat", strings.Repeat("\x00", 3<<20)) // more than a search looks at
	meta := func(at int) string {
		return box("meta", "\x00\x00\x00\x00",
			box("iinf", "\x00\x00\x00\x00", be16(2), box("infe", "\x02\x00\x00\x00", be16(1), be16(0), "av01\x00"), box("infe", "\x02\x00\x00\x00", be16(2), be16(0), kind, "\x00")),
			box("iloc", "\x00\x00\x00\x00\x44\x00", be16(2), be16(1), be16(0), be16(1), be32(0), be32(1), be16(2), be16(0), be16(1), be32(at), be32(len(content))))
	}
	at := len(head) + len(meta(0)) + len(filler) + 8
	return []byte(head + meta(at) + filler + box("mdat", content))
}

// A workflow is found wherever programs put one.
func TestPlacesOfMetadata(t *testing.T) {
	t.Parallel()
	both := `{"prompt":` + wrotePrompt + `,"workflow":` + wroteWorkflow + `}`
	long := `{"workflow":` + wroteWorkflow + `,"x":"` + strings.Repeat("x", 70_000) + `","prompt":` + wrotePrompt + `}`
	chunk := func(kind, body string) string {
		return kind + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body + strings.Repeat("\x00", len(body)%2)
	}
	riff := func(kind, body string) string { return chunk("RIFF", "WEBP"+chunk(kind, body)) }
	id3 := func(frame string) string { // of version 2.3
		n := len(frame)
		return "ID3\x03\x00\x00" + string([]byte{0, byte(n >> 14), byte(n >> 7 & 127), byte(n & 127)}) + frame
	}
	comment := "\x00eng\x00" + both
	bigChunk := func(kind, body string) string {
		return kind + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body + strings.Repeat("\x00", len(body)%2)
	}
	attribute := func(name, kind, value string) string {
		return name + "\x00" + kind + "\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(value)))) + value
	}
	for name, data := range map[string][]byte{
		"PNG, XMP":             pngWith(t, "XML:com.adobe.xmp", xmpPacket()),
		"WebP, XMP":            []byte(riff("XMP ", xmpPacket())),
		"JPEG, XMP":            []byte("\xff\xd8" + segment(jpegAPP1, xmpSegment+xmpPacket()) + "\xff\xda\x00\x02\xff\xd9"),
		"JPEG, long XMP":       []byte("\xff\xd8" + extendedXMP(xmpPacket()) + "\xff\xda\x00\x02\xff\xd9"),
		"JPEG, EXIF":           []byte("\xff\xd8" + segment(jpegAPP1, "Exif\x00\x00"+string(exifBlock())) + "\xff\xda\x00\x02\xff\xd9"),
		"JPEG, a comment":      []byte("\xff\xd8" + segment(jpegComment, both) + "\xff\xda\x00\x02\xff\xd9"),
		"JPEG, a long comment": []byte("\xff\xd8" + segment(jpegComment, long[:60_000]) + segment(jpegComment, long[60_000:]) + "\xff\xda\x00\x02\xff\xd9"),
		"WAV, a comment":       []byte(chunk("RIFF", "WAVE"+chunk("fmt ", "odd")+chunk("LIST", "INFO"+chunk("ISFT", "Lavf")+chunk("ICMT", both+"\x00")))),
		"WAV, an ID3 tag":      []byte(chunk("RIFF", "WAVE"+chunk("data", "")+chunk("id3 ", id3("COMM"+string(binary.BigEndian.AppendUint32(nil, uint32(len(comment))))+"\x00\x00"+comment)))),
		"AIFF, an ID3 tag":     []byte(bigChunk("FORM", "AIFF"+bigChunk("COMM", "odd")+bigChunk("ID3 ", id3("COMM"+string(binary.BigEndian.AppendUint32(nil, uint32(len(comment))))+"\x00\x00"+comment)))),
		"AIFF, an annotation":  []byte(bigChunk("FORM", "AIFC"+bigChunk("SSND", "odd")+bigChunk("ANNO", both))),
		"TIFF":                 exifBlock(),
		"OpenEXR": []byte("v/1\x01\x02\x00\x00\x00" + attribute("channels", "chlist", "\x00") + attribute("prompt", "string", wrotePrompt) +
			attribute("lineOrder", "lineOrder", "\x00") + attribute("workflow", "string", wroteWorkflow) + "\x00pixels"),
		"AVI, a comment":        []byte(chunk("RIFF", "AVI "+chunk("LIST", "hdrl"+chunk("avih", "x"))+chunk("LIST", "INFO"+chunk("ICMT", both)))),
		"GIF, a comment":        gifWith("\x21\xfe" + blocks(both)),
		"GIF, XMP":              gifWith(gifXMP(xmpPacket())),
		"AVIF, EXIF at its end": avifWith("Exif", "\x00\x00\x00\x06Exif\x00\x00"+string(exifBlock())),
		"AVIF, XMP":             avifWith("mime", xmpPacket()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := metadata(data)
			if err != nil || !same(m.Prompt, wrotePrompt) || !same(m.Workflow, wroteWorkflow) {
				t.Errorf("prompt %.80s, workflow %.80s, %v", m.Prompt, m.Workflow, err)
			}
			for _, cut := range []int{1, 2, 3} { // what is cut off anywhere ends quietly
				_, _ = metadata(data[:len(data)*cut/4])
			}
		})
	}
}

// What announces more than there is takes no memory.
func TestMetadataBombs(t *testing.T) { // not parallel: it looks at the memory of the process
	huge := strings.Repeat("\xff", 4)
	for name, data := range map[string][]byte{
		"long XMP of 4 GiB": []byte("\xff\xd8" + segment(jpegAPP1, xmpExtended+strings.Repeat("A", 32)+huge+"\x00\x00\x00\x00x") + "\xff\xda\x00\x02\xff\xd9"),
		"items of 4 GiB":    bytes.ReplaceAll(avifWith("Exif", "x"), []byte("\x00\x00\x00\x01"), []byte(huge)),
		"nested XMP":        pngWith(t, "XML:com.adobe.xmp", strings.Repeat("<a>", 1<<20)),
		"tensors of 2^63":   append(binary.LittleEndian.AppendUint64(nil, 1<<63), `{"__metadata__":{}}`...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, _ := metadata(data)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 6*maxMetadata {
			t.Errorf("%s took %d MiB", name, n>>20)
		}
		if !m.Empty() {
			t.Errorf("%s: something was found: %s", name, fmt.Sprint(m))
		}
	}
}
