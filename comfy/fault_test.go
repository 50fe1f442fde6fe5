package comfy_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// emulated gives an emulator and a client of it, both closed with the test.
func emulated(tb testing.TB, o emulator.Options, opts ...comfy.Option) (*emulator.Server, *comfy.Client) {
	tb.Helper()
	if o.StepTime == 0 {
		o.StepTime = -1
	}
	s := emulator.New(o)
	c, err := comfy.NewClient("http://"+emulator.Host, append([]comfy.Option{comfy.WithHTTPClient(s.Client())}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = c.Close()
		_ = s.Close()
	})
	return s, c
}

func faults(tb testing.TB, specs ...string) []emulator.Fault {
	tb.Helper()
	var fs []emulator.Fault
	for _, s := range specs {
		f, err := emulator.ParseFault(s)
		if err != nil {
			tb.Fatal(err)
		}
		fs = append(fs, f)
	}
	return fs
}

// executions counts how often each prompt id was executed.
func executions(s *emulator.Server) int { return len(s.Executions()) }

// TestRunSurvives is P-N1 and P-N3 to P-N5: one fault at a time, and the run
// ends right, is executed once, and costs no more time than the fault explains.
// Time is virtual.
func TestRunSurvives(t *testing.T) {
	t.Parallel()
	for spec, limit := range map[string]time.Duration{
		"":                          500 * time.Millisecond,
		"ws-refuse":                 time.Second,
		"ws-reset=150ms":            2 * time.Second,
		"ws-silent":                 2 * time.Second,
		"ws-junk":                   500 * time.Millisecond,
		"ws-huge=1000000":           500 * time.Millisecond,
		"ws-huge-image=50000000":    2 * time.Second,
		"ws-drop=executing":         time.Second,
		"ws-drop=execution_start":   time.Second,
		"ws-delay=100ms":            7 * time.Second,
		"history-delay=300ms":       time.Second,
		"reply-lost=prompt:1":       2 * time.Second,
		"reply-status=prompt:500:1": 2 * time.Second,
		"reply-status=prompt:502:1": 2 * time.Second,
		"reply-status=prompt:524:1": 2 * time.Second,
		"reply-cut=prompt:5:1":      2 * time.Second,
		"status=prompt:429:1":       3 * time.Second,
		"status=prompt:429:5":       65 * time.Second,
		"status=prompt:500:1":       3 * time.Second,
		"status=prompt:502:1":       10 * time.Second,
		"status=prompt:503:2":       20 * time.Second,
		"status=prompt:503:1:3s":    12 * time.Second,
		"reply-delay=prompt:2m:1":   6 * time.Second,
		"reply-stall=prompt:0:1":    6 * time.Second,
		"reply-delay=history:2m:1":  6 * time.Second,
		"reply-stall=history:10:1":  6 * time.Second,
		"reply-stall=history:0:2":   18 * time.Second,
		"reply-stall=jobs:0:1":      6 * time.Second,
		"reply-delay=view:2m:1":     11 * time.Second,
		"reply-delay=view:2m:2":     31 * time.Second,
		"reply-drip=view:100ms:2":   45 * time.Second,
		"validate-delay=5s":         6 * time.Second,
		"status=history:502:3":      3 * time.Second,
		"reply-lost=history:2":      3 * time.Second,
		"reply-cut=history:20:1":    3 * time.Second,
		"html=history:2":            3 * time.Second,
		"body=history:null:1":       3 * time.Second,
		"status=view:503:2":         3 * time.Second,
		"reply-lost=view:1":         2 * time.Second,
		"reply-cut=view:100:3":      4 * time.Second,
		"reply-stall=view:100:1":    21 * time.Second,
		"status=jobs:500:2":         3 * time.Second,
		"status=queue:500:2":        3 * time.Second,
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := emulator.Options{StepTime: 20 * time.Millisecond}
				if spec != "" {
					o.Faults = faults(t, spec)
				}
				s, c := emulated(t, o)
				begin := time.Now()
				st, files, err := runOnce(t.Context(), c, sampler(20, "m.safetensors"))
				took := time.Since(begin)
				if err != nil {
					t.Fatalf("after %s: %v", took, err)
				}
				if st.Phase != comfy.PhaseDone || len(files) != 1 || !bytes.HasSuffix(files[0], []byte("IEND\xaeB`\x82")) {
					t.Errorf("%s with %d files: %v %q", st.Phase, len(files), st.Err, st.Warnings)
				}
				if n := executions(s); n != 1 {
					t.Errorf("executed %d times", n)
				}
				if took > limit+400*time.Millisecond {
					t.Errorf("took %s, want at most %s more than the run itself", took, limit)
					for _, r := range s.Requests() {
						t.Logf("%s %s %d %s", r.Method, r.Path, r.Status, r.Fault)
					}
				}
			})
		})
	}
}

