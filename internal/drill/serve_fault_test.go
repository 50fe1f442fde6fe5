package drill

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
)

func throughProxy(t *testing.T, target string) *chaos.Proxy {
	t.Helper()
	p, err := chaos.NewProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// P-S9: who asks for ten jobs behind a client with very many is served in turn.
func TestPS9Fairness(t *testing.T) {
	t.Parallel()
	many := 200
	if long {
		many = 5000
	}
	srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t)
	s := newServing(m, srv.url())
	keys := map[string]string{}
	for _, name := range []string{"a", "b"} {
		exit, stdout, stderr := m.run("serve", "keys", "add", name)
		if exit != 0 {
			t.Fatalf("keys add: %d\n%s", exit, stderr)
		}
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		keys[name] = lines[len(lines)-1]
	}
	s.start()
	ask := func(who string, n int) {
		s.key = keys[who]
		if status, answer := s.try(http.MethodPost, "/api/v1/generate", map[string]any{"workflow_id": "drill", "count": n}, nil); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, answer)
		}
	}
	ask("a", many)
	ask("b", 10)
	began, ended := time.Now(), time.Time{}
	for id, j := range s.settle() {
		if j.State != "succeeded" {
			t.Fatalf("job %s is %s: %s", id, j.State, j.Error)
		}
		if j.Finished.After(ended) {
			ended = *j.Finished
		}
	}
	s.key = keys["a"]
	between := 0
	for _, j := range s.jobs() {
		if j.Finished != nil && j.Finished.After(began) && !j.Finished.After(ended) {
			between++
		}
	}
	// In turn: ten of the other key while these ten run, and what ran already.
	t.Logf("while ten jobs of one key were done, %d of %d of the other were", between, many)
	if between > 2*10+4 {
		t.Errorf("ten jobs waited for %d of another key", between)
	}
}

// P-S10: a job that takes its backend down is tried three times and then failed
// with a reason; the others are done.
func TestPS10Poison(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t)
	address := srv.url()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	deaths := 0
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/prompt") && r.Method == http.MethodPost {
			data, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(data))
			if bytes.Contains(data, []byte("poison")) {
				defer func() { // it was accepted, and ends its server
					mu.Lock()
					defer mu.Unlock()
					deaths++
					srv.restart()
				}()
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	defer func() {
		front.CloseClientConnections()
		front.Close()
	}()
	s := newServing(m, front.URL, "--workers", "2")
	s.start()
	poison := s.post(map[string]any{"prompt": "poison"})
	acknowledged := append(s.load(30, 2), poison)
	all := s.settle()
	mu.Lock()
	defer mu.Unlock()
	if j := all[poison]; j.State != "failed" || !strings.Contains(string(j.Error), "lost") {
		t.Errorf("the poison is %s: %s", j.State, j.Error)
	}
	if deaths < 2 || deaths > 3 {
		t.Errorf("it was tried %d times", deaths)
	}
	v := s.audit(acknowledged, srv)
	if v.failed > 1 {
		for _, j := range all {
			if j.State == "failed" && j.ID != poison {
				t.Errorf("%s failed too: %s", j.ID, j.Error)
			}
		}
	}
}

// A job whose ComfyUI died is taken up again by itself, when that is back without
// its memory.
func TestServeBackendDied(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t, "--step-time", "10ms"), newMachine(t)
	s := newServing(m, srv.url())
	s.start()
	var acknowledged []string
	for i := range 6 {
		acknowledged = append(acknowledged, s.post(map[string]any{"params": map[string]any{"steps": 30, "seed": i}}))
	}
	for begun := false; !begun; {
		var page struct{ Jobs []servedJob }
		s.get("/api/v1/jobs?status=running", &page)
		begun = len(page.Jobs) > 0
	}
	srv.restart()
	v := s.audit(acknowledged, srv)
	if v.failed > 0 || v.succeeded != len(acknowledged) {
		t.Errorf("%+v of %d", v, len(acknowledged))
	}
}

