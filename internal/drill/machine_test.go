package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// patience bounds every wait for a process of ours. It tells one that hangs from
// one on a slow machine, and is no promise. One that goes on saying something, as a
// batch does with each item, hangs only when it has said it for lastPatience.
const (
	patience     = 2 * time.Minute
	lastPatience = 5 * patience
)

// build makes the real binary once, with the crash points in it.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "easel-drill-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "easel")
	out, err := exec.Command("go", "build", "-tags", "crashpoints", "-o", bin, "github.com/seed-7d77cb5c/easel").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("build easel: %w\n%s", err, out)
	}
	return bin, nil
})

// A machine is a user's computer: home, configuration, history and a folder of
// outputs.
type machine struct {
	t   *testing.T
	dir string
	out string
	env []string
}

func newMachine(t *testing.T, env ...string) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, dir: dir, out: filepath.Join(dir, "out")}
	for name, sub := range map[string]string{
		"HOME": "home", "XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_CACHE_HOME": "cache", "TMPDIR": "tmp",
	} {
		path := filepath.Join(dir, sub)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		m.env = append(m.env, name+"="+path)
	}
	m.env = append(append(m.env, "PATH="+os.Getenv("PATH")), env...)
	m.write("graph.json", graph)
	return m
}

// graph is a short run with a sampler: a tenth of a second at 10 ms a step.
const graph = `{
	"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
	"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
	"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
	"7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
	"3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 10, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
		"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
	"8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
	"9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "drill"}}}`

func (m *machine) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// A process is one easel that runs beside the test.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *lines
	stderr *lines
	done   chan struct{}
}

// start runs easel on the machine; further variables are for this process only.
func (m *machine) start(env []string, args ...string) *process {
	m.t.Helper()
	bin, err := build()
	if err != nil {
		m.t.Fatal(err)
	}
	return m.command(env, bin, args...)
}

func (m *machine) command(env []string, name string, args ...string) *process {
	m.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	return m.launch(cmd)
}

// launch starts a command on the machine, with its variables before those that
// the command has.
func (m *machine) launch(cmd *exec.Cmd) *process {
	m.t.Helper()
	cmd.Dir, cmd.Env = m.dir, slices.Concat(m.env, cmd.Env)
	p := &process{t: m.t, cmd: cmd, stdout: newLines(), stderr: newLines(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // the exit code is read from the state
		close(p.done)
	}()
	m.t.Cleanup(func() { p.kill() })
	return p
}

// kill ends the process as SIGKILL does, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	p.wait()
}

// signal sends a signal; a process that is gone is fine.
func (p *process) signal(s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// ends waits for the end of a process; false means that it hangs.
func (p *process) ends() bool {
	last := time.After(lastPatience)
	for {
		select {
		case <-p.done:
			return true
		case <-p.stdout.more():
		case <-p.stderr.more():
		case <-time.After(patience):
			return false
		case <-last:
			return false
		}
	}
}

// wait returns the exit code as a shell shows it, 128 and the number of the
// signal that ended the process; -1 for a killed one.
func (p *process) wait() int {
	p.t.Helper()
	if !p.ends() {
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // Go then prints what every goroutine does
		select {
		case <-p.done:
		case <-time.After(time.Second):
			_ = p.cmd.Process.Kill()
			<-p.done
		}
		p.t.Errorf("easel %s hung\n%s", strings.Join(p.cmd.Args[1:], " "), p.stderr)
	}
	if sig := p.endedBy(); sig > 0 && sig != syscall.SIGKILL {
		return 128 + int(sig)
	}
	return p.cmd.ProcessState.ExitCode()
}

// endedBy is the signal that ended a process, or not positive.
func (p *process) endedBy() syscall.Signal {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return 0
	}
	return status.Signal()
}

// run runs easel to its end.
func (m *machine) run(args ...string) (exit int, stdout, stderr string) {
	m.t.Helper()
	p := m.start(nil, args...)
	exit = p.wait()
	return exit, p.stdout.String(), p.stderr.String()
}

// generate starts a run of the drill's graph.
func (m *machine) generate(env []string, backend string, more ...string) *process {
	m.t.Helper()
	return m.start(env, append([]string{"generate", "./graph.json", "--backend", backend, "--out", m.out, "--reconnect", "3s"}, more...)...)
}

// history opens the history of the machine.
func (m *machine) history() *ledger.History {
	m.t.Helper()
	h, err := ledger.Open(filepath.Join(m.dir, "data", "easel", "history"))
	if err != nil {
		m.t.Fatal(err)
	}
	return h
}

// lines collects what a process prints and wakes who waits for a part of it.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
	new chan struct{} // closed and replaced at each write
}

func newLines() *lines { return &lines{new: make(chan struct{})} }

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.new)
	l.new = make(chan struct{})
	return l.buf.Write(b)
}

// more is closed when more is printed.
func (l *lines) more() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.new
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// expect waits until the process has printed a text, and fails the test when
// the process ends without.
func (p *process) expect(l *lines, text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		l.mu.Lock()
		found, next := strings.Contains(l.buf.String(), text), l.new
		l.mu.Unlock()
		if found {
			return
		}
		select {
		case <-next:
		case <-ctx.Done():
			p.t.Fatalf("easel never printed %q, but\n%s", text, l)
		case <-p.done:
			if strings.Contains(l.String(), text) {
				return
			}
			p.t.Fatalf("easel ended without printing %q, but\n%s%s", text, p.stdout, p.stderr)
		}
	}
}
