package runpod

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// health is the answer to /health; each count is optional.
type health struct {
	Jobs struct {
		InProgress loose `json:"inProgress"`
		InQueue    loose `json:"inQueue"`
	} `json:"jobs"`
	Workers struct {
		Idle         loose `json:"idle"`
		Running      loose `json:"running"`
		Initializing loose `json:"initializing"`
		Ready        loose `json:"ready"`
		Throttled    loose `json:"throttled"`
		Unhealthy    loose `json:"unhealthy"`
	} `json:"workers"`
}

// Describe implements comfy.Backend: the endpoint's queue and workers.
func (e *Endpoint) Describe(ctx context.Context) (comfy.Info, error) {
	info := comfy.Info{Kind: "runpod", MaxUpload: maxRun, Can: e.Can()}
	h, err := e.health(ctx)
	if err != nil {
		return comfy.Info{}, err
	}
	if h == nil {
		info.OS = "the SDK's local server"
		return info, nil
	}
	info.QueueRunning, info.QueuePending = int(h.Jobs.InProgress), int(h.Jobs.InQueue)
	info.Workers = h.workers()
	info.Version, _ = e.Version(ctx) // a key may not be allowed to see it
	info.Can = e.Can()
	return info, nil
}

func (h *health) workers() *comfy.Workers {
	w := h.Workers
	return &comfy.Workers{
		Idle: int(w.Idle), Running: int(w.Running), Initializing: int(w.Initializing), Ready: int(w.Ready),
		Throttled: int(w.Throttled), Unhealthy: int(w.Unhealthy),
	}
}

// health asks for the endpoint's counts; nil of the SDK's local server, which has
// none.
func (e *Endpoint) health(ctx context.Context) (*health, error) {
	k := transport.Get("/health")
	k.Limit, k.Repeat = transport.Small, true
	var a transport.Answer
	err := transport.Again(ctx, func() (err error) {
		if a, err = e.ask(ctx, e.status, k); err == nil && transport.PassingStatus(a.Status) {
			err = e.wire.PlainStatus(k, a)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case a.Status == http.StatusNotFound && e.isDevelopment(ctx):
		return nil, nil
	case a.Status == http.StatusNotFound:
		return nil, e.unknown(ctx)
	case !a.OK():
		return nil, refusal(e.wire, k, a)
	}
	var h health
	return &h, e.wire.Decode(k, a, &h)
}

// Pulse takes the time of one short question.
func (e *Endpoint) Pulse(ctx context.Context) (comfy.Pulse, error) {
	began := time.Now()
	if _, err := e.health(ctx); err != nil {
		return comfy.Pulse{}, err
	}
	return comfy.Pulse{Latency: time.Since(began)}, nil
}

// Version implements comfy.Backend: that of worker-comfyui, by the tag of the
// endpoint's image, where the account shows it.
func (e *Endpoint) Version(ctx context.Context) (string, error) {
	if known := e.version.Load(); known != nil {
		return *known, nil
	}
	if e.account == nil {
		return "", nil
	}
	s, err := e.account.Endpoint(ctx, e.ID)
	if err != nil {
		return "", err
	}
	v := s.Worker()
	if v != "" {
		e.version.Store(&v)
	}
	return v, nil
}

// workerVersion reads "runpod/worker-comfyui:5.8.5-base"; "" of other images.
func workerVersion(image string) string {
	name, tag, ok := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	if !ok || name != "worker-comfyui" {
		return ""
	}
	version, _, _ := strings.Cut(tag, "-")
	if version == "" || version[0] < '0' || version[0] > '9' {
		return ""
	}
	return version
}

// When the workers are looked at while a run waits for one.
const (
	coldAfter = 3 * time.Second // shorter waits explain themselves
	coldPace  = 10 * time.Second
)

// waiting tells what a run in the queue waits for.
type waiting struct {
	e     *Endpoint
	began time.Time
	asked time.Time
	told  string
}

// tell gives the words, when they are new.
func (w *waiting) tell(ctx context.Context, phase comfy.Phase) []comfy.Event {
	now := time.Now()
	if phase != comfy.PhaseQueued || now.Sub(w.began) < coldAfter || now.Sub(w.asked) < coldPace {
		return nil
	}
	w.asked = now
	ctx, stop := context.WithTimeout(ctx, transport.ConnectTime)
	defer stop()
	h, err := w.e.health(ctx)
	if err != nil || h == nil {
		return nil // a help and no more
	}
	text := waitingFor(h)
	if text == w.told {
		return nil
	}
	w.told = text
	return []comfy.Event{{Type: comfy.EventText, Text: text}}
}

// waitingFor explains a queue by what the workers do.
func waitingFor(h *health) string {
	w, before := h.Workers, max(int(h.Jobs.InQueue)-1, 0)
	switch {
	case w.Initializing > 0:
		return fmt.Sprintf("cold start: %d of the workers load their image, which is not billed", w.Initializing)
	case w.Running+w.Idle+w.Ready > 0 && before > 0:
		return fmt.Sprintf("waiting for a worker, %d jobs are in the queue before or beside it", before)
	case w.Running+w.Idle+w.Ready > 0:
		return "cold start: a worker starts ComfyUI"
	case w.Throttled > 0:
		return "no GPU is free for the endpoint: its workers are throttled"
	case w.Unhealthy > 0:
		return "the endpoint's workers are unhealthy: their logs say why"
	}
	return "the endpoint has no worker yet; with a maximum of 0 workers none comes"
}