// P-S11: each job's end is told at least once, with the same id and a valid
// signature at each try, in spite of a receiver that fails in every way and of a
// server that is killed meanwhile.
func TestPS11Webhooks(t *testing.T) {
	t.Parallel()
	secret := []byte("0123456789abcdef0123456789abcdef")
	var mu sync.Mutex
	ids, told, tries := map[string]string{}, map[string]bool{}, 0
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := hmac.New(sha256.New, secret)
		io.WriteString(h, r.Header.Get("Webhook-Id")+"."+r.Header.Get("Webhook-Timestamp")+".")
		h.Write(body)
		if !strings.Contains(r.Header.Get("Webhook-Signature"), "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil))) {
			t.Errorf("the signature %q is not valid", r.Header.Get("Webhook-Signature"))
		}
		var m struct {
			Type string    `json:"type"`
			Data servedJob `json:"data"`
		}
		if err := json.Unmarshal(body, &m); err != nil || m.Type != "job."+m.Data.State {
			t.Errorf("%v: %s", err, body)
		}
		mu.Lock()
		defer mu.Unlock()
		tries++
		id := r.Header.Get("Webhook-Id")
		if first, ok := ids[m.Data.ID]; ok && first != id {
			t.Errorf("job %s was told under two ids", m.Data.ID)
		}
		if _, again := ids[m.Data.ID]; !again {
			ids[m.Data.ID] = id
			switch len(ids) % 4 { // the first try fails
			case 0:
				w.WriteHeader(http.StatusInternalServerError)
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
			default:
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
			}
			return
		}
		told[m.Data.ID] = true
	}))
	defer receiver.Close()
	srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t, "EASEL_WEBHOOK_SECRET=whsec_"+base64.StdEncoding.EncodeToString(secret))
	s := newServing(m, srv.url(), "--allow-private")
	s.start()
	var asked []string
	for i := range 8 {
		asked = append(asked, s.post(map[string]any{"webhook": receiver.URL + "/told", "params": map[string]any{"seed": i}}))
	}
	s.settle()
	s.proc.kill()
	s.start()
	missing := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range asked {
			if !told[id] {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(patience); missing() > 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond) // for the receiver, which the server calls when a delay is over
	}
	if n := missing(); n > 0 {
		t.Errorf("%d of %d jobs were never told\n%s", n, len(asked), s.proc.stderr)
	}
	t.Logf("%d messages for %d jobs", tries, len(asked))
}

// P-S12: whoever is cut off and comes back with the last id misses no end of a
// job; who does not read is dropped, and others hear everything.
func TestPS12Events(t *testing.T) {
	t.Parallel()
	jobs := 40
	if long {
		jobs = 1000
	}
	srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t)
	s := newServing(m, srv.url())
	s.start()
	deaf, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	if _, err := io.WriteString(deaf, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	heard := make(chan map[string]bool, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	begun := make(chan struct{})
	go func() { heard <- s.listenFor(ctx, jobs, begun) }()
	<-begun
	asked := s.load(jobs, 4)
	ended := <-heard
	for _, id := range asked {
		if !ended[id] {
			t.Errorf("the end of job %s was never heard", id)
		}
	}
	if rss := s.memory(); rss > 120<<20 {
		t.Errorf("the server takes %d MB", rss>>20)
	}
}

// listenFor reads events, cutting the connection after every few of them, until so
// many jobs have ended by what they say.
func (s *serving) listenFor(ctx context.Context, jobs int, begun chan struct{}) map[string]bool {
	ended, last := map[string]bool{}, ""
	var once sync.Once
	for len(ended) < jobs && ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/events", nil)
		if err != nil {
			return ended
		}
		if last != "" {
			req.Header.Set("Last-Event-ID", last)
		}
		res, err := plain.Do(req)
		if err != nil {
			continue
		}
		event, n := "", 0
		for lines := bufio.NewScanner(res.Body); n < 7 && len(ended) < jobs && lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				event = value
				once.Do(func() { close(begun) })
			case "id":
				last = value
			case "data":
				n++
				var e struct {
					Job  string `json:"job_id"`
					Data servedJob
				}
				if event == "state" && json.Unmarshal([]byte(value), &e) == nil && e.Data.over() {
					ended[e.Job] = true
				}
			}
		}
		res.Body.Close()
	}
	return ended
}

// memory is the resident memory of the process in bytes.
func (s *serving) memory() int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(s.proc.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0 // not Linux
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return n << 10
}
