package run

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
	"github.com/seed-7d77cb5c/easel/registry"
)

// readInputs reads and checks every file that the ticket's call names, before anything
// is sent: the ticket gets the files to upload and the record of them, and
// Bind gets their names. A file that cannot be used is an *InputError.
func (p *Preparation) readInputs(ctx context.Context, t *Ticket, spec *repaint.Spec) (map[string][]string, error) {
	names, call := map[string][]string{}, t.call
	graph, err := call.Workflow.Graph()
	if err != nil {
		return nil, err
	}
	job, err := repaint.JobOf(call)
	if err != nil {
		return nil, err
	}
	if job != nil {
		if spec == nil {
			spec = &repaint.Spec{}
		}
		image, mask, err := p.sendMasked(ctx, t, job, *spec)
		if err != nil {
			return nil, err
		}
		names[job.Image.Param.Name], names[job.Mask.Param.Name] = []string{image}, []string{mask}
	}
	for _, v := range call.Files() {
		if _, done := names[v.Param.Name]; done {
			continue
		}
		targets := call.FileTargets(v.Param.Name)
		for i, name := range v.Texts() {
			at := targets
			if v.Param.List && i < len(targets) {
				at = targets[i : i+1]
			}
			alpha := keepsAlpha(graph, at)
			made, err := p.once(keyOf(t, v, name, fmt.Sprint("alpha ", alpha)), func() (prepared, error) {
				return p.source(ctx, v, name).prepare(ctx, alpha)
			})
			if err != nil {
				return nil, err
			}
			f := t.send(made, v.Param.Name, name, at)
			names[v.Param.Name] = append(names[v.Param.Name], f.Name)
		}
	}
	return names, nil
}

// send adds a file to what the run uploads and records.
func (t *Ticket) send(made prepared, param, name string, at []comfy.Target) comfy.File {
	f := made.file
	f.Targets = at
	t.upload(f)
	t.Warnings = append(t.Warnings, made.notes...)
	t.Inputs = append(t.Inputs, Input{Parameter: param, File: name, SHA256: f.SHA256})
	return f
}

// prepare reads a file and says what to send for it.
func (s source) prepare(ctx context.Context, keepAlpha bool) (prepared, error) {
	if s.param.Type == registry.TypeImage || s.param.Type == registry.TypeMask {
		p, err := s.picture(ctx)
		if err != nil {
			return prepared{}, err
		}
		return p.file(keepAlpha)
	}
	f, err := s.stream(ctx)
	return prepared{file: f}, err
}

// stream is a video or a sound: it is sent as it is, and never in memory as a
// whole.
func (s source) stream(ctx context.Context) (comfy.File, error) {
	found, err := s.look(ctx)
	if err != nil {
		return comfy.File{}, err
	}
	if err := s.fits(found.Report); err != nil {
		return comfy.File{}, err
	}
	return comfy.File{
		Name:   contentName(found.sha256, found.Format.Ext),
		SHA256: found.sha256,
		Size:   found.Size,
		Open:   func() (io.ReadCloser, error) { return s.reopen(found.sha256) },
	}, nil
}

// contentName is what a file is called on the server: the same content has the
// same name, so it travels once.
func contentName(sha, ext string) string { return sha[:32] + ext }

// fits refuses a file of the wrong kind, and one that is cut off.
func (s source) fits(rep media.Report) error {
	ok, kind := false, "a video"
	switch s.param.Type {
	case registry.TypeImage, registry.TypeMask:
		ok, kind = rep.Format.Kind == media.KindImage, "a picture"
	case registry.TypeVideo:
		ok = rep.Format.Kind == media.KindVideo || rep.Format.Kind == media.KindImage && rep.Format.Animated
	case registry.TypeAudio:
		kind = "a sound"
		ok = rep.Format.Kind == media.KindAudio || rep.Format.Kind == media.KindVideo // its sound track
	}
	switch {
	case !ok && rep.Format == media.Unknown():
		return s.bad("is not "+kind, "", nil)
	case !ok:
		return s.bad("is not "+kind+" but "+rep.Format.Name(), "", nil)
	case !rep.Complete:
		return s.bad("is damaged: "+rep.Reason, "", nil)
	}
	return nil
}

// keepsAlpha reports whether the transparency of a picture counts in one of
// the places where it lands.
func keepsAlpha(g *comfy.Graph, at []comfy.Target) bool {
	return slices.ContainsFunc(at, func(t comfy.Target) bool { return readsAlpha(g, t.Node) })
}

// readsAlpha reports whether the graph uses the mask that a loader makes of a
// picture's alpha. Where it does not, alpha would be dropped and whatever
// colour lies under it would show.
func readsAlpha(g *comfy.Graph, loader string) bool {
	n := g.Node(loader)
	if n == nil || n.Class != "LoadImage" {
		return true // not known what it does
	}
	for _, t := range g.Consumers(loader) {
		if l, ok := g.Node(t.Node).Inputs.Link(t.Input); ok && l.Node == loader && l.Slot == 1 {
			return true
		}
	}
	return false
}
