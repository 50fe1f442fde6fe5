package batch

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// busyOf is the part of the time that a server executed between its first start and
// its last end.
func busyOf(done []emulator.Execution) float64 {
	var busy time.Duration
	first, last := done[0].Started, done[0].Ended
	for _, e := range done {
		busy += e.Ended.Sub(e.Started)
		if e.Started.Before(first) {
			first = e.Started
		}
		if e.Ended.After(last) {
			last = e.Ended
		}
	}
	return float64(busy) / float64(last.Sub(first))
}

// far puts a round trip between a client and a server.
func far(b *testing.B, url string, roundTrip time.Duration) string {
	b.Helper()
	if roundTrip == 0 {
		return url
	}
	p, err := chaos.NewProxy(strings.TrimPrefix(url, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	p.Set(chaos.Toxic{Delay: roundTrip / 2})
	b.Cleanup(func() { p.Close() })
	return p.URL()
}

// prefill gives a server all jobs at once: nothing a client does can be faster.
func prefill(b *testing.B, h *host, jobs int) {
	b.Helper()
	client, err := comfy.NewClient(h.url)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	handles := make([]comfy.Handle, jobs)
	for i := range handles {
		g, err := comfy.ParseGraph([]byte(graph))
		if err != nil {
			b.Fatal(err)
		}
		g.Node("6").Inputs.SetString("text", fmt.Sprint("picture ", i))
		g.Node("3").Inputs.Set("steps", []byte("1"))
		if handles[i], err = client.Submit(b.Context(), comfy.Submission{ID: comfy.NewID(), Graph: g}); err != nil {
			b.Fatal(err)
		}
	}
	for _, err := range client.Follow(b.Context(), handles[jobs-1]) {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBusy is GPU-busy of a batch over that of a queue that was filled before
// (B1 of the benchmarks).
func BenchmarkBusy(b *testing.B) {
	for _, job := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		for _, trip := range []time.Duration{0, 100 * time.Millisecond} {
			b.Run(fmt.Sprintf("job=%s/trip=%s", job, trip), func(b *testing.B) {
				jobs := int(max(15, min(300, 20*time.Second/job)))
				var ratios, busy []float64
				for b.Loop() {
					full := newHost(b, emulator.Options{StepTime: job})
					prefill(b, full, jobs)
					h, user := newHost(b, emulator.Options{StepTime: job}), newBench(b, oneStep(jobs))
					if _, err := user.run(b.Context(), "a="+far(b, h.url, trip)); err != nil {
						b.Fatal(err)
					}
					busy = append(busy, busyOf(h.done))
					ratios = append(ratios, busyOf(h.done)/busyOf(full.done))
				}
				slices.Sort(ratios)
				slices.Sort(busy)
				b.ReportMetric(ratios[len(ratios)/2], "of-prefill")
				b.ReportMetric(busy[len(busy)/2], "busy")
			})
		}
	}
}

func oneStep(n int) string {
	var b bytes.Buffer
	b.WriteString("id,prompt,steps\n")
	for i := range n {
		fmt.Fprintf(&b, "i%05d,picture %d,1\n", i, i)
	}
	return b.String()
}

// BenchmarkResume10000 is the time from the start to the first submission of a batch of 10,000
// items of which 9,900 are committed, with their files there (B8).
func BenchmarkResume10000(b *testing.B) {
	const items, left = 10_000, 100
	h, user := newHost(b, emulator.Options{StepTime: -1}), newBench(b, oneStep(items))
	p := user.plan()
	if err := os.MkdirAll(user.out, 0o700); err != nil {
		b.Fatal(err)
	}
	user.ledger.Path = user.path()
	book, err := OpenLedger(b.Context(), p, user.ledger)
	if err != nil {
		b.Fatal(err)
	}
	for i := range items - left {
		id := p.Items[i].ID
		name := id + ".png"
		if err := os.WriteFile(filepath.Join(user.out, name), []byte("x"), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := book.Commit(id, []ledger.File{{Name: name, SHA256: "x", Bytes: 1}}, []byte("{}"), 0, false); err != nil {
			b.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		began, first := time.Now(), time.Duration(0)
		user.events = func(e Event) {
			if e.Type == EventRun && first == 0 {
				first = time.Since(began)
				cancel()
			}
		}
		_, _ = user.run(ctx, "a="+h.url) // it is interrupted
		cancel()
		b.ReportMetric(float64(first.Milliseconds()), "ms-to-first")
	}
}

// BenchmarkNothingToDo is the same plan again, of 1,000 items.
func BenchmarkNothingToDo(b *testing.B) {
	const items = 1000
	user := newBench(b, oneStep(items))
	p := user.plan()
	if err := os.MkdirAll(user.out, 0o700); err != nil {
		b.Fatal(err)
	}
	user.ledger.Path = user.path()
	book, err := OpenLedger(b.Context(), p, user.ledger)
	if err != nil {
		b.Fatal(err)
	}
	for i := range items {
		id := p.Items[i].ID
		if err := os.WriteFile(filepath.Join(user.out, id+".png"), []byte("x"), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := book.Commit(id, []ledger.File{{Name: id + ".png", SHA256: "x", Bytes: 1}}, []byte("{}"), 0, false); err != nil {
			b.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if sum, err := user.run(b.Context()); err != nil || sum.Skipped != items {
			b.Fatal(sum, err)
		}
	}
}

// BenchmarkModelLoads is how often models are loaded for a shuffled plan of three,
// over the least that is possible, grouped and as given (B9).
func BenchmarkModelLoads(b *testing.B) {
	const items = 60
	var csv bytes.Buffer
	csv.WriteString("id,prompt,steps,ckpt\n")
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, i := range rnd.Perm(items) {
		fmt.Fprintf(&csv, "i%03d,picture %d,1,%c.safetensors\n", i, i%10, "abc"[i%3])
	}
	for _, order := range []Ordering{Grouped, AsGiven} {
		b.Run(string(order), func(b *testing.B) {
			for b.Loop() {
				h, user := newHost(b, emulator.Options{StepTime: 5 * time.Millisecond, ModelLoad: 200 * time.Millisecond}), newBench(b, csv.String())
				user.options.Ordering = order
				began := time.Now()
				if _, err := user.run(b.Context(), "a="+h.url); err != nil {
					b.Fatal(err)
				}
				loads := 0
				for _, e := range h.done {
					if slices.Contains(e.Nodes, "4") {
						loads++
					}
				}
				b.ReportMetric(float64(loads)/3, "loads-of-least")
				b.ReportMetric(time.Since(began).Seconds(), "s")
			}
		})
	}
}

// BenchmarkSeveralBackends is the time that four unequal backends need, over the
// least that is possible without the bad one: down, it is never there; flapping, it
// comes and goes (B10).
func BenchmarkSeveralBackends(b *testing.B) {
	const items = 160
	steps := []time.Duration{400 * time.Millisecond, 400 * time.Millisecond, 200 * time.Millisecond, 100 * time.Millisecond}
	for _, state := range []string{"all well", "one down", "one flapping"} {
		b.Run(state, func(b *testing.B) {
			for b.Loop() {
				user := newBench(b, oneStep(items))
				var hosts []*host
				var addresses []string
				perSecond := 0.0
				for i, step := range steps {
					h := newHost(b, emulator.Options{StepTime: step})
					hosts = append(hosts, h)
					addresses = append(addresses, fmt.Sprintf("b%d=%s", i, h.url))
					if state == "all well" || i != 0 {
						perSecond += 1 / step.Seconds()
					}
				}
				stop := make(chan struct{})
				var bad sync.WaitGroup
				switch state {
				case "one down":
					hosts[0].setDown(true)
				case "one flapping":
					bad.Go(func() {
						for down := true; ; down = !down {
							hosts[0].setDown(down)
							select {
							case <-stop:
								return
							case <-time.After(700 * time.Millisecond):
							}
						}
					})
				}
				if _, err := user.run(b.Context(), addresses...); err != nil {
					b.Fatal(err)
				}
				close(stop)
				bad.Wait()
				var first, last time.Time
				for _, h := range hosts {
					for _, e := range h.done {
						if e.Outcome != emulator.OutcomeSuccess {
							continue
						}
						if first.IsZero() || e.Started.Before(first) {
							first = e.Started
						}
						if e.Ended.After(last) {
							last = e.Ended
						}
					}
				}
				took := last.Sub(first).Seconds()
				b.ReportMetric(took/(items/perSecond), "of-least")
				b.ReportMetric(100*(items/perSecond)/took, "%-of-capacity")
				busy := 0.0 // of the good ones, between their first start and last end: what is lost at the end is not in it
				for i, h := range hosts {
					if state == "all well" || i != 0 {
						busy += busyOf(h.done) / steps[i].Seconds() / perSecond
					}
				}
				b.ReportMetric(busy, "busy")
			}
		})
	}
}
