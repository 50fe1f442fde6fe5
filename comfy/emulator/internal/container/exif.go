package container

import (
	"bytes"
	"encoding/binary"
)

// Orientation finds the orientation tag in the EXIF block of a JPEG, PNG or
// WebP file; 1 when there is none. It looks only at the block itself.
func Orientation(data []byte) int {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		for i := 2; i+4 <= len(data) && data[i] == 0xff && data[i+1] != 0xda; {
			size := int(binary.BigEndian.Uint16(data[i+2:]))
			if size < 2 || i+2+size > len(data) {
				return 1
			}
			if body := data[i+4 : i+2+size]; data[i+1] == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
				return tiffOrientation(body[6:])
			}
			i += 2 + size
		}
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		for i := 8; i+8 <= len(data); {
			size := int(binary.BigEndian.Uint32(data[i:]))
			if i+12+size > len(data) {
				return 1
			}
			if string(data[i+4:i+8]) == "eXIf" {
				return tiffOrientation(data[i+8 : i+8+size])
			}
			i += 12 + size
		}
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		for i := 12; i+8 <= len(data); {
			size := int(binary.LittleEndian.Uint32(data[i+4:]))
			if i+8+size > len(data) {
				return 1
			}
			if string(data[i:i+4]) == "EXIF" {
				return tiffOrientation(bytes.TrimPrefix(data[i+8:i+8+size], []byte("Exif\x00\x00")))
			}
			i += 8 + size + size%2
		}
	}
	return 1
}

// tiffOrientation reads tag 0x0112 of the first directory.
func tiffOrientation(data []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if len(data) < 8 {
		return 1
	}
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	at := int(order.Uint32(data[4:]))
	if at < 8 || at+2 > len(data) {
		return 1
	}
	count := int(order.Uint16(data[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > len(data) {
			return 1
		}
		if order.Uint16(data[entry:]) == 0x0112 {
			if v := int(order.Uint16(data[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}
