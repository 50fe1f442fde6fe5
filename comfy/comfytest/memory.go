package comfytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"iter"
	"strconv"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Memory is a small place in this process that chooses the ids of its runs, as
// serverless ones do, and names outputs by reference. It knows EmptyImage,
// LoadImage and SaveImage, and every run is over at once.
type Memory struct {
	// LoseReplies is how many replies to Submit get lost after the run was
	// accepted. It is set before the first use.
	LoseReplies int

	mu   sync.Mutex
	runs []comfy.State     // the handle is "job-" and the index
	kept map[string][]byte // outputs by reference
}

var _ comfy.Backend = (*Memory)(nil)

// Accepted counts the runs that the place took.
func (m *Memory) Accepted() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.runs)
}

// Can implements comfy.Backend.
func (m *Memory) Can() comfy.Abilities { return comfy.Abilities{Ephemeral: true} }

// Describe implements comfy.Backend.
func (m *Memory) Describe(context.Context) (comfy.Info, error) {
	return comfy.Info{Kind: "memory", Can: m.Can()}, nil
}

// Version implements comfy.Backend.
func (m *Memory) Version(context.Context) (string, error) { return "", nil }

// Definitions implements comfy.Backend.
func (m *Memory) Definitions(context.Context, ...string) (map[string]*comfy.ClassInfo, error) {
	return nil, errors.ErrUnsupported
}

// Submit implements comfy.Backend.
func (m *Memory) Submit(ctx context.Context, s comfy.Submission) (comfy.Handle, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := s.Graph.Check(); err != nil {
		return "", &comfy.ValidationError{Type: "malformed_graph", Message: err.Error()}
	}
	st := comfy.State{Phase: comfy.PhaseDone, Position: -1, Executed: true}
	contents := [][]byte{}
	for _, id := range s.Graph.OfClass("SaveImage") {
		content, err := picturesOf(s, id)
		if err != nil {
			return "", err
		}
		contents = append(contents, content)
		st.Outputs = append(st.Outputs, comfy.Output{Node: id, Key: "images", Kind: comfy.OutputImage, Type: "output"})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	h := comfy.Handle("job-" + strconv.Itoa(len(m.runs)))
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	for i, content := range contents {
		st.Outputs[i].Ref = fmt.Sprintf("%s/%d", h, i)
		m.kept[st.Outputs[i].Ref] = content
	}
	m.runs = append(m.runs, st)
	if m.LoseReplies > 0 {
		m.LoseReplies--
		return "", &comfy.AmbiguousError{ID: s.ID, Err: io.ErrUnexpectedEOF}
	}
	return h, nil
}

// picturesOf makes what a saving node gets.
func picturesOf(s comfy.Submission, saver string) ([]byte, error) {
	link, _ := s.Graph.Node(saver).Inputs.Link("images")
	source := s.Graph.Node(link.Node)
	if source != nil && source.Class == "LoadImage" {
		for _, f := range s.Files {
			for _, at := range f.Targets {
				if at.Node != link.Node {
					continue
				}
				r, err := f.Open()
				if err != nil {
					return nil, err
				}
				data, err := io.ReadAll(r)
				return data, errors.Join(err, r.Close())
			}
		}
	}
	if source == nil || source.Class != "EmptyImage" {
		return nil, refusal(s.Graph, saver, "images", "no picture comes in")
	}
	var side [2]int
	for i, input := range []string{"width", "height"} {
		v, _ := source.Inputs.Get(input)
		n, err := strconv.Atoi(string(v))
		if err != nil || n < 1 || n > 4096 {
			return nil, refusal(s.Graph, link.Node, input, "out of range")
		}
		side[i] = n
	}
	img := image.NewNRGBA(image.Rect(0, 0, side[0], side[1]))
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

func refusal(g *comfy.Graph, node, input, message string) error {
	return &comfy.ValidationError{Type: "invalid", Message: message, Nodes: []comfy.NodeProblem{
		{Node: node, Class: g.Node(node).Class, Input: input, Message: message},
	}}
}

// State implements comfy.Backend.
func (m *Memory) State(_ context.Context, h comfy.Handle) (comfy.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, st := range m.runs {
		if h == comfy.Handle("job-"+strconv.Itoa(i)) {
			return st, nil
		}
	}
	return comfy.State{Phase: comfy.PhaseUnknown, Position: -1}, nil
}

// Follow implements comfy.Backend.
func (m *Memory) Follow(ctx context.Context, h comfy.Handle) iter.Seq2[comfy.Event, error] {
	return func(yield func(comfy.Event, error) bool) {
		st, err := m.State(ctx, h)
		switch {
		case err == nil && st.Phase == comfy.PhaseUnknown:
			err = &comfy.LostError{ID: string(h), Gone: h != "", Reason: "no run has this handle"}
		case err == nil:
			err = ctx.Err()
		}
		if err != nil {
			yield(comfy.Event{}, err)
			return
		}
		yield(comfy.Event{Type: comfy.EventDone, State: &st}, nil)
	}
}

// Open implements comfy.Backend.
func (m *Memory) Open(_ context.Context, o comfy.Output) (io.ReadCloser, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, ok := m.kept[o.Ref]
	if !ok {
		return nil, 0, &comfy.NotFoundError{Output: o}
	}
	return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
}

// Cancel implements comfy.Backend: every run is over already.
func (m *Memory) Cancel(_ context.Context, h comfy.Handle) error {
	if h == "" {
		return &comfy.LostError{Reason: "it has no handle"}
	}
	return nil
}
