package mcp

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Options of a Server.
type Options struct {
	Engine   Engine
	Registry func() (*registry.Registry, error)
	// Presets are offered as prompts; nil = there are none.
	Presets func(ctx context.Context) ([]Preset, error)

	Workflows []string // ids of those that become tools; none = all
	Category  string   // only those of a category; "" = all
	Picture   int      // pixels of the longer side of pictures in answers; 0 = answers have none
	Limits    Limits
	// Roots says that the client is on this machine: folders that it opens may be
	// read.
	Roots   bool
	Version string
	Log     *slog.Logger // nil = nothing is logged
	// Problem says what an error is; nil = problem.Of.
	Problem func(error) problem.Problem
}

// A Preset is a workflow with some of its values given.
type Preset struct {
	Name  string
	Order plan.Order
}

// A Server offers workflows to agents, on one connection or many.
type Server struct {
	o       Options
	sdk     *sdk.Server
	gate    *gate
	stop    context.Context // ends when the server is closed
	stopAll context.CancelFunc

	changing sync.Mutex // is held while tools are changed

	mu      sync.Mutex
	reg     *registry.Registry // that the tools were made of
	tools   []*tool
	over    bool           // it is closed
	running sync.WaitGroup // calls, and the question for choices
	asked   chan struct{}  // closed when the backend has answered; nil = it was not asked
	askedAt time.Time
}

// A tool is a workflow that agents can call. It is not changed: another takes its
// place.
type tool struct {
	name       string
	workflow   *registry.Workflow
	characters []*registry.Character
	offer      map[string][]string
	arguments  []argument
}

// New makes a server. It fails when Workflows names one that there is not.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Problem == nil {
		o.Problem = problem.Of
	}
	s := &Server{o: o, gate: newGate(o.Limits)}
	s.stop, s.stopAll = context.WithCancel(context.Background())
	s.sdk = sdk.NewServer(&sdk.Implementation{Name: "easel", Title: "easel: ComfyUI workflows", Version: o.Version}, &sdk.ServerOptions{
		Instructions: instructions, Logger: o.Log,
		// Tools change when the backend's choices are known. Nothing is logged to clients.
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{ListChanged: true}},
	})
	s.addListings()
	s.addResources()
	if err := s.load(); err != nil {
		return nil, err
	}
	s.sdk.AddReceivingMiddleware(s.fresh)
	return s, nil
}

// load makes the tools of the registry, when it is another one than before.
func (s *Server) load() error {
	s.changing.Lock()
	defer s.changing.Unlock()
	reg, err := s.o.Registry()
	if err != nil {
		return err
	}
	if reg == s.reg {
		return nil
	}
	tools, err := s.choose(reg)
	if err != nil {
		return err
	}
	s.replace(reg, tools)
	return nil
}

// choose makes the tools of the workflows that are wanted.
func (s *Server) choose(reg *registry.Registry) ([]*tool, error) {
	wanted := reg.List(s.o.Category)
	if len(s.o.Workflows) > 0 {
		wanted = nil
		for _, id := range s.o.Workflows {
			wf, err := reg.Workflow(id)
			if err != nil {
				return nil, err
			}
			if s.o.Category == "" || wf.Category == s.o.Category {
				wanted = append(wanted, wf)
			}
		}
	}
	var ids []string
	for _, wf := range wanted {
		ids = append(ids, wf.ID)
	}
	taken := map[string]bool{}
	for _, l := range s.listings() {
		taken[l.tool.Name] = true
	}
	names := toolNames(ids, taken)
	known := map[string]map[string][]string{} // the choices of before, until they are asked for anew
	for _, t := range s.tools {
		known[t.workflow.ID] = t.offer
	}
	var tools []*tool
	for _, wf := range wanted {
		t := tool{name: names[wf.ID], workflow: wf, characters: reg.Characters()}
		made, err := t.with(known[wf.ID])
		if err != nil {
			s.o.Log.Warn("a workflow is no tool", "workflow", wf.ID, "error", err)
			continue
		}
		tools = append(tools, made)
	}
	return tools, nil
}

// with is the tool with what the backend has to choose from.
func (t tool) with(offer map[string][]string) (*tool, error) {
	var err error
	t.offer = offer
	t.arguments, err = arguments(t.workflow, t.characters, offer)
	return &t, err
}

// replace offers tools instead of those of before. s.changing is held.
func (s *Server) replace(reg *registry.Registry, tools []*tool) {
	gone := map[string]bool{}
	for _, t := range s.tools {
		gone[t.name] = true
	}
	for _, t := range tools {
		delete(gone, t.name)
	}
	newCharacters := reg != s.reg
	s.mu.Lock()
	s.reg, s.tools = reg, tools
	s.mu.Unlock()
	s.sdk.RemoveTools(slices.Collect(maps.Keys(gone))...)
	for _, t := range tools {
		s.sdk.AddTool(&sdk.Tool{
			Name: t.name, Title: t.workflow.Name, Description: t.description(),
			InputSchema: inputSchema(t.arguments), OutputSchema: resultSchema(),
			Annotations: &sdk.ToolAnnotations{Title: t.workflow.Name, DestructiveHint: new(false), OpenWorldHint: new(true)},
		}, s.call(t))
	}
	if newCharacters {
		s.addPrompts(reg.Characters())
	}
}

