package backends_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// patience is how long these backends wait for a place that is away.
const patience = 10 * time.Second

var raising = emulator.Options{
	StepTime: 20 * time.Millisecond,
	Faults:   []emulator.Fault{{Name: emulator.FaultException, Class: comfytest.FailingClass}},
}

func serve(t *testing.T, h http.Handler, close func()) string {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(func() {
		web.CloseClientConnections()
		close()
		web.Close()
	})
	return web.URL
}

func gateway(t *testing.T, server string, rules ...chaos.Rule) string {
	t.Helper()
	g, err := chaos.NewGateway(server, rules...)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, g, g.Close)
}

func comfyUI(t *testing.T, opts emulator.Options) string {
	t.Helper()
	emu := emulator.New(opts)
	return serve(t, emu, func() { emu.Close() })
}

// opener opens backends where RunPod is the double, with its pods behind proxy.
func opener(t *testing.T, double *runpodtest.Server, proxy string) *backends.Opener {
	t.Helper()
	dir := t.TempDir()
	cfg, err := config.Load(config.Options{WorkDir: dir, Environ: []string{
		"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CACHE_HOME=" + dir,
		"RUNPOD_API_KEY=rpa_test", "RUNPOD_ENDPOINT_BASE_URL=" + double.URL, "RUNPOD_REST_BASE_URL=" + double.URL + "/rest",
		"RUNPOD_POD_URL=" + proxy + "/proxy/{pod}-{port}",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return &backends.Opener{Config: cfg}
}

func open(t *testing.T, o *backends.Opener, spec string) *backends.Backend {
	t.Helper()
	be, err := o.DialContext(t.Context(), spec, true, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return be
}

// A pod passes the suite although its proxy answers for ComfyUI, as RunPod's does: 502
// and 524 with a page of HTML, answers that get lost, a file that breaks off, sockets
// that are refused and cut.
func TestConformanceOfPodThroughBadProxy(t *testing.T) {
	t.Parallel()
	const page = "<!DOCTYPE html><title>runpod.net | 524: A timeout occurred</title>"
	html := http.Header{"Content-Type": {"text/html"}}
	const at = "/proxy/pod1-8188/api"
	bad := func(t *testing.T, double *runpodtest.Server) string {
		return gateway(t, double.URL,
			chaos.Rule{Method: "POST", Path: at + "/prompt", Nth: 1, CutAfter: true}, // taken, and the answer is lost
			chaos.Rule{Method: "POST", Path: at + "/prompt", Nth: 2, Status: 502, Header: html, Body: page},
			chaos.Rule{Method: "POST", Path: at + "/prompt", Nth: 3, Replace: 524},
			chaos.Rule{Path: at + "/history/", Nth: 1, Status: 524, Header: html, Body: page},
			chaos.Rule{Path: at + "/history/", Nth: 2, CutBody: 20},
			chaos.Rule{Path: at + "/view", Nth: 1, CutBody: 30},
			chaos.Rule{Path: at + "/view", Nth: 2, Status: 502, Header: html, Body: page},
			chaos.Rule{Path: at + "/ws", Nth: 2, Status: 502, Header: html, Body: page},
			chaos.Rule{Path: at + "/interrupt", Nth: 1, Status: 502, Header: html, Body: page},
			chaos.Rule{Path: at + "/queue", Nth: 2, Status: 524, Header: html, Body: page},
			chaos.Rule{Path: at + "/upload/image", Nth: 1, CutAfter: true},
		)
	}
	comfytest.Run(t, comfytest.Harness{
		New: func(t *testing.T) comfy.Backend {
			double := runpodtest.New(t, runpodtest.Options{Emulator: raising, Pods: []runpodtest.Pod{{ID: "pod1", Name: "gpu", Status: "RUNNING"}}})
			return open(t, opener(t, double, bad(t, double)), "pod://gpu")
		},
		Slow: comfytest.Slow, Failing: comfytest.Failing,
		LostReply: func(t *testing.T) comfy.Backend {
			double := runpodtest.New(t, runpodtest.Options{Pods: []runpodtest.Pod{{ID: "pod1", Name: "gpu", Status: "RUNNING"}}})
			return open(t, opener(t, double, bad(t, double)), "pod://gpu")
		},
	})
}

// A pool passes the suite with each kind as the member that does the work, behind
// others that will not do or fail.
func TestConformanceOfPool(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]func(*testing.T, *runpodtest.Server) []string{
		"server behind nobody and a login": func(t *testing.T, _ *runpodtest.Server) []string {
			good := comfyUI(t, raising)
			return []string{"http://127.0.0.1:1", gateway(t, good, chaos.Rule{Path: "/prompt", Status: 401}), good}
		},
		"pod behind a server that fails": func(t *testing.T, _ *runpodtest.Server) []string {
			return []string{gateway(t, comfyUI(t, raising), chaos.Rule{Path: "/prompt", Status: 418}), "pod://gpu"}
		},
		"endpoint behind an unknown one": func(*testing.T, *runpodtest.Server) []string {
			return []string{"runpod://nothere", "runpod://abc123"}
		},
		"Comfy API behind a stopped pod": func(t *testing.T, _ *runpodtest.Server) []string {
			return []string{"pod://old", "comfy-api+" + apiv2test.New(t, apiv2test.Options{Emulator: raising}).URL}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			comfytest.Run(t, comfytest.Harness{Slow: comfytest.Slow, Failing: comfytest.Failing, New: func(t *testing.T) comfy.Backend {
				double := runpodtest.New(t, runpodtest.Options{Emulator: raising, Pods: []runpodtest.Pod{
					{ID: "pod1", Name: "gpu", Status: "RUNNING"}, {ID: "pod2", Name: "old", Status: "EXITED"},
				}})
				return newPooled(t, opener(t, double, double.URL), members(t, double))
			}})
		})
	}
}

// pooled shows what the pool of a command does as one backend: what is submitted goes
// where the pool sends it, and what is asked about a run goes to where that is.
type pooled struct {
	comfy.Backend // of runs that nobody knows: the member that does the work
	opener        *backends.Opener
	specs         []string

	mu    sync.Mutex // a pool belongs to one goroutine
	pool  *run.Pool
	open  map[string]comfy.Backend
	where map[comfy.Handle]comfy.Backend
	files map[string]comfy.File // by hash
	t     *testing.T
}

func newPooled(t *testing.T, o *backends.Opener, specs []string) *pooled {
	t.Helper()
	p := &pooled{
		opener: o, specs: specs, t: t,
		open: map[string]comfy.Backend{}, where: map[comfy.Handle]comfy.Backend{}, files: map[string]comfy.File{},
	}
	p.renew()
	p.Backend = open(t, o, specs[len(specs)-1])
	return p
}

// renew makes the pool of a new command.
func (p *pooled) renew() {
	p.pool = &run.Pool{}
	for _, spec := range p.specs {
		p.pool.Members = append(p.pool.Members, &run.PoolMember{Name: spec, Open: func(ctx context.Context) (*run.Runner, error) {
			be, err := p.opener.DialContext(ctx, spec, true, 0)
			if err != nil {
				return nil, err
			}
			p.t.Cleanup(func() { be.Close() })
			p.open[spec] = be
			return &run.Runner{Backend: be, BackendName: spec, Contents: func(hash string) (io.ReadCloser, error) { return p.files[hash].Open() }}, nil
		}})
	}
}

// Can implements comfy.Backend. A run that goes elsewhere gets another id.
func (p *pooled) Can() comfy.Abilities {
	can := p.Backend.Can()
	can.ClientIDs = false
	return can
}

func (p *pooled) Describe(ctx context.Context) (comfy.Info, error) {
	info, err := p.Backend.Describe(ctx)
	info.Can.ClientIDs = false
	return info, err
}

func (p *pooled) Submit(ctx context.Context, s comfy.Submission) (comfy.Handle, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &run.Ticket{Run: s.ID, PromptID: s.ID, Graph: s.Graph, PNGInfo: s.PNGInfo, Preview: s.Preview}
	for _, f := range s.Files {
		p.files[f.SHA256] = f
		t.Files = append(t.Files, run.File{Name: f.Name, SHA256: f.SHA256, Size: f.Size, Targets: f.Targets})
	}
	if err := p.pool.Submit(ctx, t, func(run.Event) {}); err != nil {
		p.renew() // the command ends
		return "", err
	}
	p.where[t.Handle] = p.open[t.Backend]
	return t.Handle, nil
}

func (p *pooled) of(h comfy.Handle) comfy.Backend {
	p.mu.Lock()
	defer p.mu.Unlock()
	if be := p.where[h]; be != nil {
		return be
	}
	return p.Backend
}

func (p *pooled) Follow(ctx context.Context, h comfy.Handle) iter.Seq2[comfy.Event, error] {
	return p.of(h).Follow(ctx, h)
}

func (p *pooled) State(ctx context.Context, h comfy.Handle) (comfy.State, error) {
	return p.of(h).State(ctx, h)
}
func (p *pooled) Cancel(ctx context.Context, h comfy.Handle) error { return p.of(h).Cancel(ctx, h) }

// A pod that runs costs its account one question and its ComfyUI one before a run, and
// then what a server costs.
func TestRequestsToOpenAPod(t *testing.T) {
	t.Parallel()
	double := runpodtest.New(t, runpodtest.Options{Pods: []runpodtest.Pod{{ID: "pod1", Name: "gpu", Status: "RUNNING"}}})
	open(t, opener(t, double, double.URL), "pod://gpu")
	var asked []string
	for _, r := range double.Seen("") {
		asked = append(asked, r.Path)
	}
	if !slices.Equal(asked, []string{"/rest/pods", "/proxy/pod1-8188/api/prompt"}) {
		t.Errorf("asked %q", asked)
	}
}
