package runpodtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
)

// A Pod is one of the account.
type Pod struct {
	ID, Name, Status string
	Cost             float64 // USD per hour while it runs
	Locked           bool
	Boot             int // looks until a started pod runs
	Silent           int // requests to its ComfyUI that get 502 after it runs
	NoGPU            bool
}

func (p *Pod) document() map[string]any {
	actions := map[string][]string{
		"RUNNING": {"stop", "restart", "terminate"}, "EXITED": {"start", "terminate"}, "ERROR": {"start", "terminate"},
		"PROVISIONING": {"stop", "terminate"}, "STARTING": {"stop", "terminate"},
	}[p.Status]
	cost := 0.0
	if p.Status != "EXITED" && p.Status != "ERROR" {
		cost = p.Cost
	}
	return map[string]any{
		"id": p.ID, "name": p.Name, "status": p.Status, "actions": actions, "cost": cost, "locked": p.Locked,
		"image": "runpod/comfyui:latest", "ports": []string{"8188/http"}, "env": map[string]string{"SECRET": "canary-env"},
		"gpu": map[string]any{"id": "NVIDIA GeForce RTX 4090", "count": 1}, "cloud": "SECURE", "dataCenterId": "EU-RO-1",
		"createdAt": "2026-06-01T12:00:00Z", "startedAt": "2026-06-01T12:02:00Z",
	}
}

// PodStatus is where a pod stands.
func (s *Server) PodStatus(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pod(id); p != nil {
		return p.Status
	}
	return ""
}

// pod finds one; s.mu is held.
func (s *Server) pod(id string) *Pod {
	if i := slices.IndexFunc(s.pods, func(p *Pod) bool { return p.ID == id }); i >= 0 {
		return s.pods[i]
	}
	return nil
}

// serveAccount answers what is about the account (REST v2).
func (s *Server) serveAccount(w http.ResponseWriter, r *http.Request, body []byte) {
	path := strings.TrimPrefix(r.URL.Path, "/rest")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	missing := func() {
		reply(w, http.StatusNotFound, map[string]any{"title": "Not Found", "status": 404, "detail": "resource not found"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case path == "/serverless":
		reply(w, http.StatusOK, map[string]any{"endpoints": []any{s.serverless()}})
	case parts[0] == "serverless" && len(parts) == 2 && parts[1] == s.opts.Endpoint:
		reply(w, http.StatusOK, s.serverless())
	case path == "/catalog/gpus":
		reply(w, http.StatusOK, map[string]any{"gpus": []any{map[string]any{
			"id": "NVIDIA GeForce RTX 4090", "name": "RTX 4090", "pool": "ADA_24", "memory": 24,
			"price": map[string]float64{"secure": 0.69, "community": 0.34, "serverless": 1.1},
		}}})
	case path == "/pods":
		all := []any{}
		for _, p := range s.pods {
			all = append(all, p.document())
		}
		reply(w, http.StatusOK, map[string]any{"pods": all})
	case parts[0] == "pods" && s.pod(parts[1]) == nil:
		missing()
	case parts[0] == "pods" && len(parts) == 2:
		p := s.pod(parts[1])
		p.look()
		reply(w, http.StatusOK, p.document())
	case parts[0] == "pods" && len(parts) == 3 && parts[2] == "action" && r.Method == http.MethodPost:
		s.act(w, s.pod(parts[1]), body)
	default:
		missing()
	}
}

// look moves a starting pod on.
func (p *Pod) look() {
	if p.Status != "PROVISIONING" && p.Status != "STARTING" {
		return
	}
	if p.Boot--; p.Boot < 0 {
		p.Status = "RUNNING"
	} else {
		p.Status = "STARTING"
	}
}

func (s *Server) act(w http.ResponseWriter, p *Pod, body []byte) {
	var m struct {
		Action string `json:"action"`
	}
	_ = json.Unmarshal(body, &m)
	problem := func(status int, detail string) {
		reply(w, status, map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
	}
	running := p.Status != "EXITED" && p.Status != "ERROR"
	switch {
	case m.Action == "start" && p.NoGPU:
		problem(http.StatusBadRequest, "There are not enough free GPUs on the host machine to start this pod.")
	case m.Action == "start" && !running:
		p.Status = "PROVISIONING"
		reply(w, http.StatusOK, p.document())
	case m.Action == "stop" && running && !p.Locked:
		p.Status = "EXITED"
		reply(w, http.StatusOK, p.document())
	default:
		problem(http.StatusConflict, "action is not valid for the pod's current status")
	}
}

func (s *Server) serverless() map[string]any {
	return map[string]any{
		"id": s.opts.Endpoint, "name": "pictures", "type": "QUEUE", "image": s.opts.Image, "env": map[string]string{"SECRET": "canary-env"},
		"gpu": map[string]any{"pools": []string{"ADA_24"}, "count": 1}, "workers": map[string]int{"min": 0, "max": 3, "idleTimeout": 5}, "timeout": 600000,
	}
}

// serveProxy is the proxy in front of the pods: /proxy/POD-PORT/...
func (s *Server) serveProxy(w http.ResponseWriter, r *http.Request, body []byte) {
	host, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/proxy/"), "/")
	id, port, _ := strings.Cut(host, "-")
	s.mu.Lock()
	p := s.pod(id)
	serving := p != nil && p.Status == "RUNNING" && port == "8188"
	if serving && p.Silent > 0 {
		p.Silent--
		serving = false
	}
	s.mu.Unlock()
	if !serving {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>502</title>Bad Gateway")
		return
	}
	r.URL.Path, r.URL.RawPath = "/"+path, ""
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.emulator.ServeHTTP(w, r)
}
