package drill

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
)

// A remote is a server in a process of its own: `easel emulate`. Each life, from
// a start to a kill, has a log.
type remote struct {
	m     *machine // its own computer
	args  []string
	addr  string
	proc  *process
	lives []string // log files
}

func newRemote(t *testing.T, args ...string) *remote {
	t.Helper()
	r := &remote{m: newMachine(t), args: args, addr: "127.0.0.1:0"}
	r.start()
	return r
}

// start begins a new life, at the address of the last one.
func (r *remote) start() {
	r.m.t.Helper()
	log := filepath.Join(r.m.dir, fmt.Sprintf("life-%d.jsonl", len(r.lives)+1))
	r.lives = append(r.lives, log)
	r.proc = r.m.start(nil, append([]string{"emulate", "--listen", r.addr, "--log", log, "--step-time", "10ms"}, r.args...)...)
	r.proc.expect(r.proc.stdout, "\n")
	r.addr = strings.TrimPrefix(strings.TrimSpace(r.proc.stdout.String()), "http://")
}

func (r *remote) url() string { return "http://" + r.addr }

// restart kills the server and brings it back without its memory.
func (r *remote) restart() {
	r.m.t.Helper()
	r.proc.kill()
	r.start()
}

// A life is what a server did between a start and a kill.
type life struct {
	executions []emulator.Execution
	requests   []emulator.Request
}

// read reads the logs. The last line of a killed server may be cut.
func (r *remote) read() []life {
	r.m.t.Helper()
	var all []life
	for _, file := range r.lives {
		data, err := os.ReadFile(file)
		if err != nil {
			r.m.t.Fatal(err)
		}
		var l life
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			var e emulator.Execution
			var q emulator.Request
			if json.Unmarshal(lines.Bytes(), &e) == nil && e.Outcome != "" {
				l.executions = append(l.executions, e)
			} else if json.Unmarshal(lines.Bytes(), &q) == nil {
				l.requests = append(l.requests, q)
			}
		}
		all = append(all, l)
	}
	return all
}

// lifeOf is the same for a server in this process.
func lifeOf(s *emulator.Server) []life {
	return []life{{executions: s.Executions(), requests: s.Requests()}}
}

// gateway puts a scripted gateway before a server and gives its address.
func gateway(t *testing.T, server string, rules ...chaos.Rule) string {
	t.Helper()
	g, err := chaos.NewGateway(server, rules...)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(g)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		g.Close()
		srv.Close()
	})
	return srv.URL
}
