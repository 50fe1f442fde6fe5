// Package server is the HTTP API of `easel serve`: workflows, jobs, results and
// their events, in the words of the owner's document. It validates by the same
// registry and plan as the command line, queues jobs in a database
// (internal/jobs), and runs nothing itself.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Options of a Server.
type Options struct {
	DB      *jobs.DB
	Catalog *plan.Catalog
	Store   storage.Store // outputs
	Files   storage.Store // uploads, by their hash
	// Inputs opens an input that a client names and the server has: a file below
	// the folder that --inputs names. Nil: there is no such folder.
	Inputs func(name string) (io.ReadCloser, error)
	// Private takes inputs and webhooks at addresses of this network too. Those that
	// run the jobs and send the messages say so by themselves.
	Private bool

	Secret  []byte // signs links and cookies; at least 32 bytes
	Listen  netip.AddrPort
	Origins []string // of browsers that may use the API with a key: "http://localhost:5173"
	Hosts   []string // further names of this server in the Host header
	Limits  Limits
	Version string
	Log     *slog.Logger

	// Own is where workflows and characters that clients bring are kept; nil: they
	// cannot be changed. Changed is called after each change, so that the catalog
	// reads them.
	Own     *sources.Source
	Changed func() error
	// Backends are asked for choices and definitions; the first is the one that is
	// meant when none is named.
	Backends []Backend

	UI  http.Handler // what answers outside of the API; nil: nothing does
	Now func() time.Time

	// Ready reports why no job can run now, nil when one can.
	Ready func(ctx context.Context) error
}

// A Server answers the API. Close ends its event streams.
type Server struct {
	o       Options
	api     huma.API
	handler http.Handler
	guesses guesses
	logins  logins
	pace    pace
	editing sync.Mutex    // held by who changes files of the user's
	drawing chan struct{} // holds a place for each thumbnail that is being made
	closing chan struct{}
	agents  agents
}

const (
	apiTitle   = "ComfyUI Generation API"
	apiVersion = "2.0.0" // as the owner's document has it
	apiPath    = "/api/v1"
)

// New makes a server.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.Limits.withDefaults()
	s := &Server{o: o, closing: make(chan struct{}), drawing: make(chan struct{}, 1), logins: logins{purpose: "login\n" + rand.Text()}}
	mux := http.NewServeMux()
	s.api = newAPI(mux)
	s.routes()
	s.health(mux)
	s.docRoute(mux)
	mux.HandleFunc(agentsPath, s.serveAgents)
	mux.HandleFunc(apiPath+"/", func(w http.ResponseWriter, r *http.Request) { s.fail(w, s.nothing(mux, w, r)) })
	if o.UI != nil {
		mux.Handle("/", o.UI)
	} else {
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			s.fail(w, &statusError{Status: http.StatusNotFound, Code: "not_found", Detail: "There is nothing at this address", Hint: "the API begins at " + apiPath + "/openapi.json"})
		})
	}
	s.handler = s.logged(s.recovered(paced(s.guarded(compressed(mux)))))
	return s
}

// setHuma sets what the library has only one of in a process.
var setHuma = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.NewError = newHumaError
})

// newAPI is the API without its operations.
func newAPI(mux *http.ServeMux) huma.API {
	setHuma()
	config := huma.DefaultConfig(apiTitle, apiVersion)
	config.OpenAPIPath = apiPath + "/openapi"
	config.DocsPath, config.SchemasPath = "", "" // its page loads scripts from elsewhere
	config.CreateHooks = nil                     // no $schema in answers
	config.Formats = maps.Clone(config.Formats)
	config.Formats["application/x-www-form-urlencoded"] = huma.DefaultJSONFormat // what curl -d says
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "made by easel serve keys add NAME"},
	}
	config.Security = []map[string][]string{{"key": {}}, {}}
	config.Info.Description = "Runs ComfyUI workflows. Requests from this machine need no key; see easel serve --help."
	return humago.New(mux, config)
}

// nothing is the answer about an operation that there is not: the address has others,
// which Allow names, or none.
func (s *Server) nothing(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) error {
	var others []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		with := r.Clone(r.Context())
		with.Method = method
		if _, pattern := mux.Handler(with); strings.HasPrefix(pattern, method+" ") {
			others = append(others, method)
		}
	}
	if others == nil {
		return &statusError{Status: http.StatusNotFound, Code: "not_found", Detail: "There is nothing at this address", Hint: "GET " + apiPath + "/openapi.json lists what there is"}
	}
	w.Header().Set("Allow", strings.Join(others, ", "))
	return &statusError{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Detail: "This address does not take " + r.Method, Hint: "it takes " + strings.Join(others, " and ")}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends the streams of events and the sessions of agents, so that the HTTP
// server can stop.
func (s *Server) Close() {
	close(s.closing)
	s.agents.close()
}

// OpenAPI is the description of the API, version 3.1, as JSON.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().MarshalJSON() }

func (s *Server) routes() {
	s.workflowRoutes()
	s.generateRoutes()
	s.graphRoutes()
	s.jobRoutes()
	s.fileRoutes()
	s.outputRoutes()
	s.eventRoutes()
	s.manageRoutes()
	s.queueRoutes()
	s.libraryRoutes()
	s.backendRoutes()
}

// operation is the description of an operation of the API.
func operation(method, path, id, summary, tag string) huma.Operation {
	return huma.Operation{
		Method: method, Path: apiPath + path, OperationID: id, Summary: summary, Tags: []string{tag},
		BodyReadTimeout: -1, // see paced
		Errors:          []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}
}

// logged writes a line for each request: never its query, which may be signed. The
// answer names the request, by the client's name for it or by one of ours.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := s.o.Now()
		id := r.Header.Get(requestIDHeader)
		if !requestIDForm(id) {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(sw, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
		s.o.Log.Info("request", "request", id, "method", r.Method, "path", r.URL.Path, "status", sw.status, "ms", s.o.Now().Sub(begun).Milliseconds())
	})
}

const requestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// requestIDForm reports whether a client's name for a request can stand in a log.
func requestIDForm(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") == ""
}

// requestID is the name of the request that a context belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (w *statusWriter) WriteHeader(status int) {
	w.status, w.begun = status, true
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recovered makes an answer of a panic.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p) //nolint:forbidigo // it tells net/http to cut the connection
			}
			s.o.Log.Error("a request panicked", "request", requestID(r.Context()), "method", r.Method, "path", r.URL.Path, "panic", p)
			if sw, ok := w.(*statusWriter); ok && !sw.begun {
				s.fail(w, &statusError{Status: http.StatusInternalServerError, Code: "internal", Detail: "easel failed while it answered: that is a bug"})
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// ofAPI reports whether a path is one of the API's.
func ofAPI(path string) bool { return path == apiPath || strings.HasPrefix(path, apiPath+"/") }
