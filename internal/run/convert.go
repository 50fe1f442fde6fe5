package run

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"io"
	"path"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
)

const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
)

// typeByName is the media type that a file name promises, "" when it promises no
// kind of picture.
func typeByName(name string) string {
	if !namedPicture(name) {
		return ""
	}
	kind := strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	if kind == "jpg" {
		return typeJPEG
	}
	return "image/" + kind
}

// misnamed reports whether a name that the user gave promises another kind of
// picture than there is.
func misnamed(name, mediaType string) bool {
	kind := typeByName(name)
	return kind != "" && kind != mediaType
}

// convertible reports whether pictures are converted to a media type: there is
// an encoder for it that loses nothing that can be seen.
func convertible(mediaType string) bool { return mediaType == typeJPEG || mediaType == typePNG }

// nameable refuses a fixed name for what the run surely does not make and what
// nothing is converted to, before anything runs.
func (t *Ticket) nameable() error {
	kind := typeByName(t.Naming.Fixed)
	if kind == "" || convertible(kind) || !t.makesPNG() {
		return nil
	}
	return &OutputNameError{Name: t.Naming.Fixed, Made: "PNG"}
}

// makesPNG reports whether some output that is kept is a PNG for sure: of a node
// of ComfyUI's own that writes nothing else, or put together here.
func (t *Ticket) makesPNG() bool {
	saves, previews := false, false
	for _, id := range t.Graph.IDs() {
		n := t.Graph.Node(id)
		if n.Class == "SaveImage" {
			return true
		}
		previews = previews || n.Class == "PreviewImage"
		saves = saves || savesFiles(n)
	}
	return t.Repaint != nil || previews && !saves // previews are kept where nothing is saved
}

// A madeFile is a file that was made here from what came from the backend.
type madeFile struct {
	io.ReadCloser
	original string // SHA-256 of what was converted; "" when nothing was
	profile  string // name of the colour profile that it got; "" for none
}

// profileName says in a record which colour profile a file was given.
func profileName(profile []byte) string {
	if profile == nil {
		return ""
	}
	return cmp.Or(media.ProfileName(profile), "unnamed")
}

// converted opens an output as the kind of picture that its fixed name promises,
// or that the run's format says. What cannot be converted comes as it is, with a
// note, where it is a picture or has a name that promises one.
func converted(t *Ticket, o comfy.Output, open opener, note func(string)) opener {
	kind := t.wanted()
	if kind == "" {
		return open
	}
	return func(ctx context.Context) (io.ReadCloser, int64, error) {
		body, size, err := open(ctx)
		if err != nil {
			return nil, 0, err
		}
		made, whole, err := media.Peek(body)
		if err != nil {
			body.Close()
			return nil, 0, fmt.Errorf("download output %d of node %s: %w", o.Index+1, o.Node, err)
		}
		came, _ := body.(madeFile)
		came.ReadCloser = peeked{whole, body}
		body = came
		if made.MediaType == kind || made.Kind != media.KindImage && typeByName(t.Naming.Fixed) == "" {
			return body, size, nil
		}
		warn := func(why string) {
			note(fmt.Sprintf("output %d of node %s is %s and is not stored as %s: %s", o.Index+1, o.Node, made.Name(), t.wantedName(), why))
		}
		if !convertible(kind) || made.Kind != media.KindImage || made.Animated || made.Ext == ".gif" {
			warn("only single pictures are converted, to JPEG and PNG")
			return body, size, nil
		}
		data, err := download(ctx, o, func(context.Context) (io.ReadCloser, int64, error) { return body, size, nil })
		if err != nil {
			return nil, 0, err
		}
		file, profile, notes, err := convert(data, kind, t.Format.quality())
		if err != nil {
			warn(err.Error())
			came.ReadCloser = io.NopCloser(bytes.NewReader(data))
			return came, int64(len(data)), nil
		}
		for _, text := range notes {
			note(fmt.Sprintf("output %d of node %s was converted to %s: %s", o.Index+1, o.Node, t.wantedName(), text))
		}
		sum := sha256.Sum256(data)
		return madeFile{io.NopCloser(bytes.NewReader(file)), hex.EncodeToString(sum[:]), profileName(profile)}, int64(len(file)), nil
	}
}

// peeked is a body of which the beginning has been looked at.
type peeked struct {
	io.Reader
	io.Closer
}

// convert makes a picture another kind of file, with its colour profile, and
// says what is not as it was. quality is that of a JPEG.
func convert(data []byte, kind string, quality int) (file, profile []byte, notes []string, err error) {
	pic, err := media.Load(bytes.NewReader(data), media.Limits{Bytes: repaint.MaxPainted})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("it %w", err)
	}
	notes = pic.Notes
	if pic.ProfileLost != "" {
		notes = append(notes, pic.ProfileLost)
	}
	if kind == typePNG {
		file, err = media.EncodePNG(pic.Image, media.PNGEdit{Profile: pic.Profile})
		return file, pic.Profile, notes, err
	}
	var img image.Image = pic.Image
	if pic.HadAlpha {
		img = media.Flatten(pic.Image)
		notes = append(notes, "transparent parts were laid on white, since JPEG has no transparency")
	}
	file, err = media.EncodeJPEG(img, quality, pic.Profile)
	return file, pic.Profile, notes, err
}
