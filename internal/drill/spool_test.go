package drill

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase/supabasetest"
)

// A bucket is a place for outputs elsewhere, which can go away and come back.
type bucket struct {
	*supabasetest.Service
	away atomic.Bool
	env  []string
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	return newBucketFor(t, "drill-service-role-key")
}

// newBucketFor is newBucket of a project with a key.
func newBucketFor(t *testing.T, key string) *bucket {
	t.Helper()
	b := &bucket{Service: supabasetest.New(key)}
	b.AddBucket("art", false)
	b.Intercept = func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		if b.away.Load() {
			panic(http.ErrAbortHandler)
		}
		serve.ServeHTTP(w, r)
	}
	server := httptest.NewServer(b.Service)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	b.env = []string{"SUPABASE_URL=" + server.URL, "SUPABASE_SERVICE_ROLE_KEY=" + key}
	return b
}

// audit holds the bucket against the history: each output of a run that ended well
// is there once, as it was made, with its record, and nothing else is.
func (b *bucket) audit(t *testing.T, m *machine) (complete int) {
	t.Helper()
	want := map[string]string{}
	for rec, err := range m.history().List() {
		if err != nil {
			t.Fatal(err)
		}
		if rec.State != ledger.Done {
			continue
		}
		complete++
		var res run.Result
		if err := json.Unmarshal(rec.Result, &res); err != nil {
			t.Fatal(err)
		}
		for _, out := range res.Outputs {
			at := out.Path
			if out.Destination != "" {
				at = out.Destination
			}
			name := strings.TrimPrefix(at, "supabase://art/")
			want[name], want[name+run.RecordSuffix] = out.SHA256, ""
		}
	}
	for _, key := range b.Keys("art") {
		sum, wanted := want[key]
		if !wanted && !strings.HasPrefix(key, ".easel-") { // an upload that died, which is swept a day later
			t.Errorf("there is %s, which no run made", key)
		}
		if got := sha256.Sum256(b.Object("art", key)); sum != "" && hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s is not what was made", key)
		}
		delete(want, key)
	}
	if len(want) > 0 {
		t.Errorf("lost: %v", want)
	}
	if left, err := spool.List(m.dir + "/data/easel/spool"); len(left) > 0 || err != nil {
		t.Errorf("still waiting: %+v, %v", left, err)
	}
	return complete
}

// P-F6 and P-D1: the process is killed at each instant of an output that waits. When
// the place is back, the output is there once, and the backend made it once.
func TestKilledWhileOutputsWait(t *testing.T) {
	t.Parallel()
	for _, mark := range append(crashpoint.OfSpool(), crashpoint.Downloaded, crashpoint.Stored, crashpoint.Kept) {
		t.Run(mark, func(t *testing.T) {
			t.Parallel()
			b, srv := newBucket(t), newRemote(t)
			m := newMachine(t, b.env...)
			m.out = "supabase://art"
			b.away.Store(true)
			var env []string
			if mark != crashpoint.Delivered {
				env = []string{"EASEL_CRASH_AT=" + mark}
			}
			p := m.generate(env, srv.url())
			if exit := p.wait(); exit != -1 && mark != crashpoint.Delivered || exit != 3 && mark == crashpoint.Delivered {
				t.Fatalf("generate ended with %d\n%s", exit, p.stderr)
			}
			b.away.Store(false)
			if mark == crashpoint.Delivered {
				p := m.start([]string{"EASEL_CRASH_AT=" + mark}, "spool", "drain")
				if exit := p.wait(); exit != -1 {
					t.Fatalf("drain ended with %d\n%s", exit, p.stderr)
				}
			} else if exit, _, stderr := m.run("resume", "--backend", srv.url()); exit != 0 {
				t.Fatalf("resume ended with %d\n%s", exit, stderr)
			}
			if exit, _, stderr := m.run("spool", "drain"); exit != 0 {
				t.Fatalf("drain ended with %d\n%s", exit, stderr)
			}
			if n := b.audit(t, m); n != 1 {
				t.Errorf("%d runs ended well", n)
			}
			if n := len(srv.read()[0].executions); n != 1 {
				t.Errorf("executed %d times", n)
			}
		})
	}
}

// The place goes and comes while easel works and is killed at any moment: nothing
// that was made is lost or there twice.
func TestKilledAtRandomWhileOutputsWait(t *testing.T) {
	t.Parallel()
	kills := 6
	if long {
		kills = 60
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	b, srv := newBucket(t), newRemote(t)
	m := newMachine(t, b.env...)
	m.out = "supabase://art"
	for range kills {
		b.away.Store(dice.IntN(3) > 0)
		p := m.generate(nil, srv.url(), "--count", "4")
		kill := time.After(time.Duration(200+dice.IntN(2500)) * time.Millisecond)
		turn := time.After(time.Duration(100+dice.IntN(1500)) * time.Millisecond)
		for ended := false; !ended; {
			select {
			case <-turn:
				b.away.Store(!b.away.Load())
			case <-kill:
				p.kill()
				ended = true
			case <-p.done:
				ended = true
			}
		}
		p.wait()
	}
	b.away.Store(false)
	exit, _, stderr := m.run("resume", "--backend", srv.url())
	if exit != 0 && exit != 3 && exit != 8 { // a run that was written down and never submitted is lost
		t.Errorf("resume ended with %d\n%s", exit, stderr)
	}
	if exit, _, stderr := m.run("spool", "drain"); exit != 0 {
		t.Errorf("drain ended with %d\n%s", exit, stderr)
	}
	complete := b.audit(t, m)
	executed := len(srv.read()[0].executions)
	fmt.Fprintf(t.Output(), "%d kills, %d runs ended well, %d were executed\n", kills, complete, executed)
	if keys := b.Keys("art"); slices.Contains(keys, "") || complete == 0 {
		t.Errorf("%d runs ended well", complete)
	}
}
