package run

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Repaint is what it takes to put the painted area back into the picture
// when the run is over, in this process or in a later one.
type Repaint struct {
	Image   FileRef  `json:"image"`
	Mask    *FileRef `json:"mask,omitempty"` // its mask file
	Spec    MaskSpec `json:"spec"`
	Area    [4]int   `json:"area"`    // x, y, width and height of the part of the picture that was sent
	Sent    [2]int   `json:"sent"`    // width and height of what was sent
	Content [2]int   `json:"content"` // its upper left part that is the area; the rest is padding
}

// A FileRef names an input file that is read again after the run.
type FileRef struct {
	Name   string `json:"name"` // a path, absolute; a URL; "-"
	SHA256 string `json:"sha256"`

	source *source // in the process that submitted the run
}

// A masked job is a call whose picture is painted only in part.
type masked struct {
	image, mask registry.Value
	loader      string // node that loads the picture
}

// maskedJob finds the picture and the mask of a call; nil when it has no mask.
func maskedJob(call *registry.Call) (*masked, error) {
	var j masked
	for _, v := range call.Files() {
		switch v.Param.Role {
		case registry.RoleMask:
			j.mask = v
		case registry.RoleImage:
			j.image = v
		}
	}
	if j.mask.Param == nil {
		return nil, nil
	}
	bad := func(reason string) error {
		return &InputError{Parameter: j.mask.Param.Name, Reason: reason}
	}
	if j.image.Param == nil {
		if isDrawn(j.mask) || j.mask.Param.ViaAlpha {
			return nil, bad("there is no picture to mask: give the workflow one with --image")
		}
		return nil, nil // a mask on its own is a picture like any other
	}
	targets := call.FileTargets(j.image.Param.Name)
	if len(j.image.Texts()) != 1 || len(targets) == 0 {
		return nil, bad("needs one picture to lie on")
	}
	j.loader = targets[0].Node
	return &j, nil
}

// A sent picture is what a masked job uploads.
type sent struct {
	image   comfy.File
	mask    *comfy.File // nil: the mask is in the picture's alpha
	repaint Repaint
	notes   []string
}

// A paintbox keeps the last masked picture: several runs of a command differ in
// their seed and share it.
type paintbox struct {
	mu   sync.Mutex
	key  string
	last sent
}

// sendMasked prepares picture and mask and adds them to what the run sends.
func (r *Runner) sendMasked(ctx context.Context, t *Ticket, call *registry.Call, j *masked, spec MaskSpec) (image, mask string, err error) {
	s, err := r.paint(ctx, call, j, spec)
	if err != nil {
		return "", "", err
	}
	for _, note := range s.notes {
		t.warn(note)
	}
	t.Repaint = &s.repaint
	s.image.Targets = call.FileTargets(j.image.Param.Name)
	t.send(j.image.Param.Name, j.image.Texts()[0], s.image)
	t.Inputs[len(t.Inputs)-1].Original = s.repaint.Image.SHA256
	file := s.image // which has the mask in its alpha
	if s.mask != nil {
		file = *s.mask
		file.Targets = call.FileTargets(j.mask.Param.Name)
		t.files = append(t.files, file)
	}
	if !isDrawn(j.mask) {
		t.Inputs = append(t.Inputs, Input{
			Parameter: j.mask.Param.Name, File: j.mask.Texts()[0], SHA256: file.SHA256, Original: s.repaint.Mask.SHA256,
		})
	}
	return s.image.Name, file.Name, nil
}

// maskedFiles are the picture, and the mask file if there is one.
func (r *Runner) maskedFiles(ctx context.Context, j *masked) []source {
	files := []source{r.source(ctx, j.image, j.image.Texts()[0])}
	if !isDrawn(j.mask) {
		files = append(files, r.source(ctx, j.mask, j.mask.Texts()[0]))
	}
	return files
}

