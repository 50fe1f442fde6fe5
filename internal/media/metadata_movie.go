package media

import (
	"encoding/binary"
	"io"
	"strings"
)

// movieMetadata reads udta, udta/meta and meta in moov, and in its tracks, of MP4
// and QuickTime files: the keys and ilst boxes that ComfyUI writes, and the older ilst names.
func movieMetadata(r *io.SectionReader, c *collector) error {
	_, err := eachBox(r, 0, r.Size(), func(kind string, pos, end int64) error {
		if kind != "moov" {
			return nil
		}
		_, err := eachBox(r, pos, end, func(kind string, pos, end int64) error {
			if kind != "trak" {
				return describedBox(r, c, kind, pos, end)
			}
			_, err := eachBox(r, pos, end, func(kind string, pos, end int64) error {
				return describedBox(r, c, kind, pos, end)
			})
			return err
		})
		return err
	})
	return err
}

// describedBox reads a box of a movie or a track that holds descriptions.
func describedBox(r *io.SectionReader, c *collector, kind string, pos, end int64) error {
	switch kind {
	case "meta":
		return metaBox(r, c, pos, end)
	case "udta":
		_, err := eachBox(r, pos, end, func(kind string, pos, end int64) error {
			switch {
			case kind == "meta":
				return metaBox(r, c, pos, end)
			case kind[0] == 0xa9:
				return quickTimeText(r, c, kind, pos, end)
			}
			return nil
		})
		return err
	}
	return nil
}

// eachBox visits the boxes between two positions; pos and end are those of the
// content. It stops quietly at bytes that are no box and returns how many came.
func eachBox(r io.ReaderAt, pos, end int64, visit func(kind string, pos, end int64) error) (int, error) {
	var b [16]byte
	n := 0
	for ; pos+8 <= end && n < maxPieces; n++ {
		if _, err := r.ReadAt(b[:8], pos); err != nil {
			return n, err
		}
		header, size := int64(8), int64(binary.BigEndian.Uint32(b[:]))
		switch size {
		case 0:
			size = end - pos
		case 1:
			if _, err := r.ReadAt(b[8:], pos+8); err != nil {
				return n, nil
			}
			header, size = 16, int64(binary.BigEndian.Uint64(b[8:])&(1<<62-1))
		}
		if size < header || size > end-pos {
			return n, nil
		}
		if err := visit(string(b[4:8]), pos+header, pos+size); err != nil {
			return n, err
		}
		pos += size
	}
	return n, nil
}

// metaBox reads one meta box: names in keys, values in ilst. In MP4 its boxes
// come after 4 bytes of version and flags, in QuickTime at once.
func metaBox(r *io.SectionReader, c *collector, pos, end int64) error {
	var b [8]byte
	if _, err := r.ReadAt(b[:], pos); err != nil || end-pos < 8 {
		return nil
	}
	if !isBoxName(string(b[4:])) || binary.BigEndian.Uint32(b[:]) < 8 {
		pos += 4
	}
	var names []string
	_, err := eachBox(r, pos, end, func(kind string, pos, end int64) error {
		switch kind {
		case "keys":
			body, err := c.take(r, pos, end-pos)
			names = keyNames(body)
			return err
		case "ilst":
			_, err := eachBox(r, pos, end, func(kind string, pos, end int64) error {
				return item(r, c, names, kind, pos, end)
			})
			return err
		}
		return nil
	})
	return err
}

// quickTimeText reads a text of QuickTime's user data, as FFmpeg writes the comment
// of a MOV: a length, a language and the text, once for each language. Texts of
// more than 64 KiB, whose length does not fit, reach to the end of the box.
func quickTimeText(r *io.SectionReader, c *collector, kind string, pos, end int64) error {
	body, err := c.take(r, pos, end-pos)
	if err != nil || len(body) < 4 {
		return err
	}
	text := body[4:]
	if n := int(binary.BigEndian.Uint16(body)); n > 0 && n < len(text) && len(body) < 1<<16 {
		text = text[:n]
	}
	c.add("©"+kind[1:], plainText(text, binary.BigEndian))
	return nil
}