// TestRunFails is the other half: what cannot end well ends soon, and as a
// typed error.
func TestRunFails(t *testing.T) {
	t.Parallel()
	is := func(target any) func(error) bool { return func(err error) bool { return errors.As(err, target) } }
	for spec, tc := range map[string]struct {
		limit time.Duration
		want  func(error) bool
	}{
		"status=prompt:401":                    {time.Second, is(new(*comfy.AuthError))},
		"status=prompt:403":                    {time.Second, is(new(*comfy.AuthError))},
		"status=prompt:404":                    {time.Second, is(new(*comfy.UnreachableError))},
		"status=prompt:413":                    {time.Second, is(new(*comfy.TooLargeError))},
		"status=prompt:429":                    {125 * time.Second, is(new(*comfy.StatusError))},
		"status=prompt:500":                    {10 * time.Second, is(new(*comfy.StatusError))},
		"status=prompt:504":                    {30 * time.Second, is(new(*comfy.StatusError))},
		"status=prompt:418":                    {time.Second, is(new(*comfy.StatusError))},
		"html=prompt":                          {time.Second, is(new(*comfy.UnreachableError))},
		"html=any":                             {time.Second, is(new(*comfy.UnreachableError))},
		"redirect=prompt:http://evil.example/": {time.Second, is(new(*comfy.UnreachableError))},
		"redirect=view:http://evil.example/":   {time.Second, is(new(*comfy.UnreachableError))},
		"status=view:404":                      {time.Second, is(new(*comfy.NotFoundError))},
		"status=view:401":                      {time.Second, is(new(*comfy.AuthError))},
		"status=view:500":                      {5 * time.Second, is(new(*comfy.StatusError))},
		"status=history:401":                   {2 * time.Second, is(new(*comfy.AuthError))},
		"html=history":                         {40 * time.Second, is(new(*comfy.LostError))},
		"vanish":                               {3 * time.Second, is(new(*comfy.LostError))},
		"history-lost":                         {5 * time.Second, is(new(*comfy.LostError))},
		"forget=1":                             {5 * time.Second, is(new(*comfy.LostError))},
		"output-gone":                          {time.Second, is(new(*comfy.NotFoundError))},
		"length-lies=view:1000000":             {10 * time.Second, is(new(*comfy.UnreachableError))},
		"length-lies=view:9000000000000":       {time.Second, is(new(*comfy.TooLargeError))},
		"reply-drip=view:10s":                  {85 * time.Second, is(new(*comfy.TimeoutError))},
		"reply-drip=view:20ms":                 {85 * time.Second, is(new(*comfy.TimeoutError))},
		"reply-stall=view:10":                  {85 * time.Second, is(new(*comfy.TimeoutError))},
		"reply-delay=view:10m":                 {75 * time.Second, is(new(*comfy.TimeoutError))},
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, c := emulated(t, emulator.Options{StepTime: 20 * time.Millisecond, Faults: faults(t, spec)})
				begin := time.Now()
				st, _, err := runOnce(t.Context(), c, sampler(20, "m.safetensors"))
				took := time.Since(begin)
				if err == nil || !tc.want(err) {
					t.Errorf("after %s: %s, error %T %v", took, st.Phase, err, err)
				}
				if took > tc.limit+400*time.Millisecond {
					t.Errorf("took %s, want at most %s", took, tc.limit)
				}
				if n := executions(s); n > 1 {
					t.Errorf("executed %d times", n)
				}
			})
		})
	}
}

func TestKilledServerIsAnnouncedAndComesBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		back  time.Duration
		keep  bool
		check func(t *testing.T, lost, back time.Duration, err error)
	}{
		"comes back without memory": {5 * time.Second, false, func(t *testing.T, lost, back time.Duration, err error) {
			var le *comfy.LostError
			if !errors.As(err, &le) || !le.Gone || lost > 2*time.Second || back == 0 {
				t.Errorf("lost after %s, back after %s, %v", lost, back, err)
			}
		}},
		"stays away": {time.Hour, false, func(t *testing.T, lost, back time.Duration, err error) {
			var le *comfy.LostError
			if !errors.As(err, &le) || le.Gone || lost > 2*time.Second || back != 0 {
				t.Errorf("lost after %s, back after %s, %v", lost, back, err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, c := emulated(t, emulator.Options{StepTime: time.Second})
				h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(20, "m.safetensors")})
				if err != nil {
					t.Fatal(err)
				}
				var killed time.Time
				var lost, back time.Duration
				var last error
				for e, err := range c.Follow(t.Context(), h) {
					last = err
					switch e.Type {
					case comfy.EventProgress:
						if killed.IsZero() {
							killed = time.Now()
							s.Kill()
							time.AfterFunc(tc.back, func() { s.Restart(tc.keep) })
						}
					case comfy.EventLost:
						lost = time.Since(killed)
					case comfy.EventBack:
						back = time.Since(killed)
					}
				}
				tc.check(t, lost, back, last)
				if took := time.Since(killed); took > 40*time.Second {
					t.Errorf("it took %s to give up", took)
				}
			})
		})
	}
}

func TestRefusedConnectionIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := emulated(t, emulator.Options{})
		s.Kill()
		begin := time.Now()
		_, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)})
		var u *comfy.UnreachableError
		if !errors.As(err, &u) || u.Reason != "connection refused" || comfy.Ambiguous(err) {
			t.Errorf("submit gave %T %v", err, err)
		}
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("it took %s", took)
		}
		if _, err := c.Describe(t.Context()); !errors.As(err, &u) {
			t.Errorf("describe gave %v", err)
		}
	})
}

