package drill

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A traced is one call in a trace: the lines in which it began and ended.
type traced struct {
	name, args string
	begun, end int
}

var (
	traceLine    = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*)$`)
	traceResumed = regexp.MustCompile(`^(\d+) +<\.\.\. [a-z0-9_]+ resumed>`)
)

// readTrace reads what strace -f -y wrote. Calls that failed are left out.
func readTrace(t *testing.T, path string) []traced {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var calls []traced
	open := map[string]int{} // by thread
	for n, line := range strings.Split(string(data), "\n") {
		if m := traceResumed.FindStringSubmatch(line); m != nil {
			if i, ok := open[m[1]]; ok && !strings.Contains(line, ") = -1 ") && !strings.Contains(line, " = -1 E") {
				calls[i].end = n
			}
			delete(open, m[1])
			continue
		}
		m := traceLine.FindStringSubmatch(line)
		if m == nil || strings.Contains(line, " = -1 E") {
			continue
		}
		c := traced{name: m[2], args: m[3], begun: n, end: n}
		if strings.HasSuffix(line, "<unfinished ...>") {
			c.end = -1
			open[m[1]] = len(calls)
		}
		calls = append(calls, c)
	}
	return calls
}

// first is the first call after a line that fits; nil when there is none.
func first(calls []traced, after int, fits func(c traced) bool) *traced {
	for i, c := range calls {
		if c.begun > after && c.end >= 0 && fits(c) {
			return &calls[i]
		}
	}
	return nil
}

// P-D4: done means on the disk. Of each item the row of its submission is synced before
// the server hears of it; its file is synced before it gets its name, the folder after
// that, and only then says a row that it is stored.
func TestBatchSyncsInOrder(t *testing.T) {
	t.Parallel()
	if err := exec.Command("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "true").Run(); err != nil {
		t.Skip("strace is not there or may not trace:", err)
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	items := 10
	if long {
		items = 200
	}
	srv := newRemote(t)
	m := newMachine(t)
	m.table(items)
	log := filepath.Join(m.dir, "trace")
	p := m.command(nil, "strace", append([]string{
		"-f", "--seccomp-bpf", "-qq", "-y", "-s", "8192", "-o", log, "-e", "trace=fsync,fdatasync,renameat,renameat2,linkat,pwrite64,write", bin,
	}, m.batchArgs(srv.url())...)...)
	if exit := p.wait(); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, p.stderr)
	}
	calls := readTrace(t, log)
	syncs := func(what string) func(c traced) bool {
		return func(c traced) bool {
			return (c.name == "fsync" || c.name == "fdatasync") && strings.Contains(c.args, "<"+what+">")
		}
	}
	wal := m.ledgerFile() + "-wal"
	row := func(id, states string) func(c traced) bool {
		says := regexp.MustCompile(id + "[0-9a-f]{64}(" + states + ")")
		return func(c traced) bool {
			return c.name == "pwrite64" && strings.Contains(c.args, "<"+wal+">") && says.MatchString(c.args)
		}
	}
	named := regexp.MustCompile(`"(\.easel-[^"]+\.part)"`)
	for i := range items {
		id := fmt.Sprintf("i%04d", i)
		sent := first(calls, -1, func(c traced) bool {
			return c.name == "write" && strings.Contains(c.args, "POST /") && strings.Contains(c.args, `picture `+strconv.Itoa(i)+`\"`)
		})
		submitted := first(calls, -1, row(id, "submitted"))
		if sent == nil || submitted == nil {
			t.Fatalf("%s: its submission is not in the trace: %v, %v", id, sent != nil, submitted != nil)
		}
		if s := first(calls, submitted.end, syncs(wal)); s == nil || s.end > sent.begun {
			t.Errorf("%s: it was sent before its row was synced", id)
		}
		for _, name := range []string{id + ".png", id + ".png.easel.json"} {
			renamed := first(calls, -1, func(c traced) bool {
				return (strings.HasPrefix(c.name, "renameat") || c.name == "linkat") && strings.Contains(c.args, `"`+name+`"`)
			})
			if renamed == nil {
				t.Fatalf("%s was not named", name)
			}
			part := named.FindStringSubmatch(renamed.args)
			if part == nil {
				t.Fatalf("%s: from where? %s", name, renamed.args)
			}
			if s := first(calls, -1, syncs(filepath.Join(m.out, part[1]))); s == nil || s.end > renamed.begun {
				t.Errorf("%s had its name before its content was synced", name)
			}
			folder := first(calls, renamed.end, syncs(m.out))
			stored := first(calls, -1, row(id, "stored|committed"))
			switch {
			case folder == nil:
				t.Errorf("%s: its folder was not synced", name)
			case stored == nil:
				t.Errorf("%s: no row says that it is stored", name)
			case stored.begun < folder.end:
				t.Errorf("%s: a row said that it is stored before its folder was synced", name)
			case first(calls, stored.end, syncs(wal)) == nil:
				t.Errorf("%s: the row that it is stored was not synced", name)
			}
		}
	}
}
