package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// EXIF tags that easel reads (CIPA DC-008, and the uses of workflow tools).
const (
	tagDescription = 0x010e
	tagMake        = 0x010f // ComfyUI: "workflow:{...}"
	tagModel       = 0x0110 // ComfyUI: "prompt:{...}"
	tagOrientation = 0x0112
	tagSoftware    = 0x0131
	tagEXIF        = 0x8769 // offset of the EXIF directory
	tagUserComment = 0x9286
	tagXPTitle     = 0x9c9b // of Windows, as the other two: UTF-16 in bytes
	tagXPComment   = 0x9c9c
	tagXPSubject   = 0x9c9f
)

// exif is what easel reads of an EXIF block.
type exif struct {
	orientation int // 1 to 8; 1 when it does not say
	software    string
	texts       []string // of all text tags but software, decoded
}

// readEXIF reads a block, with or without the "Exif\0\0" before it. It takes
// what it can: every offset and count is checked. Texts that overlap are an attack,
// so all of them together are no longer than the block.
func readEXIF(block []byte) exif {
	e := exif{orientation: 1}
	data := bytes.TrimPrefix(block, []byte("Exif\x00\x00"))
	var order binary.ByteOrder
	switch {
	case hasPrefix(data, "II*\x00"):
		order = binary.LittleEndian
	case hasPrefix(data, "MM\x00*"):
		order = binary.BigEndian
	default:
		return e
	}
	if len(data) < 8 {
		return e
	}
	d := directory{data, order}
	left, nested := len(data), false
	text := func(tag uint16, value []byte) {
		if left -= len(value); left < 0 {
			return
		}
		switch tag {
		case tagUserComment:
			e.texts = append(e.texts, userComment(value, order))
			return
		case tagXPTitle, tagXPComment, tagXPSubject:
			e.texts = append(e.texts, strings.TrimRight(wideText(value, binary.LittleEndian), "\x00 "))
			return
		}
		e.texts = append(e.texts, string(bytes.TrimRight(value, "\x00 ")))
	}
	d.each(order.Uint32(data[4:]), func(tag, kind uint16, value []byte) {
		switch {
		case tag == tagOrientation && kind == 3 && len(value) >= 2:
			if o := int(order.Uint16(value)); o >= 1 && o <= 8 {
				e.orientation = o
			}
		case tag == tagSoftware && kind == 2:
			e.software = string(bytes.TrimRight(value, "\x00 "))
		case tag == tagEXIF && kind == 4 && len(value) >= 4 && !nested:
			nested = true // there is one
			d.each(order.Uint32(value), func(tag, _ uint16, value []byte) {
				if tag == tagUserComment {
					text(tag, value)
				}
			})
		case tag == tagUserComment, tag == tagXPTitle, tag == tagXPComment, tag == tagXPSubject, kind == 2:
			text(tag, value)
		}
	})
	return e
}

// describe hands the texts on. block is searched when the offsets of a text
// are wrong, as they are in files of old versions of ComfyUI.
func (e exif) describe(c *collector, block []byte) {
	if e.software != "" {
		c.add("software", e.software)
	}
	for _, t := range e.texts {
		c.free(t)
	}
	if len(c.meta.Prompt) == 0 || len(c.meta.Workflow) == 0 {
		c.search(block)
	}
}

type directory struct {
	data  []byte
	order binary.ByteOrder
}

// each visits the entries of the directory at an offset, apart from those
// that point out of the block.
func (d directory) each(offset uint32, visit func(tag, kind uint16, value []byte)) {
	if int64(offset)+2 > int64(len(d.data)) {
		return
	}
	entries := d.data[offset+2:]
	for range d.order.Uint16(d.data[offset:]) {
		if len(entries) < 12 {
			return
		}
		kind := d.order.Uint16(entries[2:])
		size := int64(d.order.Uint32(entries[4:])) * sizeOf(kind)
		value := entries[8:12]
		if size > 4 {
			at := int64(d.order.Uint32(value))
			if at+size > int64(len(d.data)) {
				entries = entries[12:]
				continue
			}
			value = d.data[at : at+size]
		} else {
			value = value[:size]
		}
		visit(d.order.Uint16(entries), kind, value)
		entries = entries[12:]
	}
}

// sizeOf is the size in bytes of a value of a TIFF type.
func sizeOf(kind uint16) int64 {
	switch kind {
	case 3, 8:
		return 2
	case 4, 9, 11:
		return 4
	case 5, 10, 12:
		return 8
	}
	return 1
}

// webpMetadata reads the chunks of EXIF and XMP.
func webpMetadata(r *io.SectionReader, c *collector) error {
	return walkRIFF(r, 12, func(kind string, pos, size int64) error {
		if kind != "EXIF" && kind != "XMP " {
			return nil
		}
		body, err := c.take(r, pos, size)
		if err != nil {
			return err
		}
		if kind == "EXIF" {
			readEXIF(body).describe(c, body)
		} else {
			c.xmp(body)
		}
		return nil
	})
}

// jpegMetadata reads EXIF, XMP and comments in the segments before the picture.
// A comment that is too long for one segment goes on in the next.
func jpegMetadata(r *io.SectionReader, c *collector) error {
	var long xmpExtension
	var comment []byte
	err := jpegSegments(r, c, &long, &comment)
	if len(comment) > 0 {
		c.free(string(comment))
	}
	return err
}

func jpegSegments(r *io.SectionReader, c *collector, long *xmpExtension, comment *[]byte) error {
	return walkJPEG(r, func(marker byte, pos, size int64) error {
		if marker != jpegAPP1 && marker != jpegComment {
			return nil
		}
		body, err := c.take(r, pos, size)
		if err != nil {
			return err
		}
		switch {
		case marker == jpegComment:
			if c.free(string(body)); c.meta.Empty() {
				*comment = append(*comment, body...)
			}
		case hasPrefix(body, xmpSegment):
			c.xmp(body[len(xmpSegment):])
		case hasPrefix(body, xmpExtended):
			return long.add(c, body[len(xmpExtended):])
		case hasPrefix(body, "Exif\x00\x00"):
			readEXIF(body).describe(c, body)
		}
		return nil
	})
}

const (
	jpegAPP1    = 0xe1
	jpegComment = 0xfe
)

// walkJPEG visits the segments up to the first picture data; pos and size are
// those of the content.
func walkJPEG(r io.ReaderAt, visit func(marker byte, pos, size int64) error) error {
	var b [4]byte
	pos := int64(2)
	for range maxPieces {
		if _, err := r.ReadAt(b[:], pos); err != nil {
			if errors.Is(err, io.EOF) {
				return errDamaged
			}
			return err
		}
		switch marker := b[1]; {
		case b[0] != 0xff:
			return errDamaged
		case marker == 0xff: // fill byte
			pos++
		case marker == 0xda || marker == 0xd9:
			return nil
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd8:
			pos += 2
		default:
			size := int64(binary.BigEndian.Uint16(b[2:]))
			if size < 2 {
				return errDamaged
			}
			if err := visit(marker, pos+4, size-2); err != nil {
				return err
			}
			pos += 2 + size
		}
	}
	return errDamaged
}
