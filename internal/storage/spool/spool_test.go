package spool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/memstore"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var place = spool.Place{Address: "memory://art", Service: "https://project.test"}

// A moody store fails as it is told, before or after it has done its work.
type moody struct {
	storage.Store
	before, after atomic.Pointer[error] // of Create and of Commit
	creates       atomic.Int64
}

func (m *moody) be(err error)   { m.before.Store(&err) }
func (m *moody) lose(err error) { m.after.Store(&err) }

var (
	errAway    = &storage.Error{Op: "write", Location: "memory:", Err: errors.New("connection refused"), Temporary: true}
	errExpired = &storage.Error{Op: "write", Location: "memory:", Err: storage.ErrAuth}
	errTooBig  = &storage.Error{Op: "write", Location: "memory:", Err: errors.New("it is too large")}
)

func (m *moody) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	m.creates.Add(1)
	if err := m.before.Load(); err != nil && *err != nil {
		return nil, *err
	}
	w, err := m.Store.Create(ctx, o)
	return &moodyWriter{w, m}, err
}

func (m *moody) Probe(ctx context.Context) error {
	if err := m.before.Load(); err != nil && *err != nil {
		return *err
	}
	return m.Store.Probe(ctx)
}

type moodyWriter struct {
	storage.Writer
	store *moody
}

func (w *moodyWriter) Commit(ctx context.Context, name string) (storage.Info, error) {
	info, err := w.Writer.Commit(ctx, name)
	if lost := w.store.after.Load(); err == nil && lost != nil && *lost != nil {
		return storage.Info{}, *lost
	}
	return info, err
}

