package drill

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
)

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// P-F1: on a full disk a batch ends with exit 9 and without a half file under a
// final name, and goes on when there is space.
func TestBatchFullDisk(t *testing.T) {
	t.Parallel()
	const items = 6
	srv, m := newRemote(t), newMachine(t)
	if err := os.Mkdir(m.out, 0o700); err != nil {
		t.Fatal(err)
	}
	m.write("graph.json", strings.Replace(graph, `"width": 64, "height": 64`, `"width": 256, "height": 256`, 1))
	m.table(items)
	args := strings.Join(m.batchArgs(srv.url()), " ")
	exit, output := m.namespaced(`mount -t tmpfs -o size=4m tmpfs "$OUT" || exit 99
		dd if=/dev/zero of="$OUT/filler" bs=4096 count=860 2>/dev/null
		"$EASEL" ` + args + `; echo "full: $?"
		rm "$OUT/filler"
		"$EASEL" ` + args + `; echo "again: $?"
		mkdir kept && cp -a "$OUT"/. kept/`)
	if exit != 0 || !strings.Contains(output, "full: 9\n") || !strings.Contains(output, "again: 0\n") {
		t.Fatalf("exit %d\n%s", exit, output)
	}
	if err := os.CopyFS(m.out, os.DirFS(filepath.Join(m.dir, "kept"))); err != nil {
		t.Fatal(err)
	}
	v := m.auditBatch(srv.read())
	v.complete(t, items)
	if v.executed != items {
		t.Errorf("%d executions of %d items", v.executed, items)
	}
}

// P-F2: the n-th call of the system that touches a file fails. The batch ends well
// or with an error, and the same command completes it.
func TestBatchNthSystemCallFails(t *testing.T) {
	t.Parallel()
	trace := []string{"-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"}
	if err := exec.Command("strace", append(trace, "true")...).Run(); err != nil {
		t.Skip("strace is not there or may not trace:", err)
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	const items = 3
	calls, positions := []string{"fsync,fdatasync", "renameat,renameat2", "pwrite64", "openat"}, 2
	if long {
		calls, positions = append(calls, "write", "close", "linkat", "mkdirat", "ftruncate", "unlinkat"), 10
	}
	srv := newRemote(t)
	for _, call := range calls {
		for _, errno := range []string{"EIO", "ENOSPC"} {
			for n := 1; n <= positions; n++ {
				when := 1 + 4*(n-1)
				if call == "openat" || call == "write" || call == "close" { // the first many are the runtime's own
					when = 12 * n
				}
				t.Run(call+" "+errno+" "+strconv.Itoa(when), func(t *testing.T) {
					t.Parallel()
					m := newMachine(t)
					m.table(items)
					p := m.command(nil, "strace", append(slices.Clone(trace), append([]string{
						"-e", "trace=" + call, "-e", "inject=" + call + ":error=" + errno + ":when=" + strconv.Itoa(when), bin,
					}, m.batchArgs(srv.url())...)...)...)
					first := p.wait()
					exit, _, stderr := m.run(m.batchArgs(srv.url())...)
					if exit == 3 && strings.Contains(stderr, "failed") { // one item had the error
						exit, _, stderr = m.run("batch", "retry", m.out)
					}
					if exit != 0 {
						t.Errorf("the batch ended with %d, and again with %d\n%s\n%s", first, exit, p.stderr, stderr)
						return
					}
					m.auditBatch(nil).complete(t, items)
				})
			}
		}
	}
}

// P-F7: verify finds every damaged file, and --repair and the same batch have all
// again.
func TestBatchVerify(t *testing.T) {
	t.Parallel()
	const items = 10
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	srv, m := newRemote(t), newMachine(t)
	m.table(items)
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	if exit, _, stderr := m.run("verify", m.out); exit != 0 {
		t.Fatalf("exit %d of a sound folder\n%s", exit, stderr)
	}
	files, err := filepath.Glob(filepath.Join(m.out, "*.png*"))
	if err != nil || len(files) != 2*items {
		t.Fatalf("%v, %v", files, err)
	}
	rnd.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	damaged := files[:7]
	for i, file := range damaged {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0:
			data[rnd.IntN(len(data))] ^= byte(1 + rnd.IntN(255))
		case 1:
			data = data[:rnd.IntN(len(data))]
		}
		if i%3 == 2 {
			err = os.Remove(file)
		} else {
			err = os.WriteFile(file, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	exit, stdout, stderr := m.run("verify", m.out)
	if exit != 3 || strings.Count(stdout, "\n") != len(damaged) {
		t.Errorf("exit %d, %d damaged\n%s%s", exit, len(damaged), stdout, stderr)
	}
	for _, file := range damaged {
		if !strings.Contains(stdout, filepath.Base(file)) {
			t.Errorf("%s was not found:\n%s", file, stdout)
		}
	}
	m.run("verify", m.out, "--repair")
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
	if exit, stdout, stderr := m.run("verify", m.out); exit != 0 {
		t.Errorf("exit %d after the repair\n%s%s", exit, stdout, stderr)
	}
	m.auditBatch(nil).complete(t, items)
}

// P-N2: a server that is killed under a batch and comes back without its memory:
// what it had is made again once, what was fetched is not.
func TestBatchServerKilled(t *testing.T) {
	t.Parallel()
	const items = 12
	for name, away := range map[string]time.Duration{"at once": 0, "after a while": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			m.table(items)
			p := m.batch(nil, srv.url())
			p.expect(p.stdout, "i0003.png")
			srv.proc.kill()
			time.Sleep(away) // that it is away for so long is the fault
			srv.start()
			if exit := p.wait(); exit != 0 {
				t.Fatalf("exit %d\n%s", exit, p.stderr)
			}
			v := m.auditBatch(srv.read())
			v.complete(t, items)
			if v.executed > items+2 {
				t.Errorf("%d executions of %d items", v.executed, items)
			}
		})
	}
}

// P-N3: answers to submissions that are lost make no second execution.
func TestBatchLostAnswers(t *testing.T) {
	t.Parallel()
	const items = 8
	for name, rule := range map[string]chaos.Rule{
		"cut":      {Path: "/prompt", Nth: 3, CutAfter: true},
		"502":      {Path: "/prompt", Nth: 2, Replace: 502},
		"not sent": {Path: "/prompt", Nth: 4, CutBefore: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			m.table(items)
			address := gateway(t, srv.url(), rule)
			if exit, _, stderr := m.run(m.batchArgs(address)...); exit != 0 {
				t.Fatalf("exit %d\n%s", exit, stderr)
			}
			v := m.auditBatch(srv.read())
			v.complete(t, items)
			if v.executed != items {
				t.Errorf("%d executions of %d items", v.executed, items)
			}
		})
	}
}

