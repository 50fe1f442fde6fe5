package graphfile

import (
	"bytes"
	"compress/gzip"
	"io"
)

// unpacked is a text that gzip packed, as what is fetched with curl and no --compressed
// is. What keeps other data from being unpacked is the packing: "with zstd".
func unpacked(data []byte) (text []byte, packing string) {
	for _, known := range []struct{ magic, packing string }{
		{"\x28\xb5\x2f\xfd", "with zstd"}, {"BZh", "with bzip2"}, {"\xfd7zXZ\x00", "with xz"}, {"PK\x03\x04", "as a zip archive"}, {"7z\xbc\xaf\x27\x1c", "as a 7z archive"},
	} {
		if bytes.HasPrefix(data, []byte(known.magic)) {
			return nil, known.packing
		}
	}
	if !bytes.HasPrefix(data, []byte("\x1f\x8b\x08")) {
		return data, ""
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, "with gzip, and damaged"
	}
	text, err = io.ReadAll(io.LimitReader(r, MaxText+1))
	switch {
	case err != nil:
		return nil, "with gzip, and damaged"
	case len(text) > MaxText:
		return nil, "with gzip, and too large for a graph"
	}
	return text, ""
}