func wrap(t *testing.T, remote storage.Store, opts spool.Options) *spool.Store {
	t.Helper()
	s, err := spool.Wrap(remote, place, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func options(t *testing.T) spool.Options {
	t.Helper()
	return spool.Options{Dir: filepath.Join(t.TempDir(), "spool"), Limit: 1 << 30}
}

// put stores an output and says where it is on this machine, "" when it is not.
func put(t *testing.T, s storage.Store, name, content string, replace bool) string {
	t.Helper()
	w, err := s.Create(t.Context(), storage.Object{Name: name, Replace: replace, MediaType: "text/plain", Metadata: map[string]string{"run": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	io.WriteString(w, content)
	info, err := w.Commit(t.Context(), name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if info.Name != name || info.Size != int64(len(content)) {
		t.Errorf("%s: %+v", name, info)
	}
	return info.Local
}

func content(t *testing.T, s storage.Store, name string) string {
	t.Helper()
	r, _, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// drain delivers all, also when the delivery in the background is at it.
func drain(t *testing.T, s *spool.Store) {
	t.Helper()
	for {
		err := s.Deliver(t.Context(), nil)
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "another process") {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}

func count(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	all, err := spool.List(dir)
	if err != nil {
		t.Error(err)
	}
	for _, s := range all {
		n += len(s.Outputs)
	}
	return n
}

// A spool before a store that works is the store.
func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Helper()
		return wrap(t, memstore.New(), options(t))
	}, storagetest.Metadata)
}

func TestWaitsAndArrives(t *testing.T) {
	t.Parallel()
	for _, cause := range []*storage.Error{errAway, errExpired, errTooBig, {Err: &storage.BucketError{Bucket: "art"}}} {
		opts := options(t)
		remote := &moody{Store: memstore.New()}
		s := wrap(t, remote, spool.Patient(opts))
		if at := put(t, s, "a.png", "first", false); at != "" {
			t.Errorf("a store that works: waits at %s", at)
		}
		remote.be(cause)
		at := put(t, s, "b.png", "second", false)
		if filepath.Ext(at) != ".png" {
			t.Errorf("it waits as %s", at)
		}
		if data, err := os.ReadFile(at); string(data) != "second" || err != nil {
			t.Errorf("%v: waits at %q with %q, %v", cause, at, data, err)
		}
		put(t, s, "b.png.easel.json", "{}", true)
		put(t, s, "a.png", "instead", true)
		if n, why := s.Waiting(); n != 3 || !strings.Contains(why, cause.Err.Error()) {
			t.Errorf("%d wait: %s", n, why)
		}
		if got := storagetest.Names(t, s, ""); !slices.Equal(got, []string{"a.png", "b.png", "b.png.easel.json"}) {
			t.Errorf("there are %q", got)
		}
		if content(t, s, "b.png") != "second" || content(t, s, "a.png") != "instead" {
			t.Error("what waits is not read")
		}
		left, isLeft := errors.AsType[*spool.UndeliveredError](s.Settle(t.Context()))
		if !isLeft || left.Left != 3 {
			t.Errorf("settled: %+v", left)
		}
		remote.be(nil)
		if err := s.Deliver(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if content(t, remote.Store, "b.png") != "second" || content(t, remote.Store, "a.png") != "instead" || count(t, opts.Dir) != 0 {
			t.Error("not all has arrived")
		}
		if info, err := remote.Stat(t.Context(), "b.png"); err != nil || info.MediaType != "text/plain" || info.Metadata["run"] != "1" {
			t.Errorf("arrived as %+v, %v", info, err)
		}
		if at := put(t, s, "c.png", "third", false); at != "" {
			t.Errorf("the store is back, and c.png waits at %s", at)
		}
		entries, _ := filepath.Glob(filepath.Join(opts.Dir, "*", "*"))
		if len(entries) != 2 { // the place and the lock
			t.Errorf("left: %q", entries)
		}
	}
}

// While a store is away it is not asked again for each output.
func TestAwayIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	s := wrap(t, remote, spool.Patient(options(t)))
	if err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		put(t, s, fmt.Sprintf("%02d", i), "x", false)
	}
	if n := remote.creates.Load(); n > 2 {
		t.Errorf("it was asked %d times", n)
	}
	remote.be(errExpired)
	if err := s.Probe(t.Context()); !errors.Is(err, storage.ErrAuth) {
		t.Errorf("a refusal before anything runs: %v", err)
	}
}

// What waits is delivered by itself when the store is back.
func TestDeliversByItself(t *testing.T) {
	t.Parallel()
	opts := options(t)
	notes := make(chan string, 10)
	opts.Note = func(text string) { notes <- text }
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	s := wrap(t, remote, spool.Impatient(opts))
	for i := range 9 {
		put(t, s, fmt.Sprintf("dir/%d.png", i), fmt.Sprint(i), false)
	}
	remote.be(nil)
	for note := range notes {
		if n, _ := s.Waiting(); n == 0 && strings.Contains(note, "is back") {
			break
		}
	}
	if n, _ := s.Waiting(); n != 0 || len(storagetest.Names(t, remote.Store, "")) != 9 {
		t.Errorf("%d wait", n)
	}
}

// A later process delivers what one that died has left.
func TestSurvivesTheProcess(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	first := wrap(t, remote, spool.Patient(opts)) // is never told that it ends
	put(t, first, "a.png", "alpha", false)
	w, err := first.Create(t.Context(), storage.Object{Name: "half.png"})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "half")

	remote.be(nil)
	second := wrap(t, remote, spool.Patient(opts))
	drain(t, second)
	if got := storagetest.Names(t, remote.Store, ""); !slices.Equal(got, []string{"a.png"}) || content(t, remote.Store, "a.png") != "alpha" {
		t.Errorf("there is %q", got)
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
}

// An upload that succeeded without an answer is one object in the end.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.lose(errAway)
	s := wrap(t, remote, spool.Patient(opts))
	put(t, s, "a.png", "alpha", false)
	remote.lose(nil)
	if err := s.Deliver(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if count(t, opts.Dir) != 0 || len(storagetest.Names(t, remote.Store, "")) != 1 {
		t.Errorf("%q", storagetest.Names(t, s, ""))
	}
}

// An object of somebody else under the name stays, and so does ours.
func TestTakenMeanwhile(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	s := wrap(t, remote, spool.Patient(opts))
	put(t, s, "a.png", "ours", false)
	put(t, s, "a.png.easel.json", "record", true)
	put(t, s, "b.png", "free", false)
	remote.be(nil)
	storagetest.Put(t, remote.Store, "a.png", "theirs")
	var told []string
	var mu sync.Mutex
	err := s.Deliver(t.Context(), func(name string, err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(name, " ", err != nil))
	})
	slices.Sort(told)
	if left, ok := errors.AsType[*spool.UndeliveredError](err); !ok || left.Left != 2 || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("delivered: %v", err)
	}
	if !slices.Equal(told, []string{"a.png true", "b.png false"}) {
		t.Errorf("told %q", told)
	}
	if content(t, remote.Store, "a.png") != "theirs" || content(t, s, "a.png") != "ours" {
		t.Error("one of the two is lost")
	}
	if _, err := remote.Stat(t.Context(), "a.png.easel.json"); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("the record of ours lies beside theirs: %v", err)
	}
	if err := remote.Remove(t.Context(), "a.png"); err != nil {
		t.Fatal(err)
	}
	if err := s.Deliver(t.Context(), nil); err != nil || content(t, remote.Store, "a.png") != "ours" {
		t.Errorf("after theirs was removed: %v", err)
	}
}

// A name that waits is taken, for this process and for others.
func TestNamesThatWait(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	first, second := wrap(t, remote, spool.Patient(opts)), wrap(t, remote, spool.Patient(opts))
	put(t, first, "a.png", "one", false)
	w, err := second.Create(t.Context(), storage.Object{Name: "a.png"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	io.WriteString(w, "two")
	if _, err := w.Commit(t.Context(), "a.png"); !errors.Is(err, storage.ErrExist) {
		t.Errorf("a name that waits: %v", err)
	}
	info, err := w.Commit(t.Context(), "a-1.png")
	if err != nil || info.Local == "" {
		t.Errorf("another name: %+v, %v", info, err)
	}
	if err := first.Remove(t.Context(), "a.png"); err != nil {
		t.Error(err)
	}
	if count(t, opts.Dir) != 1 {
		t.Errorf("%d wait", count(t, opts.Dir))
	}
}

// Many commits of one name while the store is away: one wins, none is lost.
func TestOneOfManyWaits(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	s := wrap(t, remote, spool.Patient(opts))
	var won atomic.Int64
	var team sync.WaitGroup
	for i := range 16 {
		team.Go(func() {
			w, err := s.Create(t.Context(), storage.Object{})
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Abort()
			fmt.Fprint(w, i)
			for try := 0; ; try++ {
				if _, err = w.Commit(t.Context(), storage.Variant("x", try)); !errors.Is(err, storage.ErrExist) {
					break
				}
			}
			if err != nil {
				t.Error(err)
			}
			won.Add(1)
		})
	}
	team.Wait()
	seen := map[string]bool{}
	for _, name := range storagetest.Names(t, s, "") {
		seen[content(t, s, name)] = true
	}
	if won.Load() != 16 || len(seen) != 16 || count(t, opts.Dir) != 16 {
		t.Errorf("%d of 16 were stored, %d are there", won.Load(), len(seen))
	}
}

// P-F6: a full spool pauses who stores, and loses nothing.
func TestFullPauses(t *testing.T) {
	t.Parallel()
	opts := options(t)
	opts.Limit = 10
	full := make(chan struct{})
	var once sync.Once
	opts.Note = func(text string) {
		if strings.Contains(text, "limit of the spool") {
			once.Do(func() { close(full) })
		}
	}
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	s := wrap(t, remote, spool.Impatient(opts))
	put(t, s, "larger than all", strings.Repeat("x", 50), false)
	stored := make(chan string)
	go func() { stored <- put(t, s, "next", "12345", false) }()
	<-full
	select {
	case at := <-stored:
		t.Errorf("it did not wait: %s", at)
	default:
	}
	remote.be(nil)
	<-stored
	if err := s.Deliver(t.Context(), nil); err != nil && !strings.Contains(err.Error(), "another process") {
		t.Error(err)
	}

	remote.be(errAway)
	put(t, s, "again", strings.Repeat("x", 50), false)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.Create(ctx, storage.Object{})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "given up")
	cancel()
	if _, err := w.Commit(ctx, "given up"); !errors.Is(err, context.Canceled) {
		t.Errorf("given up while waiting: %v", err)
	}
}

// A file that was changed while it waited is not passed off as the output.
func TestDamagedWhileWaiting(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	s := wrap(t, remote, spool.Patient(opts))
	at := put(t, s, "a.png", "alpha", false)
	if err := os.WriteFile(at, []byte("ALPHA"), 0o600); err != nil {
		t.Fatal(err)
	}
	remote.be(nil)
	if err := s.Deliver(t.Context(), nil); err == nil || len(storagetest.Names(t, remote.Store, "")) != 0 {
		t.Errorf("a damaged file was delivered: %v", err)
	}
	if count(t, opts.Dir) != 1 {
		t.Error("it does not wait any more")
	}
}

// What another process has delivered does not wait here any more.
func TestDeliveredByAnother(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	first, second := wrap(t, remote, spool.Patient(opts)), wrap(t, remote, spool.Patient(opts))
	put(t, first, "a.png", "alpha", false)
	remote.be(nil)
	drain(t, second)
	if err := first.Settle(t.Context()); err != nil {
		t.Error(err)
	}
}

// What replaces an output that waits is not overtaken by it.
func TestReplacesWhatWaits(t *testing.T) {
	t.Parallel()
	opts := options(t)
	remote := &moody{Store: memstore.New()}
	remote.be(errAway)
	first := wrap(t, remote, spool.Patient(opts))
	put(t, first, "a.png", "old", false)
	remote.be(nil)
	second := wrap(t, remote, spool.Patient(spool.Options{Dir: opts.Dir, Limit: opts.Limit}))
	put(t, second, "a.png", "new", true)
	drain(t, second)
	if got := content(t, remote.Store, "a.png"); got != "new" {
		t.Errorf("there is %q", got)
	}
}
