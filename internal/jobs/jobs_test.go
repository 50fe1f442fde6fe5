package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// onBoth runs a test on SQLite, and on the PostgreSQL that EASEL_TEST_POSTGRES
// names, each time with a database of its own.
func onBoth(t *testing.T, f func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, "sqlite:"+filepath.Join(t.TempDir(), "easel.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, postgresDatabase(t))
	})
}

func postgresDatabase(t testing.TB) string {
	t.Helper()
	server := os.Getenv("EASEL_TEST_POSTGRES")
	if server == "" {
		t.Skip("EASEL_TEST_POSTGRES names no server")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	name := "easel_" + newID()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// open opens a database with its tables. It is closed with the test.
func open(t testing.TB, address string, o Options) *DB {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, address, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop, cancel := context.WithCancel(ctx)
		cancel()
		if err := db.Close(stop); err != nil {
			t.Error(err)
		}
	})
	return db
}

func enqueue(t *testing.T, db *DB, key string, n int) []string {
	t.Helper()
	e := Enqueue{Key: key}
	for i := range n {
		e.Jobs = append(e.Jobs, New{Workflow: "flux_single", Prompt: fmt.Sprintf("fox %d", i), Request: json.RawMessage(`{"steps": 20}`), Order: json.RawMessage(`{}`)})
	}
	got, err := db.Enqueue(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return got.Jobs
}

// ended waits until jobs have ended and returns their states.
func ended(t *testing.T, db *DB, ids ...string) []State {
	t.Helper()
	w := db.Watch(func(e Event) bool { return e.Type == EventState })
	defer w.Close()
	for {
		var states []State
		for _, id := range ids {
			j, err := db.Job(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if j.State.Ended() {
				states = append(states, j.State)
			}
		}
		if len(states) == len(ids) {
			return states
		}
		select {
		case _, open := <-w.C:
			if !open {
				w = db.Watch(func(e Event) bool { return e.Type == EventState })
			}
		case <-t.Context().Done():
			t.Fatal("the jobs did not end")
		}
	}
}

func TestAJobRunsOnceAndLeavesItsOutputs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		width := int64(64)
		db := open(t, address, Options{Workers: 4, Work: func(ctx context.Context, l *Lease) Outcome {
			if err := l.Submitted(ctx, json.RawMessage(`{"run":"r"}`), "prompt-"+l.Job.ID, "studio", "18446744073709551615"); err != nil {
				return Outcome{State: Failed, Error: json.RawMessage(`{"code":"x"}`)}
			}
			return Outcome{State: Succeeded, Result: json.RawMessage(`{"ok":  true}`), Outputs: []Output{{N: 1, Name: l.Job.ID + ".png", Kind: "image", MediaType: "image/png", Node: "9", Width: &width, Bytes: 3, SHA256: "ab"}}}
		}})
		ids := enqueue(t, db, "", 20)
		for i, s := range ended(t, db, ids...) {
			if s != Succeeded {
				t.Errorf("job %d is %s", i, s)
			}
		}
		j, err := db.Job(t.Context(), ids[3])
		if err != nil {
			t.Fatal(err)
		}
		if j.Seed != "18446744073709551615" || j.PromptID != "prompt-"+j.ID || string(j.Result) != `{"ok":  true}` || j.Attempt != 1 || j.Finished.IsZero() {
			t.Errorf("the job is %+v", j)
		}
		outputs, err := db.Outputs(t.Context(), Filter{Limit: 100})
		if err != nil || len(outputs) != 20 {
			t.Fatalf("%d outputs, %v", len(outputs), err)
		}
		if outputs[0].Name != outputs[0].Job+".png" || *outputs[0].Width != 64 {
			t.Errorf("an output is %+v", outputs[0])
		}
		counts, err := db.Counts(t.Context())
		if diff := cmp.Diff(map[State]int64{Queued: 0, Running: 0, Succeeded: 20, Failed: 0, Cancelled: 0}, counts); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestFiftyEqualCallsMakeOneJob(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		e := Enqueue{Idempotency: Idempotency{Name: "order-7", Body: "aa"}, Jobs: []New{{Workflow: "w", Request: json.RawMessage("{}"), Order: json.RawMessage("{}")}}}
		var ids sync.Map
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				got, err := db.Enqueue(t.Context(), e)
				if err != nil {
					t.Error(err)
					return
				}
				ids.Store(got.Jobs[0], true)
			})
		}
		calls.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if jobs, err := db.Jobs(t.Context(), Filter{Limit: 10}); err != nil || len(jobs) != 1 || n != 1 {
			t.Errorf("%d jobs, %d ids, %v", len(jobs), n, err)
		}
		e.Idempotency.Body = "bb"
		if _, err := db.Enqueue(t.Context(), e); !errors.Is(err, ErrKeyReused) {
			t.Errorf("the same name with another body: %v", err)
		}
		e.Idempotency, e.Key = Idempotency{Name: "order-7", Body: "bb"}, "other"
		if got, err := db.Enqueue(t.Context(), e); err != nil || got.Replay {
			t.Errorf("another key's name: %+v, %v", got, err)
		}
	})
}

