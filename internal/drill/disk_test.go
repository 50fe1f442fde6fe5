package drill

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// namespaced runs a script in a mount namespace of its own, where it may mount
// file systems without being root. $EASEL is the binary.
func (m *machine) namespaced(script string) (exit int, output string) {
	m.t.Helper()
	if out, err := exec.Command("unshare", "-Urm", "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", m.dir).CombinedOutput(); err != nil {
		m.t.Skipf("this system lets nobody mount without being root: %v %s", err, out)
	}
	bin, err := build()
	if err != nil {
		m.t.Fatal(err)
	}
	p := m.command([]string{"EASEL=" + bin, "OUT=" + m.out}, "unshare", "-Urm", "sh", "-c", script)
	exit = p.wait()
	return exit, p.stdout.String() + p.stderr.String()
}

// P-F1: on a full disk nothing is corrupted and nothing is lost: exit 9, no file
// under a final name, and when there is space resume has the picture, which the
// server computed once.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	if err := os.Mkdir(m.out, 0o700); err != nil {
		t.Fatal(err)
	}
	m.write("graph.json", strings.Replace(graph, `"width": 64, "height": 64`, `"width": 256, "height": 256`, 1))
	exit, output := m.namespaced(`mount -t tmpfs -o size=4m tmpfs "$OUT" || exit 99
		dd if=/dev/zero of="$OUT/filler" bs=4096 count=1022 2>/dev/null
		"$EASEL" generate ./graph.json --backend ` + srv.url() + ` --out "$OUT"; echo "full: $?"
		echo "there:" $(ls -A "$OUT")
		rm "$OUT/filler"
		"$EASEL" resume; echo "resumed: $?"
		mkdir kept && cp -a "$OUT"/. kept/`)
	if exit != 0 || !strings.Contains(output, "full: 9\n") || !strings.Contains(output, "there: filler\n") || !strings.Contains(output, "resumed: 0\n") {
		t.Fatalf("exit %d\n%s", exit, output)
	}
	if !strings.Contains(output, "easel resume") {
		t.Errorf("nobody said how it goes on:\n%s", output)
	}
	if err := os.CopyFS(m.out, os.DirFS(filepath.Join(m.dir, "kept"))); err != nil { // where the history says the file is
		t.Fatal(err)
	}
	m.audit(srv.read()).one(t)
}

// The same for the history: what cannot be written down is not submitted.
func TestFullHistory(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	exit, output := m.namespaced(`mount -t tmpfs -o size=4m tmpfs "$XDG_DATA_HOME" || exit 99
		dd if=/dev/zero of="$XDG_DATA_HOME/filler" bs=4096 count=4000 2>/dev/null
		"$EASEL" generate ./graph.json --backend ` + srv.url() + ` --out "$OUT"; echo "full: $?"`)
	if exit != 0 || !strings.Contains(output, "full: 9\n") {
		t.Errorf("exit %d\n%s", exit, output)
	}
	for _, q := range srv.read()[0].requests {
		if strings.HasSuffix(q.Path, "/prompt") && q.Method == http.MethodPost {
			t.Error("a run that was not recorded was submitted")
		}
	}
}