func TestAmbiguousSubmit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := emulated(t, emulator.Options{Faults: faults(t, "reply-status=prompt:502", "status=history:502", "status=jobs:502", "status=queue:502")})
		_, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)})
		if !comfy.Ambiguous(err) {
			t.Errorf("submit gave %T %v", err, err)
		}
	})
}

func TestPartialIsTold(t *testing.T) {
	t.Parallel()
	_, c := emulated(t, emulator.Options{})
	g := emptyImage(t)
	g.Set("9", &comfy.Node{Class: "SaveImage", Title: "Second"})
	g.Node("9").Inputs.SetString("filename_prefix", "x") // images is missing
	st, files, err := runOnce(t.Context(), c, g)
	if err != nil {
		t.Fatal(err)
	}
	if st.Phase != comfy.PhaseDone || len(files) != 1 || len(st.Rejected) == 0 || len(st.Warnings) == 0 {
		t.Fatalf("state %+v", st)
	}
	p := st.Rejected[0]
	if p.Node != "9" || p.Input != "images" || p.Type != "required_input_missing" || p.Title != "Second" {
		t.Errorf("rejected %+v", p)
	}
}

func TestOddOutputs(t *testing.T) {
	t.Parallel()
	for spec, check := range map[string]func(t *testing.T, st comfy.State){
		"temp-only": func(t *testing.T, st comfy.State) {
			if !st.Outputs[0].Temporary() || len(st.Warnings) == 0 {
				t.Errorf("%+v", st)
			}
		},
		"text-output": func(t *testing.T, st comfy.State) {
			if st.Outputs[0].Kind != comfy.OutputText || st.Outputs[0].Text == "" {
				t.Errorf("%+v", st)
			}
		},
		"unknown-kind": func(t *testing.T, st comfy.State) {
			files := slices.DeleteFunc(slices.Clone(st.Outputs), func(o comfy.Output) bool { return o.Filename == "" })
			if len(files) != 1 || len(st.Warnings) == 0 {
				t.Errorf("%+v", st)
			}
		},
		"many-outputs=5000": func(t *testing.T, st comfy.State) {
			if len(st.Outputs) != 1000 || len(st.Warnings) == 0 {
				t.Errorf("%d outputs, %q", len(st.Outputs), st.Warnings)
			}
		},
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			_, c := emulated(t, emulator.Options{Faults: faults(t, spec)})
			h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)})
			if err != nil {
				t.Fatal(err)
			}
			for e, err := range c.Follow(t.Context(), h) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Type == comfy.EventDone {
					check(t, *e.State)
				}
			}
		})
	}
}

// TestCancelNeverHitsOthers is P-C2 and P-C4.
func TestCancelNeverHitsOthers(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"0.3.64", "0.30.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, c := emulated(t, emulator.Options{Version: version, StepTime: 5 * time.Millisecond, Faults: faults(t, "interrupt-lost=1")})
				h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(2000, "m.safetensors")})
				if err != nil {
					t.Fatal(err)
				}
				other := newClient(t, "http://"+emulator.Host, comfy.WithHTTPClient(s.Client()))
				theirs, err := other.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(20, "m.safetensors")})
				if err != nil {
					t.Fatal(err)
				}
				for range c.Follow(t.Context(), h) {
					break
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				if err := c.Cancel(ctx, h); err != nil {
					t.Fatal(err)
				}
				for e, err := range other.Follow(t.Context(), theirs) {
					if err != nil || e.Type == comfy.EventDone && e.State.Phase != comfy.PhaseDone {
						t.Errorf("the run behind ended as %+v, %v", e.State, err)
					}
				}
				for _, r := range s.Requests() {
					if r.Path == "/api/interrupt" && version == "0.30.0" {
						t.Error("interrupt on a server that has /api/jobs/{id}/cancel")
					}
				}
			})
		})
	}
}

func TestOldServerRefusesToCancelARunningRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := emulated(t, emulator.Options{Version: "0.3.50", StepTime: 5 * time.Millisecond})
		h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(200, "m.safetensors")})
		if err != nil {
			t.Fatal(err)
		}
		for e, err := range c.Follow(t.Context(), h) {
			if err != nil || e.Type == comfy.EventStarted {
				break
			}
		}
		var cannot *comfy.CannotCancelError
		if err := c.Cancel(t.Context(), h); !errors.As(err, &cannot) || cannot.Version != "0.3.50" {
			t.Errorf("cancel gave %v", err)
		}
		for _, r := range s.Requests() {
			if r.Path == "/api/interrupt" {
				t.Error("an old server was sent an interrupt, which is global there")
			}
		}
	})
}

// A refusal for its size names a limit only when one was named.
func TestTooLargeWithoutLimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int64]string{0: "x is larger than the server takes", 5: "x is larger than the limit of 5 bytes"} {
		if got := (&comfy.TooLargeError{What: "x", Limit: limit}).Error(); got != want {
			t.Errorf("limit %d: %q, want %q", limit, got, want)
		}
	}
}
