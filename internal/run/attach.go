package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/registry"
)

// attach sends the files that a recorded graph names by their content, when
// the graph still names them and no parameter has sent them. One that is gone
// or has changed since is an *InputError.
func (p *Preparation) attach(ctx context.Context, t *Ticket, recorded []Input) error {
	sent := map[string]bool{}
	for _, f := range t.Files {
		sent[f.SHA256] = true
	}
	for _, in := range recorded {
		targets, name := namedByContent(t.Graph, in.SHA256)
		if len(targets) == 0 || sent[in.SHA256] {
			continue
		}
		made, err := p.recordedFile(ctx, t, in, targets)
		if err != nil {
			return err
		}
		if err := in.Same(Input{SHA256: made.file.SHA256}); err != nil {
			return err
		}
		made.file.Name = name
		t.send(made, in.Parameter, in.File, targets)
		sent[in.SHA256] = true
	}
	return nil
}

// recordedFile reads a recorded input as it was read for the recorded run.
func (p *Preparation) recordedFile(ctx context.Context, t *Ticket, in Input, targets []comfy.Target) (prepared, error) {
	v := registry.Value{Param: &registry.Parameter{Name: in.Parameter, Type: registry.TypeImage}}
	alpha := keepsAlpha(t.Graph, targets)
	return p.once(keyOf(t, v, in.File, fmt.Sprint("recorded, alpha ", alpha)), func() (prepared, error) {
		s := p.source(ctx, v, in.File)
		found, err := s.look(ctx)
		if err != nil {
			return prepared{}, err
		}
		switch found.Format.Kind {
		case media.KindVideo:
			v.Param.Type = registry.TypeVideo
		case media.KindAudio:
			v.Param.Type = registry.TypeAudio
		}
		return s.prepare(ctx, alpha)
	})
}

// namedByContent finds the graph's inputs that hold the name of a content.
func namedByContent(g *comfy.Graph, sha string) (targets []comfy.Target, name string) {
	if len(sha) < 32 {
		return nil, ""
	}
	stem := contentName(sha, "")
	for _, id := range g.IDs() {
		n := g.Node(id)
		for _, input := range n.Inputs.Names() {
			if value, ok := n.Inputs.Text(input); ok && len(value) > len(stem) && strings.HasPrefix(value, stem) {
				targets, name = append(targets, comfy.Target{Node: id, Input: input}), value
			}
		}
	}
	return targets, name
}

// Same fails with an *InputError when the content of an input is not the one
// that was recorded.
func (in Input) Same(now Input) error {
	was, is := in.SHA256, now.SHA256
	if in.Original != "" && now.Original != "" {
		was, is = in.Original, now.Original
	}
	if was == "" || was == is {
		return nil
	}
	return &InputError{
		Parameter: in.Parameter, File: in.File,
		Reason:  "is not the file of the recorded run any more: its content has changed",
		Replace: true,
	}
}