// paint reads the picture and draws its mask, once for runs that are alike.
func (r *Runner) paint(ctx context.Context, call *registry.Call, j *masked, spec MaskSpec) (sent, error) {
	plan, err := spec.plan()
	if err != nil {
		return sent{}, err
	}
	f := fitOf(call, j.loader)
	if r.modelPixels > 0 && f.pixels > 0 {
		f.pixels = r.modelPixels
	}
	files := r.maskedFiles(ctx, j)
	form, err := json.Marshal(spec)
	if err != nil {
		return sent{}, fmt.Errorf("write the mask down: %w", err)
	}
	parts := []string{fmt.Sprintf("%s %+v %s %v", form, f, j.mask.Param.Channel, j.mask.Param.ViaAlpha)}
	for _, file := range files {
		found, err := file.look(ctx)
		if err != nil {
			return sent{}, err
		}
		parts = append(parts, file.name, found.sha256)
	}
	key := strings.Join(parts, " ")
	r.paintbox.mu.Lock()
	defer r.paintbox.mu.Unlock()
	if r.paintbox.key == key {
		return r.paintbox.last, nil
	}
	s, err := paint(ctx, j, plan, f, files)
	if err == nil {
		r.paintbox.key, r.paintbox.last = key, s
	}
	return s, err
}

// paint does the work: decode, draw, fit and encode.
func paint(ctx context.Context, j *masked, plan maskPlan, f fit, files []source) (sent, error) {
	s := sent{repaint: Repaint{Spec: plan.MaskSpec}}
	c, err := s.read(ctx, plan, files)
	if err != nil {
		return sent{}, err
	}
	area := c.image.Rect
	if !plan.Whole {
		area = f.around(c.mask.Bounds(), area)
	}
	img, mask, size := media.Part(c.image, area), c.mask.Part(area), area.Size()
	if !plan.Alpha { // what is under transparent pixels is not meant to be seen
		img = media.Flatten(img)
	}
	w, h := f.within(size.X, size.Y)
	if note := shown(c.image.Rect, area, w, h); note != "" {
		s.notes = append(s.notes, files[0].label()+note)
	}
	if w != size.X {
		mask.Grow(size.X / w / 2) // or a fine line could fall between the pixels
		img, mask = media.Resize(img, w, h), mask.Scale(w, h)
	}
	fitted := media.FitGrid(img, f.grid)
	mask = fitted.Mask(mask)
	s.repaint.Area = [4]int{area.Min.X, area.Min.Y, size.X, size.Y}
	s.repaint.Sent, s.repaint.Content = [2]int{fitted.Image.Rect.Dx(), fitted.Image.Rect.Dy()}, [2]int{w, h}
	return s, s.encode(j.mask.Param, fitted.Image, mask)
}

// shown says what of a picture the model sees, and how large, when that is not
// the whole at its own size.
func shown(whole, area image.Rectangle, w, h int) string {
	note := fmt.Sprintf(" of %d x %d pixels", whole.Dx(), whole.Dy())
	if area == whole {
		if w == whole.Dx() {
			return ""
		}
		return note + fmt.Sprintf(" is painted at %d x %d and keeps its size", w, h)
	}
	note += fmt.Sprintf(": the model sees the %d x %d around the mask", area.Dx(), area.Dy())
	if w != area.Dx() {
		note += fmt.Sprintf(", at %d x %d", w, h)
	}
	return note + "; --mask-whole shows it the whole picture"
}

// read loads the files and draws the canvas.
func (s *sent) read(ctx context.Context, plan maskPlan, files []source) (canvas, error) {
	pic, err := files[0].picture(ctx)
	if err != nil {
		return canvas{}, err
	}
	s.note(pic)
	s.repaint.Image = pic.ref()
	var file *media.Picture
	if len(files) > 1 {
		m, err := files[1].picture(ctx)
		if err != nil {
			return canvas{}, err
		}
		ref := m.ref()
		s.repaint.Mask, file = &ref, m.Picture
	}
	c, err := plan.canvas(pic.Picture, file)
	s.notes = append(s.notes, c.notes...)
	return c, err
}

func (s *sent) note(p *picture) {
	for _, n := range p.Notes {
		s.notes = append(s.notes, p.source.label()+": "+n)
	}
}

// encode makes the files: transparent is repainted where the mask goes by
// alpha, white where it goes by a colour channel.
func (s *sent) encode(p *registry.Parameter, img *image.NRGBA, mask *media.Mask) error {
	holes := img
	var err error
	if p.ViaAlpha || p.Channel == "alpha" {
		if holes, err = media.WithHoles(img, mask); err != nil {
			return fmt.Errorf("put the mask into the picture: %w", err)
		}
	}
	if p.ViaAlpha {
		s.image, err = encoded(holes)
		return err
	}
	if s.image, err = encoded(img); err != nil {
		return err
	}
	var file comfy.File
	if p.Channel == "alpha" {
		file, err = encoded(holes)
	} else {
		file, err = encoded(mask.Image())
	}
	s.mask = &file
	return err
}