// keyNames reads a keys box: version, count, then size, namespace and name of each.
func keyNames(body []byte) []string {
	var names []string
	for rest := body[min(8, len(body)):]; len(rest) >= 8; {
		size := int64(binary.BigEndian.Uint32(rest))
		if size < 8 || size > int64(len(rest)) {
			break
		}
		names = append(names, string(rest[8:size]))
		rest = rest[size:]
	}
	return names
}

// item reads one value. Its box is called by the number of its name in keys,
// from 1, by a four-letter name, or ---- with the name inside.
func item(r *io.SectionReader, c *collector, names []string, kind string, pos, end int64) error {
	name := kind
	if i := binary.BigEndian.Uint32([]byte(kind)); i >= 1 && int64(i) <= int64(len(names)) {
		name = names[i-1]
	}
	if strings.HasPrefix(kind, "\xa9") {
		name = "©" + kind[1:]
	}
	_, err := eachBox(r, pos, end, func(kind string, pos, end int64) error {
		if kind == "name" && name == "----" && end-pos > 4 {
			body, err := c.take(r, pos+4, end-pos-4)
			name = string(body)
			return err
		}
		if kind != "data" || end-pos <= 8 {
			return nil
		}
		body, err := c.take(r, pos, end-pos)
		if err != nil || len(body) < 8 {
			return err
		}
		const wide = 2                                          // the type of UTF-16; UTF-8 is 1
		format, text := binary.BigEndian.Uint32(body), body[8:] // after type and locale
		value := plainText(text, binary.BigEndian)
		if format == wide {
			value = wideText(text, binary.BigEndian)
		}
		c.add(name[strings.LastIndexByte(name, '.')+1:], value)
		return nil
	})
	return err
}

// Element ids of Matroska (RFC 9559).
const (
	mkSegment   = 0x18538067
	mkTags      = 0x1254c367
	mkTag       = 0x7373
	mkSimpleTag = 0x67c8
	mkTagName   = 0x45a3
	mkTagString = 0x4487
)

// matroskaMetadata reads the tags of a segment. A cluster of unknown length
// ends the search: what follows can only be found by decoding it.
func matroskaMetadata(r *io.SectionReader, c *collector) error {
	return eachElement(r, 0, r.Size(), func(id uint32, pos, end int64) error {
		if id != mkSegment {
			return nil
		}
		return eachElement(r, pos, end, func(id uint32, pos, end int64) error {
			if id != mkTags {
				return nil
			}
			return eachElement(r, pos, end, func(id uint32, pos, end int64) error {
				if id != mkTag {
					return nil
				}
				return eachElement(r, pos, end, func(id uint32, pos, end int64) error {
					if id != mkSimpleTag {
						return nil
					}
					return simpleTag(r, c, pos, end)
				})
			})
		})
	})
}

func simpleTag(r *io.SectionReader, c *collector, pos, end int64) error {
	var name, value string
	err := eachElement(r, pos, end, func(id uint32, pos, end int64) error {
		if id != mkTagName && id != mkTagString {
			return nil
		}
		body, err := c.take(r, pos, end-pos)
		if id == mkTagName {
			name = string(body)
		} else {
			value = string(body)
		}
		return err
	})
	if err != nil {
		return err
	}
	c.add(name, value)
	return nil
}

// eachElement visits the EBML elements between two positions.
func eachElement(r io.ReaderAt, pos, end int64, visit func(id uint32, pos, end int64) error) error {
	var b [12]byte
	for n := 0; pos < end && n < maxPieces; n++ {
		got, err := r.ReadAt(b[:min(12, end-pos)], pos)
		if err != nil {
			return err
		}
		_, idLen := vint(b[:got])
		if idLen == 0 || idLen > 4 || idLen >= got {
			return nil
		}
		var id uint32
		for _, x := range b[:idLen] {
			id = id<<8 | uint32(x)
		}
		size, sizeLen := vint(b[idLen:got])
		if sizeLen == 0 {
			return nil
		}
		pos += int64(idLen + sizeLen)
		if size == unknownLength(sizeLen) && id == mkSegment || size > end-pos {
			size = end - pos
		}
		if err := visit(id, pos, pos+size); err != nil {
			return err
		}
		pos += size
	}
	return nil
}
