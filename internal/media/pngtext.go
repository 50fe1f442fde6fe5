package media

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"
)

// A PNGText is one piece of text in a PNG.
type PNGText struct {
	Keyword string // 1 to 79 bytes of Latin-1
	Text    string
}

// A PNGError says what is wrong with a PNG.
type PNGError struct{ Reason string }

func (e *PNGError) Error() string { return "the PNG is damaged: " + e.Reason }

// ReadPNGText lists the text of a PNG in the order of the file: chunks tEXt,
// zTXt, iTXt, and comf, which ComfyUI writes into animated pictures. tEXt that
// is valid UTF-8 is taken as such, else as Latin-1. It passes over the
// picture, by seeking when r can. Damage is a *PNGError; what was read before
// it is returned.
func ReadPNGText(r io.Reader) ([]PNGText, error) {
	var found []PNGText
	budget := int64(maxMetadata)
	err := walkPNG(r, func(c pngChunk) error {
		if !c.isText() {
			return c.discard()
		}
		body, err := c.read(&budget)
		if err != nil {
			return err
		}
		if t, ok := decodePNGText(c.kind, body, &budget); ok {
			found = append(found, t)
		}
		return nil
	})
	return found, err
}

// A pngChunk is one chunk whose content has not been read.
type pngChunk struct {
	kind string
	size int64
	r    io.Reader
}

// isText reports whether ReadPNGText understands the chunk.
func (c pngChunk) isText() bool {
	switch c.kind {
	case "tEXt", "zTXt", "iTXt", "comf":
		return true
	}
	return false
}

// read takes the content and compares its checksum.
func (c pngChunk) read(budget *int64) ([]byte, error) {
	if c.size > *budget {
		return nil, errTooMuch
	}
	*budget -= c.size
	body := make([]byte, c.size+4)
	if _, err := io.ReadFull(c.r, body); err != nil {
		return nil, cutOff(err)
	}
	crc := crc32.Update(crc32.ChecksumIEEE([]byte(c.kind)), crc32.IEEETable, body[:c.size])
	if crc != binary.BigEndian.Uint32(body[c.size:]) {
		return nil, &PNGError{fmt.Sprintf("the checksum of chunk %q is wrong", c.kind)}
	}
	return body[:c.size], nil
}

// discard passes over content and checksum. After a seek beyond the end the
// next chunk is what fails.
func (c pngChunk) discard() error {
	if s, ok := c.r.(io.Seeker); ok {
		_, err := s.Seek(c.size+4, io.SeekCurrent)
		return err
	}
	_, err := io.CopyN(io.Discard, c.r, c.size+4)
	return cutOff(err)
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &PNGError{"it is cut off"}
	}
	return err
}

// walkPNG calls visit for each chunk up to and including IEND; visit must read
// or discard the content.
func walkPNG(r io.Reader, visit func(pngChunk) error) error {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return cutOff(err)
	}
	if string(b[:]) != pngMagic {
		return &PNGError{"it does not begin as a PNG"}
	}
	for {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return cutOff(err)
		}
		c := pngChunk{kind: string(b[4:]), size: int64(binary.BigEndian.Uint32(b[:])), r: r}
		if c.size > 1<<31-1 || !isChunkName(c.kind) {
			return &PNGError{"there is no chunk where one belongs"}
		}
		if err := visit(c); err != nil {
			return err
		}
		if c.kind == "IEND" {
			return nil
		}
	}
}

func isChunkName(kind string) bool {
	for _, c := range []byte(kind) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// decodePNGText reads the content of a text chunk; what cannot be read is not ok.
func decodePNGText(kind string, body []byte, budget *int64) (PNGText, bool) {
	keyword, rest, ok := bytes.Cut(body, []byte{0})
	if !ok || len(keyword) == 0 {
		return PNGText{}, false
	}
	compressed := false
	switch kind {
	case "zTXt":
		if len(rest) < 1 || rest[0] != 0 {
			return PNGText{}, false
		}
		compressed, rest = true, rest[1:]
	case "iTXt":
		if len(rest) < 2 || rest[0] > 1 || rest[1] != 0 {
			return PNGText{}, false
		}
		compressed, rest = rest[0] == 1, rest[2:]
		for range 2 { // language, translated keyword
			if _, rest, ok = bytes.Cut(rest, []byte{0}); !ok {
				return PNGText{}, false
			}
		}
	}
	if compressed {
		var err error
		if rest, err = inflate(rest, budget); err != nil {
			return PNGText{}, false
		}
	}
	if !utf8.Valid(rest) {
		rest = latin1(rest)
	}
	return PNGText{Keyword: string(latin1(keyword)), Text: string(rest)}, true
}

func inflate(data []byte, budget *int64) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(z, *budget+1))
	if err != nil {
		return nil, err
	}
	if int64(len(out)) > *budget {
		return nil, errTooMuch
	}
	*budget -= int64(len(out))
	return out, nil
}