// take takes a job without a worker.
func take(t *testing.T, db *DB) *Lease {
	t.Helper()
	l, err := db.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestOnlyTheNewestAttemptCounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		clock := &testClock{now: time.Now()}
		a := open(t, address, Options{Now: clock.Now})
		id := enqueue(t, a, "", 1)[0]
		frozen := take(t, a)
		if _, err := a.take(t.Context()); !errors.Is(err, ErrNotFound) {
			t.Fatalf("the job was taken twice: %v", err)
		}
		b := open(t, address, Options{Now: clock.Now})
		if n, err := b.takeBack(t.Context()); n != 0 || err != nil {
			t.Fatalf("a live lease was taken: %d, %v", n, err)
		}
		clock.add(leaseFor + time.Second)
		if n, err := b.takeBack(t.Context()); n != 1 || err != nil {
			t.Fatalf("taken back: %d, %v", n, err)
		}
		woken := take(t, b)
		if err := frozen.Submitted(t.Context(), json.RawMessage("{}"), "p", "b", ""); !errors.Is(err, ErrTaken) {
			t.Errorf("the frozen process may submit: %v", err)
		}
		if err := a.end(t.Context(), frozen, Outcome{State: Failed, Error: json.RawMessage("{}")}); !errors.Is(err, ErrTaken) {
			t.Errorf("the frozen process may write: %v", err)
		}
		if err := b.end(t.Context(), woken, Outcome{State: Succeeded}); err != nil {
			t.Fatal(err)
		}
		j, err := b.Job(t.Context(), id)
		if err != nil || j.State != Succeeded || j.Attempt != 2 || j.Crashes != 1 {
			t.Errorf("the job is %+v, %v", j, err)
		}
	})
}

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestKeysTakeTurns(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		enqueue(t, db, "many", 50)
		few := enqueue(t, db, "few", 5)
		var order []string
		for range 12 {
			order = append(order, take(t, db).Job.Key)
		}
		if n := len(slices.DeleteFunc(slices.Clone(order), func(k string) bool { return k != "few" })); n != len(few) {
			t.Errorf("%d of the 5 jobs of the key with few were among the first 12: %v", n, order)
		}
	})
}

func TestPriorityAndPlace(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		ids := enqueue(t, db, "", 5)
		high := int64(3)
		for _, err := range []error{
			db.Move(t.Context(), ids[4], Place{Priority: &high}),
			db.Move(t.Context(), ids[3], Place{First: true}),
			db.Move(t.Context(), ids[2], Place{Before: ids[1]}),
			db.Cancel(t.Context(), ids[0]),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		// Between two places there are ten halvings, and then others make room.
		for range 40 {
			for _, id := range []string{ids[2], ids[3]} {
				if err := db.Move(t.Context(), id, Place{Before: ids[1]}); err != nil {
					t.Fatal(err)
				}
			}
		}
		var order []string
		for range 4 {
			order = append(order, take(t, db).Job.ID)
		}
		if diff := cmp.Diff([]string{ids[4], ids[2], ids[3], ids[1]}, order); diff != "" {
			t.Error(diff)
		}
		if err := db.Move(t.Context(), ids[1], Place{First: true}); !errors.Is(err, ErrState) {
			t.Errorf("a running job was moved: %v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		started := make(chan string, 10)
		db := open(t, address, Options{Workers: 1, Work: func(ctx context.Context, l *Lease) Outcome {
			started <- l.Job.ID
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), ErrCancelled) {
				return Outcome{State: Queued, HandBack: true}
			}
			return Outcome{State: Cancelled}
		}})
		other := open(t, address, Options{}) // as another process: it hears of it by the database
		ids := enqueue(t, db, "", 2)
		running := <-started
		waiting := ids[0]
		if waiting == running {
			waiting = ids[1]
		}
		if err := other.Cancel(t.Context(), waiting); err != nil {
			t.Fatal(err)
		}
		if err := other.Cancel(t.Context(), running); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]State{Cancelled, Cancelled}, ended(t, other, ids...)); diff != "" {
			t.Error(diff)
		}
		if err := db.Cancel(t.Context(), running); !errors.Is(err, ErrState) {
			t.Errorf("cancelled twice: %v", err)
		}
		if err := db.Retry(t.Context(), running); err != nil {
			t.Fatal(err)
		}
		if got := <-started; got != running {
			t.Errorf("%s began instead of the one that is tried again", got)
		}
		if err := db.Delete(t.Context(), running); !errors.Is(err, ErrState) {
			t.Errorf("a running job was deleted: %v", err)
		}
		if err := db.Cancel(t.Context(), running); err != nil {
			t.Fatal(err)
		}
		ended(t, db, running)
		if err := db.Delete(t.Context(), running); err != nil {
			t.Error(err)
		}
		if _, err := db.Job(t.Context(), running); !errors.Is(err, ErrNotFound) {
			t.Errorf("the deleted job: %v", err)
		}
	})
}