// P-F2 for the whole process: the n-th call of the system that touches a file
// fails, for every n. Each run ends as a success or with an error, resume
// completes it, and the audit finds nothing wrong. The quick form samples;
// TestNthCallFails of dirstore fails each call of the store.
func TestNthSystemCallFails(t *testing.T) {
	t.Parallel()
	// seccomp-bpf stops only the calls that are traced, which costs a tenth.
	trace := []string{"-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"}
	if err := exec.Command("strace", append(trace, "true")...).Run(); err != nil {
		t.Skip("strace is not there or may not trace:", err)
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	last := 2
	if long {
		last = 12
	}
	srv := newRemote(t)
	t.Run("calls", func(t *testing.T) {
		for _, call := range []string{"fsync", "renameat,renameat2", "write", "openat", "close", "linkat", "mkdirat"} {
			for _, errno := range []string{"EIO", "ENOSPC"} {
				for n := 1; n <= last; n++ {
					when := n
					if call == "write" || call == "openat" || call == "close" { // the first many are the runtime's own
						when = 10 * n
					}
					t.Run(call+" "+errno, func(t *testing.T) {
						t.Parallel()
						m := newMachine(t)
						p := m.command(nil, "strace", append(slices.Clone(trace), "-e", "trace="+call,
							"-e", "inject="+call+":error="+errno+":when="+strconv.Itoa(when),
							bin, "generate", "./graph.json", "--backend", srv.url(), "--out", m.out)...)
						exit := p.wait()
						for range 2 {
							if resumed, _, stderr := m.run("resume"); resumed != 0 && resumed != 8 {
								t.Errorf("resume ended with %d\n%s", resumed, stderr)
							}
						}
						v := m.audit(nil)
						v.sound(t)
						if len(v.open) > 0 || exit == 0 && v.complete != 1 {
							t.Errorf("call %d: exit %d, %+v\n%s", when, exit, v, p.stderr)
						}
					})
				}
			}
		}
	})
}

// P-F3: names are ours. A file of the user is never overwritten, runs that ask
// for one name do not merge, and neither do twins that some systems cannot tell
// apart.
func TestNamesAreOurs(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	if err := os.Mkdir(m.out, 0o700); err != nil {
		t.Fatal(err)
	}
	m.write("out/cat.png", "mine")
	for _, name := range []string{"cat", "cat", "Cat", "café", "cafe\u0301"} {
		if exit, _, stderr := m.run("generate", "./graph.json", "--backend", srv.url(), "--out", m.out, "--name", name); exit != 0 {
			t.Errorf("--name %s: exit %d\n%s", name, exit, stderr)
		}
	}
	if data, err := os.ReadFile(filepath.Join(m.out, "cat.png")); string(data) != "mine" {
		t.Errorf("the user's file is %q, %v", data, err)
	}
	pictures, err := filepath.Glob(filepath.Join(m.out, "*.png"))
	if err != nil || len(pictures) != 6 {
		t.Errorf("there are %q, %v", pictures, err)
	}
	if exit, _, _ := m.run("generate", "./graph.json", "--backend", srv.url(), "--out", filepath.Join(m.out, "cat.png")); exit != 9 {
		t.Errorf("a fixed name that is taken: exit %d", exit)
	}
	if exit, _, stderr := m.run("generate", "./graph.json", "--backend", srv.url(), "--out", filepath.Join(m.out, "cat.png"), "--force"); exit != 0 {
		t.Errorf("--force: exit %d\n%s", exit, stderr)
	}
	if got := m.states(); got[ledger.Done] != 6 {
		t.Errorf("the history says %v", got)
	}
}

// P-F8: the folder becomes read-only, goes away or is swapped for a link while
// the run executes: an error that says so, and nothing is written elsewhere.
func TestFolderChangesMidRun(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m *machine) error{
		"removed": func(m *machine) error { return os.RemoveAll(m.out) },
		"swapped for a link": func(m *machine) error {
			if err := os.Rename(m.out, m.out+"-old"); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(m.dir, "elsewhere"), m.out)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			for _, dir := range []string{filepath.Join(m.dir, "elsewhere"), m.out} {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			p := m.generate(nil, gateway(t, srv.url(), chaos.Rule{Path: "/view", Nth: 1, Before: func() {
				if err := change(m); err != nil {
					t.Error(err)
				}
			}}))
			exit := p.wait()
			if exit != 9 && exit != 0 {
				t.Errorf("exit %d\n%s", exit, p.stderr)
			}
			if entries, err := os.ReadDir(filepath.Join(m.dir, "elsewhere")); err != nil || len(entries) > 0 {
				t.Errorf("written elsewhere: %v, %v", entries, err)
			}
			if name == "removed" {
				if resumed, _, stderr := m.run("resume"); exit != 9 || resumed != 0 {
					t.Errorf("exit %d, resume %d\n%s", exit, resumed, stderr)
				}
				m.audit(srv.read()).one(t)
			}
		})
	}
	t.Run("read-only", func(t *testing.T) {
		t.Parallel()
		srv, m := newRemote(t), newMachine(t)
		if err := os.Mkdir(m.out, 0o700); err != nil {
			t.Fatal(err)
		}
		exit, output := m.namespaced(`mount -t tmpfs -o ro tmpfs "$OUT" || exit 99
			"$EASEL" generate ./graph.json --backend ` + srv.url() + ` --out "$OUT"; echo "read-only: $?"`)
		if exit != 0 || !strings.Contains(output, "read-only: 9\n") {
			t.Errorf("exit %d\n%s", exit, output)
		}
		if l := srv.read()[0]; len(l.executions) > 0 {
			t.Error("a run was paid for whose output could not be stored")
		}
	})
}