// A PNGEdit says how CopyPNG changes the text of a picture.
type PNGEdit struct {
	Strip bool      // leave out all text, EXIF and time
	Set   []PNGText // written before the picture; text of the same keyword is left out
	// Profile is the ICC profile that a picture without one gets; nil: none.
	Profile []byte
}

// CopyPNG copies a PNG and changes its text on the way; the pixels and all
// other chunks stay byte for byte. It holds no more than one text in memory.
func CopyPNG(w io.Writer, r io.Reader, edit PNGEdit) error {
	for _, t := range edit.Set {
		if err := checkKeyword(t.Keyword); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, pngMagic); err != nil {
		return err
	}
	budget := int64(maxMetadata)
	return walkPNG(r, func(c pngChunk) error {
		if edit.Strip && c.private() {
			_, err := io.CopyN(io.Discard, c.r, c.size+4)
			return cutOff(err)
		}
		if c.isText() {
			body, err := c.read(&budget)
			if err != nil {
				return err
			}
			keyword, _, _ := strings.Cut(string(body[:min(len(body), 80)]), "\x00")
			if edit.sets(string(latin1([]byte(keyword)))) {
				return nil
			}
			return writeChunk(w, c.kind, body)
		}
		if err := c.copy(w); err != nil {
			return err
		}
		if c.kind != "IHDR" {
			return nil
		}
		if edit.Profile != nil {
			if err := writePNGProfile(w, edit.Profile); err != nil {
				return err
			}
		}
		for _, t := range edit.Set {
			if err := writePNGText(w, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// private reports whether the chunk may say something about the maker.
func (c pngChunk) private() bool { return c.isText() || c.kind == "eXIf" || c.kind == "tIME" }

func (e PNGEdit) sets(keyword string) bool {
	for _, t := range e.Set {
		if t.Keyword == keyword {
			return true
		}
	}
	return false
}

func (c pngChunk) copy(w io.Writer) error {
	var b [8]byte
	binary.BigEndian.PutUint32(b[:], uint32(c.size))
	copy(b[4:], c.kind)
	if _, err := w.Write(b[:]); err != nil {
		return err
	}
	_, err := io.CopyN(w, c.r, c.size+4)
	return cutOff(err)
}

func checkKeyword(k string) error {
	if len(k) == 0 || len(k) > 79 || strings.TrimSpace(k) != k {
		return fmt.Errorf("a PNG cannot carry text named %q", k)
	}
	for _, c := range []byte(k) {
		if c < ' ' || c > '~' {
			return fmt.Errorf("a PNG cannot carry text named %q", k)
		}
	}
	return nil
}

// writePNGText uses tEXt for ASCII, as ComfyUI does and all programs read, and
// iTXt for the rest.
func writePNGText(w io.Writer, t PNGText) error {
	if strings.IndexFunc(t.Text, func(r rune) bool { return r > '~' || r == 0 }) < 0 {
		return writeChunk(w, "tEXt", []byte(t.Keyword+"\x00"+t.Text))
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(t.Text, "\ufffd"), "\x00", "")
	return writeChunk(w, "iTXt", []byte(t.Keyword+"\x00\x00\x00\x00\x00"+text))
}

func writePNGProfile(w io.Writer, profile []byte) error {
	var body bytes.Buffer
	body.WriteString("ICC profile\x00\x00") // its name, and zlib
	z := zlib.NewWriter(&body)
	if _, err := z.Write(profile); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return writeChunk(w, "iCCP", body.Bytes())
}

func writeChunk(w io.Writer, kind string, body []byte) error {
	if len(body) > 1<<31-1 {
		return errTooMuch
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	_, err := w.Write(b)
	return err
}

func pngMetadata(r *io.SectionReader, c *collector) error {
	budget := int64(maxMetadata)
	return walkPNG(r, func(chunk pngChunk) error {
		if !chunk.isText() && chunk.kind != "eXIf" {
			return chunk.discard()
		}
		body, err := chunk.read(&budget)
		if err != nil {
			return err
		}
		if chunk.kind == "eXIf" {
			readEXIF(body).describe(c, body)
			return nil
		}
		if t, ok := decodePNGText(chunk.kind, body, &budget); ok {
			c.add(t.Keyword, t.Text)
		}
		return nil
	})
}
