package run

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/media"
)

// A Format is the kind of file that pictures are stored as: "" as they came,
// "png", "jpeg", or "jpeg:80" with a quality. Only single pictures are
// converted, and only those of another kind.
type Format string

// FormatError means that a text is no Format.
type FormatError struct{ Text string }

func (e *FormatError) Error() string { return fmt.Sprintf("unknown format %q", e.Text) }

// ParseFormat reads png, jpeg or jpg, and jpeg:QUALITY with a quality of 1 to
// 100. What it does not know is a *FormatError.
func ParseFormat(text string) (Format, error) {
	kind, quality, given := strings.Cut(strings.ToLower(text), ":")
	switch kind {
	case "jpg":
		kind = "jpeg"
	case "", "png", "jpeg":
	default:
		return "", &FormatError{text}
	}
	if !given {
		return Format(kind), nil
	}
	n, err := strconv.Atoi(quality)
	if err != nil || n < 1 || n > 100 || kind != "jpeg" {
		return "", &FormatError{text}
	}
	return Format(fmt.Sprintf("jpeg:%d", n)), nil
}

// mediaType is the type of the files, "" for what comes as it came.
func (f Format) mediaType() string {
	if f == "" {
		return ""
	}
	kind, _, _ := strings.Cut(string(f), ":")
	return "image/" + kind
}

// quality is that of a JPEG, from 1 to 100.
func (f Format) quality() int {
	_, text, _ := strings.Cut(string(f), ":")
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return media.JPEGQuality
}

// Fits reports whether files of this format may be called name: the name
// promises no other kind of picture.
func (f Format) Fits(name string) bool { return f == "" || !misnamed(name, f.mediaType()) }

// wanted is the media type that the run's pictures are stored as: what the
// user's file name promises, or else the format; "" for whatever comes.
func (t *Ticket) wanted() string {
	if kind := typeByName(t.Naming.Fixed); kind != "" {
		return kind
	}
	return t.Format.mediaType()
}

// wantedName says in a message what the pictures are stored as.
func (t *Ticket) wantedName() string {
	switch {
	case t.Naming.Fixed != "":
		return t.Naming.Fixed
	case t.wanted() == typePNG:
		return "PNG"
	}
	return "JPEG"
}