// P-C1: Ctrl-C submits nothing more, takes back what waits, collects what executes
// within its grace, and ends by the signal; the same command goes on, and nothing is
// executed twice. SIGTERM does not wait.
func TestBatchInterrupted(t *testing.T) {
	t.Parallel()
	const items = 12
	for name, tc := range map[string]struct {
		signal os.Signal
		grace  string
		exit   int
	}{
		"Ctrl-C":             {os.Interrupt, "5s", 130},
		"Ctrl-C, no grace":   {os.Interrupt, "0s", 130},
		"terminated":         {syscall.SIGTERM, "5s", 143},
		"Ctrl-C, long steps": {os.Interrupt, "100ms", 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			m.table(items)
			if strings.HasSuffix(name, "long steps") {
				m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 120`, 1))
			}
			others := stranger(t, srv.url())
			for round := range 3 {
				p := m.batch(nil, srv.url(), "--grace", tc.grace)
				p.expect(p.stdout, ".png")
				var foreign comfy.Handle
				if round == 0 {
					foreign = submit(t, others, 3)
				}
				p.signal(tc.signal)
				exit := p.wait()
				if exit != tc.exit {
					t.Fatalf("exit %d, want %d\n%s", exit, tc.exit, p.stderr)
				}
				if by := p.endedBy(); runtime.GOOS != "windows" && by != tc.signal {
					t.Errorf("ended by %v, want %v", by, tc.signal)
				}
				if foreign != "" {
					for {
						st, err := others.State(t.Context(), foreign)
						if err != nil || st.Phase == comfy.PhaseCancelled || st.Phase == comfy.PhaseUnknown {
							t.Fatalf("a foreign run is %s, %v", st.Phase, err)
						}
						if st.Phase == comfy.PhaseDone {
							break
						}
					}
				}
			}
			if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
				t.Fatalf("exit %d\n%s", exit, stderr)
			}
			v := m.auditBatch(srv.read())
			v.complete(t, items)
			if v.executed != items+1 {
				t.Errorf("%d executions of %d items and a foreign run", v.executed, items)
			}
		})
	}
}

// The second signal ends a batch at once, and loses nothing.
func TestBatchSecondInterrupt(t *testing.T) {
	t.Parallel()
	const items = 6
	srv, m := newRemote(t), newMachine(t)
	m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 60`, 1))
	m.table(items)
	p := m.batch(nil, srv.url(), "--grace", "1m")
	p.expect(p.stdout, ".png")
	p.signal(os.Interrupt)
	p.signal(os.Interrupt)
	if exit := p.wait(); exit != 130 {
		t.Errorf("exit %d\n%s", exit, p.stderr)
	}
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	v := m.auditBatch(srv.read())
	v.complete(t, items)
	if v.executed != items {
		t.Errorf("%d executions of %d items", v.executed, items)
	}
}

// P-C3: a run that is cancelled because the batch ends, while it ends by itself, is
// one or the other: 20 moments around the end of a run.
func TestBatchInterruptRacesTheEnd(t *testing.T) {
	t.Parallel()
	rounds := 6
	if long {
		rounds = 60
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	items := 3 * rounds
	srv, m := newRemote(t), newMachine(t)
	m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 3`, 1))
	m.table(items)
	for range rounds {
		p := m.batch(nil, srv.url(), "--grace", "1s")
		select { // the moment itself is the fault
		case <-time.After(time.Duration(rnd.Int64N(int64(600 * time.Millisecond)))):
		case <-p.done:
		}
		p.signal(os.Interrupt)
		p.wait()
	}
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	v := m.auditBatch(srv.read())
	v.complete(t, items)
	if v.executed != items {
		t.Errorf("%d executions of %d items", v.executed, items)
	}
}
