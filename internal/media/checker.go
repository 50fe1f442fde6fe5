package media

import "fmt"

// A Report is what a Checker found.
type Report struct {
	Format   Format
	Width    int // pixels; 0 when the format has none or they are not known
	Height   int
	Size     int64  // bytes seen
	Complete bool   // nothing is missing, as far as the format shows
	Reason   string // why not, "" when complete
}

// A Checker is fed a file while it streams by and says afterwards what it is
// and whether it is whole: lengths and end marks, and for PNG the checksums.
// It uses constant memory. Formats without an end are complete when they are
// not empty.
type Checker struct {
	size int64
	head []byte
	fmt  Format
	scan *scanner // nil until the format is known
}

// NewChecker returns a Checker that has seen nothing.
func NewChecker() *Checker { return &Checker{head: make([]byte, 0, sniffLen)} }

// Write takes the next bytes. It never fails.
func (c *Checker) Write(p []byte) (int, error) {
	n := len(p)
	c.size += int64(n)
	if c.scan == nil {
		take := min(len(p), sniffLen-len(c.head))
		c.head = append(c.head, p[:take]...)
		p = p[take:]
		if len(c.head) < sniffLen {
			return n, nil
		}
		c.begin()
	}
	c.scan.feed(p)
	return n, nil
}

func (c *Checker) begin() {
	c.fmt = sniff(c.head)
	c.scan = newScanner(c.fmt)
	c.scan.feed(c.head)
}

// Report says what is known after the bytes so far, taken as the whole file.
func (c *Checker) Report() Report {
	if c.scan == nil && c.size > 0 {
		c.begin()
	}
	if c.scan == nil {
		return Report{Format: Unknown(), Reason: "it is empty"}
	}
	r := Report{Format: c.fmt, Size: c.size, Width: c.scan.width, Height: c.scan.height}
	r.Reason = c.scan.reason(c.size)
	r.Complete = r.Reason == ""
	return r
}

// A scanner walks a stream field by field: it gathers need bytes, hands them
// to step, and passes over as many as step tells it to.
type scanner struct {
	need  int
	skip  int64
	field []byte
	step  func(field []byte)
	// over sees what is skipped; it may be nil.
	over func(p []byte)
	// raw, when set, takes bytes instead of step and returns how many it used
	// before it gave the word back to step.
	raw func(p []byte) int
	end func(size int64) string // why the file is damaged, "" when it is not

	width, height int
	frames        int    // pictures begun, GIF only
	fault         string // set by step: what is broken; the rest is ignored
	done          bool   // the end was seen; the rest is ignored
}

func (s *scanner) feed(p []byte) {
	for len(p) > 0 && s.fault == "" && !s.done {
		switch {
		case s.skip > 0:
			n := int(min(int64(len(p)), s.skip))
			if s.over != nil {
				s.over(p[:n])
			}
			s.skip -= int64(n)
			p = p[n:]
		case s.raw != nil:
			p = p[s.raw(p):]
		case s.step == nil:
			return
		default:
			n := min(len(p), s.need-len(s.field))
			s.field = append(s.field, p[:n]...)
			p = p[n:]
			if len(s.field) == s.need {
				field := s.field
				s.field = s.field[:0]
				s.step(field)
			}
		}
	}
}

// next asks for the following field.
func (s *scanner) next(need int, step func([]byte)) { s.need, s.step = need, step }

func (s *scanner) broken(format string, args ...any) { s.fault = fmt.Sprintf(format, args...) }

func (s *scanner) reason(size int64) string {
	if s.fault != "" {
		return s.fault
	}
	if s.end != nil {
		return s.end(size)
	}
	return ""
}

// ends finds the reason for formats that have an end mark.
func (s *scanner) ends(mark string) {
	s.end = func(int64) string {
		if !s.done {
			return "it is cut off: there is no " + mark
		}
		return ""
	}
}

func newScanner(f Format) *scanner {
	s := &scanner{}
	switch f.Ext {
	case ".png":
		scanPNG(s)
	case ".jpg":
		scanJPEG(s)
	case ".gif":
		scanGIF(s)
	case ".webp", ".wav", ".avi":
		scanRIFF(s)
	case ".avif", ".heic", ".mp4", ".mov", ".m4a":
		scanISO(s, f.Kind != KindImage)
	case ".webm", ".mkv":
		scanMatroska(s)
	case ".flac":
		scanFLAC(s)
	case ".ogg", ".opus", ".ogv":
		scanOgg(s)
	case ".glb":
		scanGLB(s)
	case ".safetensors", ".latent":
		scanSafetensors(s)
	case ".bmp":
		scanBMP(s)
	}
	return s
}
