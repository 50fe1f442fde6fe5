package chaos

import (
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// A Rule says what happens to some requests of one endpoint. Fields apply in
// the order in which they stand here.
type Rule struct {
	Method string // "" = any
	Path   string // without /api; "/view", or "/history/" for everything below
	Nth    int    // strikes only the n-th matching request, from 1; 0 = each

	Before    func()        // runs when the request is here and the server has not seen it
	CutBefore bool          // the connection is cut, the server never hears of it
	Status    int           // answers with this instead of the server
	Header    http.Header   // of that answer
	Body      string        // of that answer
	Delay     time.Duration // before the server hears of it
	After     func()        // runs when the server has answered and the client has nothing
	CutAfter  bool          // the connection is cut there
	Replace   int           // the status to give instead of the server's, with its body
	CutBody   int64         // the connection is cut after so many bytes of the body
	AtCut     func()        // runs just before
}

// A Gateway is a reverse proxy that follows rules. WebSockets pass through.
type Gateway struct {
	upstream *httputil.ReverseProxy
	closing  chan struct{}

	mu    sync.Mutex
	rules []*liveRule
	seen  []string // "METHOD /path", in order of arrival
}

type liveRule struct {
	Rule
	hits int
}

// NewGateway makes a gateway in front of a server's address.
func NewGateway(server string, rules ...Rule) (*Gateway, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	g := &Gateway{closing: make(chan struct{})}
	g.upstream = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(u) },
		FlushInterval: -1,
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { abort() },
	}
	for _, r := range rules {
		g.rules = append(g.rules, &liveRule{Rule: r})
	}
	return g, nil
}

// Close ends delays that still run.
func (g *Gateway) Close() { close(g.closing) }

// Seen lists the requests so far, as "METHOD /path" without /api.
func (g *Gateway) Seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.seen...)
}

// abort cuts the client's connection; net/http understands this panic.
func abort() { panic(http.ErrAbortHandler) } //nolint:forbidigo // the documented way to cut a connection

// match finds the rule for a request and counts it.
func (g *Gateway) match(r *http.Request) *Rule {
	path := strings.TrimPrefix(r.URL.Path, "/api")
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, r.Method+" "+path)
	for _, l := range g.rules {
		below := strings.HasSuffix(l.Path, "/") && strings.HasPrefix(path, l.Path)
		if path != l.Path && !below || l.Method != "" && l.Method != r.Method {
			continue
		}
		if l.hits++; l.Nth == 0 || l.Nth == l.hits {
			return &l.Rule
		}
	}
	return nil
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rule := g.match(r)
	if rule == nil {
		g.upstream.ServeHTTP(w, r)
		return
	}
	if rule.Before != nil {
		rule.Before()
	}
	if rule.CutBefore {
		abort()
	}
	if rule.Status > 0 {
		for k, v := range rule.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(rule.Status)
		_, _ = io.WriteString(w, rule.Body)
		return
	}
	if rule.Delay > 0 {
		t := time.NewTimer(rule.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			abort()
		case <-g.closing:
			abort()
		}
	}
	g.upstream.ServeHTTP(&faultyWriter{ResponseWriter: w, rule: rule}, r)
}

// A faultyWriter passes an answer on with the fault of a rule in it.
type faultyWriter struct {
	http.ResponseWriter
	rule   *Rule
	passed int64
}

// Unwrap lets http.ResponseController find the original writer.
func (s *faultyWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *faultyWriter) WriteHeader(status int) {
	if s.rule.After != nil {
		s.rule.After()
	}
	if s.rule.CutAfter {
		abort()
	}
	if s.rule.Replace > 0 {
		status = s.rule.Replace
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *faultyWriter) Write(b []byte) (int, error) {
	if s.rule.CutBody > 0 && s.passed+int64(len(b)) >= s.rule.CutBody {
		_, _ = s.ResponseWriter.Write(b[:s.rule.CutBody-s.passed])
		_ = http.NewResponseController(s.ResponseWriter).Flush()
		if s.rule.AtCut != nil {
			s.rule.AtCut()
		}
		abort()
	}
	n, err := s.ResponseWriter.Write(b)
	s.passed += int64(n)
	return n, err
}
