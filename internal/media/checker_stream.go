package media

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
)

func ofBytes(got, want int64) string { return fmt.Sprintf("%d of %d bytes", got, want) }

// An isoScan walks the boxes of MP4, QuickTime and AVIF. A recording that was
// not finished has no moov box.
type isoScan struct {
	*scanner
	index string // the box without which nothing can be shown
	found bool
	pos   int64
	until int64 // end of the box at the top; -1: it reaches to the end of the file
}

func scanISO(s *scanner, movie bool) {
	o := &isoScan{scanner: s, index: "meta"}
	if movie {
		o.index = "moov"
	}
	s.end = o.reason
	s.next(8, o.box)
}

func (o *isoScan) reason(got int64) string {
	switch {
	case o.until >= 0 && got < o.until:
		return "it is cut off: " + ofBytes(got, o.until)
	case !o.found:
		return "it is cut off: there is no " + o.index + " box"
	}
	return ""
}

// box reads the header of a box.
func (o *isoScan) box(b []byte) {
	size, kind := int64(binary.BigEndian.Uint32(b)), string(b[4:8])
	if !isBoxName(kind) {
		o.broken("there is no box where one belongs")
		return
	}
	if size != 1 {
		o.enter(kind, size, 8)
		return
	}
	o.next(8, func(b []byte) {
		o.enter(kind, int64(binary.BigEndian.Uint64(b)&(1<<62-1)), 16)
	})
}

// enter goes into boxes that lead to the dimensions and passes over the others.
func (o *isoScan) enter(kind string, size, header int64) {
	if o.until >= 0 && o.pos >= o.until { // at the top
		o.until = o.pos + size
		if size == 0 {
			o.until = -1
		}
		o.found = o.found || kind == o.index
	}
	body := size - header
	o.pos += header
	switch {
	case size == 0:
		o.step = nil // the rest of the file
	case body < 0:
		o.broken("box %q has an impossible length", kind)
	case kind == "moov" || kind == "trak":
		o.next(8, o.box)
	case kind == "tkhd" && body >= 84 && body <= 256:
		o.read(body, body, o.trackSize)
	case kind == "meta" && o.index == kind && body > 8:
		o.read(body, min(body, 2048), o.pictureSize)
	default:
		o.pass(body)
	}
}

// read hands the first bytes of a box's body on and passes over the rest.
func (o *isoScan) read(body, first int64, see func([]byte)) {
	o.next(int(first), func(b []byte) {
		see(b)
		o.pos += first
		o.pass(body - first)
	})
}

// pass goes on after n bytes of no interest.
func (o *isoScan) pass(n int64) {
	o.skip = n
	o.pos += n
	o.next(8, o.box)
}

// trackSize reads the end of a tkhd box, in 16.16 bits; sound has no size.
func (o *isoScan) trackSize(b []byte) {
	w, h := int(binary.BigEndian.Uint16(b[len(b)-8:])), int(binary.BigEndian.Uint16(b[len(b)-4:]))
	if w > 0 && h > 0 && o.width == 0 {
		o.width, o.height = w, h
	}
}

// pictureSize reads the ispe property, which stands somewhere in the small meta
// box of an AVIF.
func (o *isoScan) pictureSize(b []byte) {
	if at := bytes.Index(b, []byte("ispe")); at >= 0 && at+16 <= len(b) {
		o.width, o.height = dimension(b[at+8:]), dimension(b[at+12:])
	}
}

func isBoxName(kind string) bool {
	for _, c := range []byte(kind) {
		if (c < ' ' || c > '~') && c != 0xa9 { // ©nam and friends
			return false
		}
	}
	return true
}

// scanMatroska compares the length of the segment when the file tells it; a
// live recording does not.
func scanMatroska(s *scanner) {
	var want int64
	seen := false
	s.end = func(got int64) string {
		switch {
		case !seen:
			return "it is cut off: there is no segment"
		case got < want:
			return "it is cut off: " + ofBytes(got, want)
		}
		return ""
	}
	// EBML header: id (4 bytes), length, content; then the segment: id, length.
	s.next(12, func(b []byte) {
		size, n := vint(b[4:])
		if n == 0 || size > 1<<20 {
			s.broken("the header has an impossible length")
			return
		}
		segment := int64(4+n) + size
		if segment < 12 {
			s.broken("the header has an impossible length")
			return
		}
		s.skip = segment - 12
		s.next(12, func(b []byte) {
			if !bytes.Equal(b[:4], []byte{0x18, 0x53, 0x80, 0x67}) {
				s.broken("there is no segment where one belongs")
				return
			}
			seen = true
			if size, n := vint(b[4:]); n > 0 && size != unknownLength(n) {
				want = segment + int64(4+n) + size
			}
			s.step = nil
		})
	})
}

