package cmd

import (
	"bytes"
	"image"
	_ "image/png" // what the runs make
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// canary is the key of these tests: it may stand nowhere but in the header of a
// request to RunPod.
const canary = "rpa_CANARY0123456789"

// An account is a user's machine with RunPod in reach.
type account struct {
	server *runpodtest.Server
	home   string
	env    []string
}

func newAccount(t *testing.T, opts runpodtest.Options) *account {
	t.Helper()
	opts.Key = canary
	a := &account{server: runpodtest.New(t, opts), home: t.TempDir()}
	a.env = []string{
		"HOME=" + a.home, "XDG_CONFIG_HOME=" + a.home + "/config", "XDG_DATA_HOME=" + a.home + "/data", "XDG_CACHE_HOME=" + a.home + "/cache",
		"RUNPOD_API_KEY=" + canary, "RUNPOD_ENDPOINT_BASE_URL=" + a.server.URL, "RUNPOD_REST_BASE_URL=" + a.server.URL + "/rest",
		"RUNPOD_POD_URL=" + a.server.URL + "/proxy/{pod}-{port}",
	}
	t.Cleanup(func() { noCanary(t, a.home) })
	return a
}

// easel runs a command line, and holds what it says against the canary.
func (a *account) easel(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	streams, _, out, errs := term.Test()
	code = Execute(t.Context(), Process{Args: args, Dir: a.home, Streams: streams, Build: Build{Version: "0.0.0-test"}, Environ: a.env})
	for _, text := range []string{out.String(), errs.String()} {
		if strings.Contains(text, "CANARY") || strings.Contains(text, "canary-env") {
			t.Errorf("a secret shows: %s", text)
		}
	}
	return code, out.String(), errs.String()
}

// noCanary looks for the key in every file that was left.
func noCanary(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("CANARY")) {
			t.Errorf("%s holds the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

var small = []string{"--width", "256", "--height", "256", "--steps", "2", "--seed", "7"}

// generate runs flux_single, small, with further arguments.
func (a *account) generate(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return a.easel(t, append(append([]string{"generate", "flux_single", "a lighthouse"}, small...), args...)...)
}

func pixels(t *testing.T, file string) *image.NRGBA {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewNRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// A serverless endpoint leaves the picture that a server leaves, inline and by a
// bucket, and the result knows the node.
func TestRunPodMakesTheSamePicture(t *testing.T) {
	t.Parallel()
	for _, bucket := range []bool{false, true} {
		a := newAccount(t, runpodtest.Options{Bucket: bucket, Cold: 1})
		if code, _, errs := a.generate(t, "--backend", "emulator", "--out", "direct.png"); code != 0 {
			t.Fatal(errs)
		}
		code, out, errs := a.generate(t, "--backend", "runpod://abc123", "--out", "far.png", "--jq", "[.backend, .outputs[0].node, .cost.gpu_seconds > 0] | tojson")
		if code != 0 || out != `["abc123","9",true]`+"\n" {
			t.Fatalf("%d, %s, %s", code, out, errs)
		}
		direct, far := pixels(t, filepath.Join(a.home, "direct.png")), pixels(t, filepath.Join(a.home, "far.png"))
		if !bytes.Equal(direct.Pix, far.Pix) {
			t.Error("the pictures differ")
		}
		for _, r := range a.server.Seen("bucket") {
			if r.Authorization != "" {
				t.Error("the bucket was shown the key")
			}
		}
	}
}

// The server that the runpod SDK brings for development leaves the same picture:
// see .ci/services/runpod.
func TestRunPodSDKMakesTheSamePicture(t *testing.T) {
	t.Parallel()
	address := os.Getenv("EASEL_TEST_RUNPOD")
	if address == "" {
		t.Skip("EASEL_TEST_RUNPOD names no local server of the runpod SDK")
	}
	a := newAccount(t, runpodtest.Options{})
	a.env = append(a.env, "RUNPOD_ENDPOINT_BASE_URL="+address)
	for name, backend := range map[string]string{"direct.png": "emulator", "far.png": "runpod://abc123"} {
		if code, _, errs := a.generate(t, "--backend", backend, "--out", name); code != 0 {
			t.Fatal(errs)
		}
	}
	if !bytes.Equal(pixels(t, filepath.Join(a.home, "direct.png")).Pix, pixels(t, filepath.Join(a.home, "far.png")).Pix) {
		t.Error("the pictures differ")
	}
}

// Each way to fail has its exit code and its words.
func TestRunPodFailures(t *testing.T) {
	t.Parallel()
	type answers = []runpodtest.Answer
	completed := func(output string) answers {
		return answers{{Body: `{"status": "COMPLETED", "output": ` + output + `}`}}
	}
	for name, test := range map[string]struct {
		opts   runpodtest.Options
		run    answers
		status answers
		args   []string
		exit   int
		says   string
	}{
		"wrong key":        {run: answers{{Status: 401, Body: "{}"}}, exit: problem.ExitAuth, says: "set RUNPOD_API_KEY"},
		"unknown endpoint": {args: []string{"--backend", "runpod://abc132"}, exit: problem.ExitUnreachable, says: "did you mean abc123?"},
		"lost reply":       {run: answers{{After: true, Drop: true}}, exit: problem.ExitLost, says: "possibly submitted"},
		"gateway":          {run: answers{{After: true, Status: 502, Body: "<html>"}}, exit: problem.ExitLost, says: "possibly submitted"},
		"no credit":        {run: answers{{Status: 402, Body: `{"error": "balance too low"}`}}, exit: problem.ExitUnreachable, says: "out of credit"},
		"no output":        {status: answers{{Body: `{"status": "COMPLETED"}`}}, exit: problem.ExitLost, says: "BUCKET_ENDPOINT_URL"},
		"too large":        {opts: runpodtest.Options{MaxResult: 10}, exit: problem.ExitLost, says: "BUCKET_ENDPOINT_URL"},
		"nothing usable":   {status: completed(`{"images": [{"filename": "a.png", "type": "s3_url", "data": "simulated_uploaded/a.png"}]}`), exit: problem.ExitLost, says: "BUCKET_ACCESS_KEY_ID"},
		"timed out":        {status: answers{{Body: `{"status": "TIMED_OUT"}`}}, exit: problem.ExitLost, says: "execution timeout"},
		"worker":           {status: answers{{Body: `{"status": "FAILED", "error": "ComfyUI server (127.0.0.1:8188) not reachable after multiple retries."}`}}, exit: problem.ExitNode, says: "not reachable"},
		"no such model": {
			opts: runpodtest.Options{Emulator: emulator.Options{StrictModels: true}}, args: []string{"--set", "30.ckpt_name=none.safetensors"},
			exit: problem.ExitInvalid, says: "Input '30.ckpt_name': the server does not have",
		},
		"node": {
			opts: runpodtest.Options{Emulator: emulator.Options{Faults: []emulator.Fault{{Name: emulator.FaultOOM, Class: "KSampler", Count: 9}}}},
			exit: problem.ExitNode, says: "out of memory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, test.opts)
			a.server.Script("run", test.run...)
			a.server.Script("status", test.status...)
			args := test.args
			if len(args) == 0 || args[0] != "--backend" {
				args = append(args, "--backend", "runpod://abc123")
			}
			code, _, errs := a.generate(t, args...)
			if code != test.exit || !strings.Contains(errs, test.says) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, test.exit, test.says, errs)
			}
			if files, _ := filepath.Glob(filepath.Join(a.home, "outputs", "*")); len(files) > 0 {
				t.Errorf("it left %s", files)
			}
		})
	}
}

// Pictures with errors beside them are partial: what came is kept, and exit 3.
func TestRunPodPartial(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	if code, _, errs := a.generate(t, "--backend", "emulator", "--out", "direct.png"); code != 0 {
		t.Fatal(errs)
	}
	a.server.Script("status", runpodtest.Answer{Body: `{"status": "COMPLETED", "output": {"images": [{"filename": "a~9_00001_.png", "type": "base64", "data": "` +
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==" + `"}], "errors": ["node 7 broke"]}}`})
	code, out, errs := a.generate(t, "--backend", "runpod://abc123")
	if code != problem.ExitPartial || !strings.Contains(errs, "node 7 broke") || !strings.Contains(out, ".png") {
		t.Errorf("exit %d\n%s\n%s", code, out, errs)
	}
}

// What a worker cannot hand over is said before anything is sent.
func TestRunPodRefusesWhatItCannotReturn(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	graph := `{"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 1}},
		"2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}}`
	if err := os.WriteFile(filepath.Join(a.home, "graph.json"), []byte(graph), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := a.easel(t, "generate", "./graph.json", "--backend", "runpod://abc123")
	if code != problem.ExitInvalid || !strings.Contains(errs, "2 (PreviewImage, a temporary picture)") || a.server.Jobs() != 0 {
		t.Errorf("exit %d, %d jobs\n%s", code, a.server.Jobs(), errs)
	}
}

func TestRunPodBackendTest(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	code, out, errs := a.easel(t, "backends", "test", "runpod://abc123")
	if code != 0 {
		t.Fatal(errs)
	}
	for _, want := range []string{"worker-comfyui 5.8.5", "1 idle", "0 running, 0 waiting", "10 MB"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
