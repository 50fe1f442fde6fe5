package media

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"strings"
)

// Where XMP stands (ISO 16684-3): the beginning of a segment of a JPEG, the
// keyword of a text in a PNG.
const (
	xmpSegment  = "http://ns.adobe.com/xap/1.0/\x00"
	xmpExtended = "http://ns.adobe.com/xmp/extension/\x00"
	xmpKeyword  = "xml:com.adobe.xmp"
)

// maxXMPValues bounds the attributes and texts that are looked at.
const maxXMPValues = 10_000

// xmp takes the properties of a packet whose names say what they hold: workflow,
// prompt, parameters, UserComment, description, in any namespace, as attributes
// or as elements. Lists in between have no names of their own.
func (c *collector) xmp(packet []byte) {
	dec := xml.NewDecoder(bytes.NewReader(bytes.Trim(packet, "\x00 \r\n\t")))
	dec.Strict = false
	var names []string
	var text strings.Builder
	for range maxXMPValues {
		token, err := dec.Token()
		if err != nil {
			return // what was read before it counts
		}
		switch t := token.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if isXMPList(name) && len(names) > 0 {
				name = names[len(names)-1]
			}
			names = append(names, name)
			text.Reset()
			for _, a := range t.Attr {
				c.property(a.Name.Local, a.Value)
			}
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if len(names) == 0 {
				return
			}
			c.property(names[len(names)-1], text.String())
			names = names[:len(names)-1]
			text.Reset()
		}
	}
}

func isXMPList(name string) bool {
	switch name {
	case "Alt", "Seq", "Bag", "li":
		return true
	}
	return false
}

// property takes one property of XMP.
func (c *collector) property(name, value string) {
	switch name = strings.ToLower(name); name {
	case "prompt", "workflow", "easel", "parameters", "usercomment", "description", "comment":
		if strings.TrimSpace(value) != "" {
			c.add(name, value)
		}
	}
}

// An xmpExtension gathers a packet that is too long for one segment of a JPEG:
// each segment says which of the whole it is.
type xmpExtension struct {
	packet []byte
	got    int
}

// add takes the content of one segment behind its name: 32 bytes that are the
// same for all of a packet, its length, the place of this part, the part.
func (x *xmpExtension) add(c *collector, body []byte) error {
	const head = 32 + 4 + 4
	if len(body) < head {
		return nil
	}
	size, at := int64(binary.BigEndian.Uint32(body[32:])), int64(binary.BigEndian.Uint32(body[36:]))
	part := body[head:]
	if x.packet == nil {
		if err := c.spend(size); err != nil {
			return err
		}
		x.packet = make([]byte, size)
	}
	if at+int64(len(part)) > int64(len(x.packet)) {
		return nil
	}
	copy(x.packet[at:], part)
	if x.got += len(part); x.got >= len(x.packet) {
		c.xmp(x.packet)
		x.got = 0
	}
	return nil
}