// vint reads a variable-length integer of EBML; n is 0 when there is none.
func vint(b []byte) (v int64, n int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	n = 1
	for b[0]&(0x80>>(n-1)) == 0 {
		n++
	}
	if len(b) < n {
		return 0, 0
	}
	v = int64(b[0]) & (0x80>>(n-1) - 1)
	for _, c := range b[1:n] {
		v = v<<8 | int64(c)
	}
	return v, n
}

// unknownLength is the value of n bytes of ones: "until the end".
func unknownLength(n int) int64 { return 1<<(7*n) - 1 }

// scanFLAC walks the metadata; sound must follow. The frames carry no total.
func scanFLAC(s *scanner) {
	s.ends("sound after the metadata")
	var block func([]byte)
	block = func(b []byte) {
		s.skip = int64(binary.BigEndian.Uint32(b) & 0xffffff)
		if b[0]&0x80 == 0 {
			s.next(4, block)
			return
		}
		s.next(1, func([]byte) { s.done = true })
	}
	s.next(4, func([]byte) { s.next(4, block) })
}

// scanOgg walks the pages; the file must end with a whole one.
func scanOgg(s *scanner) {
	border, pages := true, 0
	var page func([]byte)
	s.end = func(int64) string {
		if pages < 2 || !border || s.skip > 0 || len(s.field) > 0 {
			return "it is cut off inside a page"
		}
		return ""
	}
	page = func(b []byte) {
		if string(b[:4]) != "OggS" {
			s.broken("there is no page where one belongs")
			return
		}
		border = false
		pages++
		body := func(table []byte) {
			for _, n := range table {
				s.skip += int64(n)
			}
			border = true
			s.next(27, page)
		}
		if n := int(b[26]); n > 0 {
			s.next(n, body)
			return
		}
		body(nil)
	}
	s.next(27, page)
}

func scanGLB(s *scanner) {
	want := int64(12)
	s.end = func(got int64) string {
		if got < want {
			return "it is cut off: " + ofBytes(got, want)
		}
		return ""
	}
	s.next(12, func(b []byte) {
		want = max(12, int64(binary.LittleEndian.Uint32(b[8:])))
		s.step = nil
	})
}

// maxTensorHeader is the limit of the format itself (100 MB).
const maxTensorHeader = 100_000_000

// scanSafetensors reads the header, when it is of usual size, for the end of
// the last tensor.
func scanSafetensors(s *scanner) {
	const readable = 1 << 20
	want := int64(9)
	s.end = func(got int64) string {
		if got < want {
			return "it is cut off: " + ofBytes(got, want)
		}
		return ""
	}
	s.next(8, func(b []byte) {
		size := int64(binary.LittleEndian.Uint64(b))
		want = 8 + size
		if size > readable {
			s.step = nil
			return
		}
		s.next(int(size), func(b []byte) {
			s.step = nil
			last, err := lastOffset(b)
			if err != nil {
				s.broken("the header cannot be read: %v", err)
				return
			}
			want += last
		})
	})
}

func lastOffset(header []byte) (int64, error) {
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(header, &entries); err != nil {
		return 0, err
	}
	var last int64
	for name, entry := range entries {
		if name == "__metadata__" {
			continue
		}
		var tensor struct {
			Offsets []json.Number `json:"data_offsets"`
		}
		if err := json.Unmarshal(entry, &tensor); err != nil {
			return 0, err
		}
		if len(tensor.Offsets) == 2 {
			end, err := strconv.ParseInt(tensor.Offsets[1].String(), 10, 62)
			if err != nil || end < 0 {
				return 0, fmt.Errorf("tensor %q has impossible offsets", name)
			}
			last = max(last, end)
		}
	}
	return last, nil
}