func TestAFailureIsTriedAgainAndItsTicketKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		var seen sync.Map
		db := open(t, address, Options{Workers: 2, Work: func(ctx context.Context, l *Lease) Outcome {
			seen.Store(l.Job.Attempt, string(l.Job.Ticket))
			switch l.Job.Attempt {
			case 1:
				if err := l.Submitted(ctx, json.RawMessage(`{"run":"1"}`), "p1", "b", ""); err != nil {
					t.Error(err)
				}
				return Outcome{State: Queued, Error: json.RawMessage(`{"code":"unreachable"}`)}
			case 2:
				return Outcome{State: Queued, Forget: true}
			case 3:
				panic("a mistake")
			}
			return Outcome{State: Succeeded}
		}})
		id := enqueue(t, db, "", 1)[0]
		if s := ended(t, db, id); s[0] != Failed {
			t.Errorf("a panic left the job %s", s[0])
		}
		got := map[any]any{}
		seen.Range(func(k, v any) bool { got[k] = v; return true })
		if diff := cmp.Diff(map[any]any{int64(1): "", int64(2): `{"run":"1"}`, int64(3): ""}, got); diff != "" {
			t.Error(diff)
		}
		j, err := db.Job(t.Context(), id)
		if err != nil || j.Failures != 2 || string(j.Error) != string(panicked) {
			t.Errorf("the job is %+v, %v", j, err)
		}
	})
}

func TestAPausedQueueHoldsBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		var ran atomic.Int64
		db := open(t, address, Options{Workers: 2, Work: func(context.Context, *Lease) Outcome {
			ran.Add(1)
			return Outcome{State: Succeeded}
		}})
		if err := db.Pause(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		ids := enqueue(t, db, "", 3)
		if paused, err := db.Paused(t.Context()); !paused || err != nil {
			t.Errorf("paused: %v, %v", paused, err)
		}
		if err := db.useTicket(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := ran.Load(); n != 0 {
			t.Errorf("%d jobs ran while the queue was paused", n)
		}
		if err := db.Pause(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		ended(t, db, ids...)
	})
}

func TestEventsReachOtherProcesses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		worker := open(t, address, Options{Workers: 1, Work: func(context.Context, *Lease) Outcome { return Outcome{State: Succeeded} }})
		front := open(t, address, Options{})
		w := front.Watch(func(e Event) bool { return e.Type == EventState })
		defer w.Close()
		id := enqueue(t, front, "", 1)[0]
		var states []string
		for len(states) < 3 {
			e := <-w.C
			if e.Job == id {
				states = append(states, string(e.Data))
			}
		}
		want := []string{string(stateData(Queued, 0)), string(stateData(Running, 1)), string(stateData(Succeeded, 1))}
		if diff := cmp.Diff(want, states); diff != "" {
			t.Error(diff)
		}
		_ = worker
	})
}

func TestOutputsAndJobsAreFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		ids := enqueue(t, db, "a", 30)
		enqueue(t, db, "b", 3)
		a := "a"
		page, err := db.Jobs(t.Context(), Filter{Key: &a, Limit: 10})
		if err != nil || len(page) != 10 || page[0].ID != ids[29] {
			t.Fatalf("the first page: %d, %v", len(page), err)
		}
		page, err = db.Jobs(t.Context(), Filter{Key: &a, Limit: 10, Before: page[9].Seq})
		if err != nil || page[0].ID != ids[19] {
			t.Fatalf("the second page: %v", err)
		}
		for search, want := range map[string]int{"FOX 7": 1, "fox": 30, "ox": 30, "OX 29": 1, "100%": 0, "_": 0, `"fox" OR 1`: 0, "fox*": 0} {
			found, err := db.Jobs(t.Context(), Filter{Key: &a, Search: search, Limit: 100})
			if err != nil || len(found) != want {
				t.Errorf("searching %q: %d jobs, %v", search, len(found), err)
			}
		}
		found, err := db.Jobs(t.Context(), Filter{States: []State{Running, Failed}, Limit: 100})
		if err != nil || len(found) != 0 {
			t.Errorf("%d jobs run, %v", len(found), err)
		}
	})
}

func TestKeysAreKeptAsHashes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		made, secret, err := db.AddKey(t.Context(), "laptop", []Scope{ScopeGenerate})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := db.AddKey(t.Context(), "laptop", nil); !errors.Is(err, ErrState) {
			t.Errorf("a second key of the name: %v", err)
		}
		found, err := db.KeyOf(t.Context(), secret)
		if err != nil || found.ID != made.ID || !found.Allows(ScopeGenerate) || found.Allows(ScopeManage) {
			t.Errorf("the key is %+v, %v", found, err)
		}
		if _, err := db.KeyOf(t.Context(), secret+"x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a wrong key: %v", err)
		}
		rows, err := dbq.New(db.engine.read()).ListKeys(t.Context())
		if err != nil || len(rows) != 1 || rows[0].Hash == secret || rows[0].Hash != hashOf(secret) {
			t.Errorf("the rows are %+v, %v", rows, err)
		}
		if err := db.RemoveKey(t.Context(), "laptop"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.KeyOf(t.Context(), secret); !errors.Is(err, ErrNotFound) {
			t.Errorf("the removed key: %v", err)
		}
		if _, _, err := db.AddKey(t.Context(), "laptop", nil); err != nil {
			t.Errorf("the name of a removed key is not free: %v", err)
		}
	})
}

func TestWebhooksAreWrittenWithTheEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		clock := &testClock{now: time.Now()}
		db := open(t, address, Options{Now: clock.Now})
		got, err := db.Enqueue(t.Context(), Enqueue{Jobs: []New{{Workflow: "w", Webhook: "https://example.org/hook", Request: json.RawMessage("{}"), Order: json.RawMessage("{}")}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.TakeDelivery(t.Context(), time.Minute); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a message before the end: %v", err)
		}
		if err := db.Cancel(t.Context(), got.Jobs[0]); err != nil {
			t.Fatal(err)
		}
		first, err := db.TakeDelivery(t.Context(), time.Minute)
		if err != nil || first.Event != "job.cancelled" || first.Attempt != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		if _, err := db.TakeDelivery(t.Context(), time.Minute); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a message was taken twice: %v", err)
		}
		clock.add(2 * time.Minute) // its sender was killed
		again, err := db.TakeDelivery(t.Context(), time.Minute)
		if err != nil || again.ID != first.ID || again.Attempt != 2 {
			t.Fatalf("%+v, %v", again, err)
		}
		first.State = Delivered
		if err := db.EndDelivery(t.Context(), first); !errors.Is(err, ErrTaken) {
			t.Errorf("the killed sender's word counts: %v", err)
		}
		again.State = Delivered
		if err := db.EndDelivery(t.Context(), again); err != nil {
			t.Error(err)
		}
		log, err := db.Deliveries(t.Context(), got.Jobs[0])
		if err != nil || len(log) != 1 || log[0].State != Delivered || log[0].Delivered.IsZero() {
			t.Errorf("the log is %+v, %v", log, err)
		}
	})
}

func TestAddressesAreShownWithoutPasswords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"postgres://easel:hunter2@db.example.org/easel?sslpassword=hunter2": "postgres://easel@db.example.org/easel",
		"sqlite:/var/lib/easel.db":   "sqlite:/var/lib/easel.db",
		"postgres://%zz:hunter2@h/x": "postgres:…",
	} {
		if got := Shown(in); got != want {
			t.Errorf("%s is shown as %s", in, got)
		}
	}
	if _, err := Open(t.Context(), "mysql://root:hunter2@h/x", Options{}); err == nil || err.Error() != (&AddressError{}).Error() {
		t.Errorf("an address of another database: %v", err)
	}
}
