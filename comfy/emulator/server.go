package emulator

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
)

// Defaults of Options.
const (
	DefaultStepTime    = 20 * time.Millisecond
	DefaultVersion     = "0.3.64"
	DefaultHistoryCap  = 10000     // as the server: one more is kept
	DefaultMaxUpload   = 100 << 20 // bytes of any request body
	DefaultMemoryLimit = 512 << 20 // bytes of files kept in memory
)

// Options of a Server. The zero value is a ComfyUI 0.3.64 that keeps its files
// in memory and takes 20 ms per sampler step.
type Options struct {
	StepTime     time.Duration // one sampler step; 0 = DefaultStepTime, negative = no time at all
	ModelLoad    time.Duration // loading one model from disk
	ModelSlots   int           // models that stay loaded, least recently used first out; 0 = 1
	StrictModels bool          // reject model names that are not in the lists
	Dir          string        // folder for input, output and temp; "" = in memory
	MemoryLimit  int64         // bytes of files in memory before the oldest go; 0 = DefaultMemoryLimit
	MaxUpload    int64         // bytes of one request body; 0 = DefaultMaxUpload
	// Version is what /system_stats says, and it picks the dialect, step by
	// step from 0.3.64 to 0.33.0: see dialect.go.
	Version    string
	HistoryCap int  // finished jobs to remember; 0 = DefaultHistoryCap
	Previews   bool // draw previews for everybody, as --preview-method does
	Faults     []Fault
	OnRequest  func(Request) // called after each request, from its goroutine
	// OnExecution is called when a job has ended, before anybody is told.
	OnExecution func(Execution)
}

// A Request is one line of the server's log.
type Request struct {
	Time     time.Time     `json:"time"` // when it arrived
	Method   string        `json:"method"`
	Path     string        `json:"path"` // as asked, with /api if it was there
	Query    string        `json:"query,omitempty"`
	Status   int           `json:"status"` // 0 = the connection was cut before the header
	Bytes    int64         `json:"bytes"`  // of the answer's body
	Client   string        `json:"client"` // address
	Duration time.Duration `json:"duration_ns"`
	Fault    string        `json:"fault,omitempty"` // what was done to it
}

// An Execution is what really happened to one job: an auditor compares it with
// what a client believes.
type Execution struct {
	PromptID string    `json:"prompt_id"`
	ClientID string    `json:"client_id,omitempty"`
	Nodes    []string  `json:"nodes"`  // ids that ran, in order
	Cached   []string  `json:"cached"` // ids whose result was kept from before
	Outcome  string    `json:"outcome"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
}

// Outcomes of an Execution.
const (
	OutcomeSuccess     = "success"
	OutcomeError       = "error"
	OutcomeInterrupted = "interrupted"
	OutcomeLost        = "lost" // the server went away, or lost the job
)

// A Server is a ComfyUI without models. It is an http.Handler that answers on
// /x and /api/x; Client reaches it without a network. It is safe for
// concurrent use.
type Server struct {
	opts    Options
	classes func(name string) *nodes.Class
	listing func() []*nodes.Class
	routes  []route
	faults  *faultSet
	files   *folders
	network *memNetwork

	handlers sync.WaitGroup // Add only under mu and while instance is set

	mu         sync.Mutex
	instance   *instance // nil while killed
	closed     bool
	requests   []Request
	executions []Execution
	started    int // jobs begun, over all instances
}

// New starts a server. Close ends it.
func New(opts Options) *Server { return newServer(opts, nodes.Classes, nodes.Lookup) }

func newServer(opts Options, listing func() []*nodes.Class, find func(string) *nodes.Class) *Server {
	switch {
	case opts.StepTime == 0:
		opts.StepTime = DefaultStepTime
	case opts.StepTime < 0:
		opts.StepTime = 0
	}
	if opts.Version == "" {
		opts.Version = DefaultVersion
	}
	opts.ModelSlots = max(opts.ModelSlots, 1)
	opts.HistoryCap = orDefault(opts.HistoryCap, DefaultHistoryCap)
	opts.MaxUpload = orDefault(opts.MaxUpload, DefaultMaxUpload)
	opts.MemoryLimit = orDefault(opts.MemoryLimit, DefaultMemoryLimit)
	s := &Server{opts: opts, classes: find, listing: listing, routes: routes(), faults: newFaultSet(opts.Faults)}
	s.files = newFolders(opts.Dir, opts.MemoryLimit, s.faults)
	s.network = newMemNetwork(s)
	s.instance = s.startInstance(nil)
	return s
}

func orDefault[T int | int64](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

// Close ends the server and everything it started, and waits for that.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Kill()
	s.handlers.Wait()
	return s.files.close()
}

// Kill ends the server as SIGKILL does: connections break, the running job and
// the queue are gone, and nobody answers until Restart.
func (s *Server) Kill() {
	s.mu.Lock()
	old := s.instance
	s.instance = nil
	s.mu.Unlock()
	s.network.down()
	if old != nil {
		old.stop()
	}
}

// Restart brings the server back after Kill, or ends it first. Queue, cache,
// counter and temporary files are lost; so is the history unless kept, which
// no real server does.
func (s *Server) Restart(keepHistory bool) {
	s.mu.Lock()
	old := s.instance
	s.mu.Unlock()
	s.Kill()
	var kept *history
	if keepHistory && old != nil {
		kept = old.history
	}
	s.files.wipeTemp()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed && s.instance == nil {
		s.instance = s.startInstance(kept)
	}
}

// SetFaults replaces the faults that are switched on.
func (s *Server) SetFaults(faults ...Fault) { s.faults.set(faults) }

// AddFault switches one more fault on.
func (s *Server) AddFault(f Fault) { s.faults.add(f) }

// Requests lists the requests answered so far, in the order of their end. Of
// very many only the newest are kept (65,536 to 131,072).
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Executions lists the jobs that ended so far, in order, as many as Requests.
func (s *Server) Executions() []Execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.executions)
}

// Client gives an HTTP client for http://emulator that needs no network. It
// reaches no other address.
func (s *Server) Client() *http.Client { return s.network.client() }

// live gives the running instance, or nil.
func (s *Server) live() *instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instance
}

// enter gives the running instance to a handler, which calls leave at its end.
func (s *Server) enter() (in *instance, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.instance == nil {
		return nil, func() {}
	}
	s.handlers.Add(1)
	return s.instance, s.handlers.Done
}

func (s *Server) logRequest(r Request) {
	s.mu.Lock()
	s.requests = capped(s.requests, r)
	s.mu.Unlock()
	if s.opts.OnRequest != nil {
		s.opts.OnRequest(r)
	}
}

func (s *Server) logExecution(e Execution) {
	s.mu.Lock()
	s.executions = capped(s.executions, e)
	s.mu.Unlock()
	if s.opts.OnExecution != nil {
		s.opts.OnExecution(e)
	}
}

// logLimit bounds the logs of a server that runs for months.
const logLimit = 1 << 17

// capped appends to a log, and drops its older half when it is full.
func capped[T any](log []T, entry T) []T {
	if len(log) >= logLimit {
		log = slices.Clone(log[logLimit/2:])
	}
	return append(log, entry)
}

// countStart numbers the jobs from 1.
func (s *Server) countStart() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started++
	return s.started
}
