package emulator

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A handler answers one request on one instance. arg is the last segment of a
// path that has a variable one, decoded.
type handler func(in *instance, w http.ResponseWriter, r *http.Request, arg string)

// A route is one path with its methods. A path that ends in "/" takes one more
// segment.
type route struct {
	path     string
	endpoint string
	get      handler
	post     handler
	apiOnly  bool   // exists only under /api
	since    string // the first version that has it, "" = all
}

// postEndpoint names POST where it differs from GET for the faults' sake.
func (rt *route) postEndpoint() string {
	if rt.path == "/prompt" {
		return "prompt"
	}
	return rt.endpoint
}

func routes() []route {
	return []route{
		{path: "/", endpoint: "other", get: (*instance).getRoot},
		{path: "/ws", endpoint: "ws", get: func(in *instance, w http.ResponseWriter, r *http.Request, _ string) { in.serveWS(w, r) }},
		{path: "/prompt", endpoint: "remaining", get: (*instance).getPrompt, post: (*instance).postPrompt},
		{path: "/queue", endpoint: "queue", get: (*instance).getQueue, post: (*instance).postQueue},
		{path: "/interrupt", endpoint: "interrupt", post: (*instance).postInterrupt},
		{path: "/free", endpoint: "free", post: (*instance).postFree},
		{path: "/history", endpoint: "history", get: (*instance).getHistory, post: (*instance).postHistory},
		{path: "/history/", endpoint: "history", get: (*instance).getHistoryEntry},
		{path: "/view", endpoint: "view", get: (*instance).getView},
		{path: "/upload/image", endpoint: "upload", post: (*instance).postUploadImage},
		{path: "/upload/mask", endpoint: "upload", post: (*instance).postUploadMask},
		{path: "/object_info", endpoint: "object_info", get: (*instance).getObjectInfo},
		{path: "/object_info/", endpoint: "object_info", get: (*instance).getObjectInfoClass},
		{path: "/models", endpoint: "models", get: (*instance).getModels},
		{path: "/models/", endpoint: "models", get: (*instance).getModelFolder},
		{path: "/embeddings", endpoint: "models", get: (*instance).getEmbeddings},
		{path: "/system_stats", endpoint: "system_stats", get: (*instance).getSystemStats},
		{path: "/features", endpoint: "features", get: (*instance).getFeatures},
		{path: "/extensions", endpoint: "other", get: (*instance).getExtensions},
		{path: "/userdata", endpoint: "userdata", get: (*instance).getUserData},
		{path: "/userdata/", endpoint: "userdata", get: (*instance).getUserFile, post: (*instance).postUserFile},
		{path: "/jobs", endpoint: "jobs", get: (*instance).getJobs, apiOnly: true, since: jobsVersion},
		{path: "/jobs/", endpoint: "jobs", get: (*instance).getJob, apiOnly: true, since: jobsVersion},
		{path: "/jobs/cancel", endpoint: "jobs", post: (*instance).postJobsCancel, apiOnly: true, since: jobsCancelVersion},
		{path: "/jobs//cancel", endpoint: "jobs", post: (*instance).postJobCancel, apiOnly: true, since: jobsCancelVersion},
	}
}

// match finds the route of a path and the value of its variable segment.
func (s *Server) match(escaped string) (*route, string) {
	path, api := strings.CutPrefix(escaped, "/api")
	if api && (path == "" || path[0] != '/') {
		path, api = escaped, false
	}
	var found *route
	var arg string
	for i := range s.routes {
		rt := &s.routes[i]
		switch {
		case rt.apiOnly && !api || rt.since != "" && !s.since(rt.since):
		case rt.path == path && (path == "/" || !strings.HasSuffix(path, "/")):
			return rt, ""
		case found == nil:
			if v, ok := rt.variable(path); ok {
				found, arg = rt, v
			}
		}
	}
	return found, arg
}

// variable gives the decoded variable segment if the path fits the route.
func (rt *route) variable(path string) (string, bool) {
	before, after, ok := strings.Cut(rt.path, "//")
	if !ok && (rt.path == "/" || !strings.HasSuffix(rt.path, "/")) {
		return "", false
	}
	if ok {
		before, after = before+"/", "/"+after
	}
	rest, ok1 := strings.CutPrefix(path, before)
	arg, ok2 := strings.CutSuffix(rest, after)
	if !ok1 || !ok2 || arg == "" || strings.Contains(arg, "/") {
		return "", false
	}
	if plain, err := url.PathUnescape(arg); err == nil {
		arg = plain
	}
	return arg, true
}

// ServeHTTP answers as the server does, after the faults had their say.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, leave := s.enter()
	defer leave()
	if in == nil {
		panic(http.ErrAbortHandler) // nobody is there
	}
	rt, arg := s.match(r.URL.EscapedPath())
	x := &exchange{in: in, r: r, out: &meter{ResponseWriter: w}, endpoint: "other", started: time.Now()}
	if rt != nil {
		x.endpoint = rt.endpoint
		if r.Method == http.MethodPost {
			x.endpoint = rt.postEndpoint()
		}
	}
	defer x.log()
	x.serve(func(w http.ResponseWriter, r *http.Request) { s.dispatch(in, rt, arg, w, r) })
}

func (s *Server) dispatch(in *instance, rt *route, arg string, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(nil, r.Body, s.opts.MaxUpload)
	r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, ";", "%3B") // which net/url does not take in values
	if foreignOrigin(r) || s.since(fetchSiteVersion) && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusOK)
		return
	}
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case rt != nil && get && rt.get != nil:
		rt.get(in, w, r, arg)
	case rt != nil && r.Method == http.MethodPost && rt.post != nil:
		rt.post(in, w, r, arg)
	case get && strings.HasPrefix(r.URL.Path, "/internal/"):
		writeText(w, http.StatusNotFound, "404: Not Found")
	case get: // the static files of the frontend are looked through for any GET
		w.Header().Set("Content-Type", "application/octet-stream")
		w.WriteHeader(http.StatusNotFound)
	default:
		allow := []string{http.MethodGet, http.MethodHead} // of the static files
		if rt != nil && rt.post != nil {
			allow = append(allow, http.MethodPost)
		}
		slices.Sort(allow)
		w.Header().Set("Allow", strings.Join(allow, ","))
		writeText(w, http.StatusMethodNotAllowed, "405: Method Not Allowed")
	}
}

// foreignOrigin is the server's guard against web pages that talk to a server
// on loopback: Host is loopback, an Origin is there, and they differ.
func foreignOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	host := &url.URL{Host: strings.ToLower(r.Host)}
	ip, err := netip.ParseAddr(host.Hostname())
	if host.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return false
	}
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Host == "" {
		return false
	}
	ours, theirs := host.Host, u.Host
	if u.Port() == "" {
		ours = host.Hostname()
	}
	if host.Port() == "" {
		theirs = u.Hostname()
	}
	return ours != theirs
}
