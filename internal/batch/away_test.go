package batch

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
)

// P-F6: the bucket of a batch goes away after some outputs. The backend works on as
// if nothing were, the rest waits on this machine, and is in the bucket when that
// is back.
func TestBucketAwayIdlesNoBackend(t *testing.T) {
	const items, before = 30, 5
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	backend := s3mem.New()
	if err := backend.CreateBucket("art"); err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	next := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h, user := newHost(t, emulator.Options{StepTime: 100 * time.Millisecond}), newBench(t, oneStep(items))
	user.remote = "s3://art/run"
	user.opener.S3 = s3store.Settings{Endpoint: server.URL}
	user.opener.Journal = filepath.Join(t.TempDir(), "uploads")
	user.opener.Spool = spool.Options{Dir: filepath.Join(t.TempDir(), "spool"), Limit: 1 << 30}
	stored := 0
	user.events = func(e Event) {
		if e.Type == EventItem {
			if stored++; stored == before {
				away.Store(true)
			}
		}
	}
	sum, err := user.run(t.Context(), "a="+h.url)
	if err != nil || sum.Committed != items {
		t.Fatalf("%+v, %v", sum, err)
	}
	if busy := busyOf(h.done); busy < 0.9 {
		t.Errorf("the backend was busy for %.3f of the time", busy)
	} else {
		t.Logf("busy for %.3f of the time", busy)
	}
	waiting, err := spool.List(user.opener.Spool.Dir)
	if err != nil || len(waiting) != 1 || len(waiting[0].Outputs) < items-before {
		t.Fatalf("%d places are waited for, %v", len(waiting), err)
	}
	away.Store(false)
	st, err := user.opener.Spooled(waiting[0].Place)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.Deliver(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for i := range items {
		if _, err := storage.Sum(t.Context(), st, fmt.Sprintf("i%05d.png", i)); err != nil {
			t.Error(err)
		}
	}
	if left, err := spool.List(user.opener.Spool.Dir); len(left) > 0 || err != nil {
		t.Errorf("still waiting: %+v, %v", left, err)
	}
}