// now are the tools.
func (s *Server) now() []*tool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tools
}

func (t *tool) description() string {
	wf := t.workflow
	text := wf.Name
	if wf.Description != "" {
		text += ". " + wf.Description
	}
	if wf.Category != "" {
		text += " (" + wf.Category
		if wf.ModelFamily != "" {
			text += ", " + wf.ModelFamily
		}
		text += ")"
	}
	return text + ". Takes time on a GPU, perhaps money; stores new files and changes none."
}

// How long choices of the backend are waited for, and how long they hold.
const (
	offerPatience = 3 * time.Second
	offerLimit    = 20 * time.Second
	offerHolds    = time.Minute
)

// fresh puts the backend's choices into the tools before a client lists them, if
// they come in time. A client that listed before hears that they changed.
func (s *Server) fresh(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, req sdk.Request) (sdk.Result, error) {
		switch method {
		case "tools/list":
			if err := s.load(); err != nil { // the tools of before stay
				s.o.Log.Warn("reading the registry", "error", err)
			}
			s.awaitOffer(ctx)
		case "resources/list":
			return s.listResources(ctx)
		case "prompts/list":
			s.addPresets(ctx)
		}
		return next(ctx, method, req)
	}
}

func (s *Server) awaitOffer(ctx context.Context) {
	s.mu.Lock()
	if (s.asked == nil || time.Since(s.askedAt) > offerHolds) && !s.over {
		done := make(chan struct{})
		s.asked, s.askedAt = done, time.Now()
		ctx := context.WithoutCancel(ctx)
		s.running.Go(func() {
			defer close(done)
			ctx, end := s.within(ctx)
			defer end()
			ctx, stop := context.WithTimeout(ctx, offerLimit)
			defer stop()
			s.refresh(ctx)
		})
	}
	asked := s.asked
	s.mu.Unlock()
	timer := time.NewTimer(offerPatience)
	defer timer.Stop()
	select {
	case <-asked:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// refresh asks for the choices of all tools. Of a backend that does not answer,
// the tools stay as they are.
func (s *Server) refresh(ctx context.Context) {
	tools := s.now()
	var workflows []*registry.Workflow
	for _, t := range tools {
		workflows = append(workflows, t.workflow)
	}
	offers, err := s.o.Engine.Offers(ctx, workflows)
	if err != nil {
		s.o.Log.Info("asking the backend for choices", "error", err)
	}
	changed := slices.Clone(tools)
	for i, offer := range offers {
		if maps.EqualFunc(offer, tools[i].offer, slices.Equal[[]string]) {
			continue
		}
		if t, err := tools[i].with(offer); err == nil {
			changed[i] = t
		}
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	if !slices.Equal(changed, tools) && slices.Equal(s.tools, tools) { // else the registry changed meanwhile
		s.replace(s.reg, changed)
	}
}

// begin counts a call, unless the server is closed.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.running.Add(1)
	}
	return !s.over
}

// within is a context that also ends when the server stops.
func (s *Server) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.stop, func() { cancel(context.Canceled) })
	return ctx, func() { stop(); cancel(nil) }
}

// Serve speaks with one client until it is gone or ctx ends. Runs that have not
// ended by then are taken off their backend before it returns. What the client
// sends that is no message is answered with an error.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := &lineWriter{out: out}
	var of atomic.Pointer[sdk.ServerSession]
	from := &messages{in: bufio.NewReader(in), out: lines, most: mostLine, batches: func() bool { return hasBatches(of.Load()) }}
	session, err := s.sdk.Connect(ctx, &sdk.IOTransport{Reader: io.NopCloser(from), Writer: lines, MaxLineLength: mostLine + 1}, nil)
	if err != nil {
		return err
	}
	of.Store(session)
	over := make(chan error, 1)
	go func() { over <- session.Wait() }()
	select {
	case err = <-over: // whether in has ended or could not be read
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	s.Close()
	return err
}

// mostLine bounds one message of a client, in bytes: a picture in it is base64.
const mostLine = 64 << 20

// hasBatches reports whether a session takes several messages in one; the client's
// revision of the protocol decides, and before it is known all do.
func hasBatches(s *sdk.ServerSession) bool {
	if s == nil || s.InitializeParams() == nil {
		return true
	}
	revision := s.InitializeParams().ProtocolVersion
	return revision == "2024-11-05" || revision == "2025-03-26"
}

// Close takes runs that have not ended off their backend, waits for it, and ends
// the sessions.
func (s *Server) Close() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.stopAll()
	s.running.Wait()
	for session := range s.sdk.Sessions() {
		_ = session.Close() // its client may be gone
	}
}
