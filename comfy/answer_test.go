package comfy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// behind serves an emulator through a handler that may answer in its place.
func behind(t *testing.T, o emulator.Options, answer func(w http.ResponseWriter, r *http.Request) bool) *comfy.Client {
	t.Helper()
	o.StepTime = -1
	s := emulator.New(o)
	t.Cleanup(func() { _ = s.Close() })
	return newClient(t, served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answer(w, r) {
			s.ServeHTTP(w, r)
		}
	})))
}

// A file that is named outside of the server's folders is its own affair. Of any
// other a refusal may be that of a proxy, and is about our credentials.
func TestWithheldOutput(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status   int
		body     string
		output   comfy.Output
		withhold bool
		words    string
	}{
		"outside of its folder":       {http.StatusForbidden, "", comfy.Output{Filename: "a.png", Subfolder: "../x", Type: "output"}, true, "Forbidden (403)"},
		"absolute path":               {http.StatusBadRequest, "no such place", comfy.Output{Filename: "/mnt/nas/a.png", Type: "output"}, true, "no such place (400)"},
		"of another drive":            {http.StatusForbidden, "", comfy.Output{Filename: "a.png", Subfolder: `D:\out`, Type: "output"}, true, "Forbidden (403)"},
		"a type of its own":           {http.StatusBadRequest, "", comfy.Output{Filename: "a.png", Type: "nas"}, true, "Bad Request (400)"},
		"a proxy wants a login":       {http.StatusForbidden, "who are you?", comfy.Output{Filename: "a.png", Type: "output"}, false, "access is forbidden"},
		"a proxy understands nothing": {http.StatusBadRequest, "what?", comfy.Output{Filename: "a.png", Type: "output"}, false, "what?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := behind(t, emulator.Options{}, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/view") {
					return false
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
				return true
			})
			_, _, err := c.Open(t.Context(), tc.output)
			var withheld *comfy.WithheldError
			if errors.As(err, &withheld) != tc.withhold || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("%T %v", err, err)
			}
		})
	}
}

func TestChallengeIsNoWrongPassword(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"by its header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cf-Mitigated", "challenge")
			w.WriteHeader(http.StatusForbidden)
		},
		"by its page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=UTF-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `<html><script src="/cdn-cgi/challenge-platform/h/b"></script></html>`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, served(t, answer))
			_, err := c.Describe(t.Context())
			var guard *comfy.ChallengeError
			var auth *comfy.AuthError
			if !errors.As(err, &guard) || errors.As(err, &auth) || !strings.Contains(err.Error(), "Cloudflare") {
				t.Errorf("%T %v", err, err)
			}
		})
	}
}

// The answer about a run repeats its graph, which may be larger than any
// answer that we would read otherwise.
func TestLargeGraphDoesNotHideItsRun(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"0.3.64", "0.30.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			_, c := emulated(t, emulator.Options{Version: version})
			g := emptyImage(t)
			g.Node("1").Inputs.SetString("note", strings.Repeat("A", 17<<20))
			st, files, err := runOnce(t.Context(), c, g)
			if err != nil || st.Phase != comfy.PhaseDone || len(files) != 1 {
				t.Errorf("%s, %d files, %v", st.Phase, len(files), err)
			}
		})
	}
}

// A text that a node puts out is part of that answer, and is the run's output.
func TestLargeTextIsAnOutput(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("tens of megabytes through JSON take long under the race detector")
	}
	_, c := emulated(t, emulator.Options{})
	g := emptyImage(t)
	g.Set("text", &comfy.Node{Class: "PreviewAny"})
	g.Node("text").Inputs.SetString("source", strings.Repeat("A", 17<<20))
	st, files, err := runOnce(t.Context(), c, g)
	if err != nil || st.Phase != comfy.PhaseDone || len(files) != 2 {
		t.Errorf("%s, %d files, %v", st.Phase, len(files), err)
	}
}

// A reply to an upload is a few names. One of 16 MB is refused after 64 KiB.
func TestUploadReplyIsSmall(t *testing.T) {
	t.Parallel()
	sent := 0
	c := behind(t, emulator.Options{}, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/upload/image") {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 16 {
			n, err := w.Write(chunk)
			if sent += n; err != nil {
				break
			}
		}
		return true
	})
	_, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t), Files: []comfy.File{pngFile("0a1b")}})
	var large *comfy.TooLargeError
	if !errors.As(err, &large) || large.Limit > 1<<20 {
		t.Errorf("after %d bytes: %v", sent, err)
	}
}

func pngFile(hash string) comfy.File {
	content := []byte("\x89PNG not a picture, and the server does not look")
	return comfy.File{
		Name: hash + ".png", SHA256: hash, Size: int64(len(content)), Targets: []comfy.Target{{Node: "1", Input: "x"}},
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

func TestSilentUpload(t *testing.T) {
	t.Parallel()
	for spec, tc := range map[string]struct {
		limit time.Duration
		ok    bool
	}{
		"reply-delay=upload:10m:1": {11 * time.Second, true},
		"reply-delay=upload:10m:2": {31 * time.Second, true},
		"reply-delay=upload:10m":   {61 * time.Second, false},
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, c := emulated(t, emulator.Options{Faults: faults(t, spec)})
				began := time.Now()
				_, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t), Files: []comfy.File{pngFile("0a1b")}})
				if took := time.Since(began); (err == nil) != tc.ok || took > tc.limit {
					t.Errorf("after %s: %v", took, err)
				} else {
					t.Logf("after %s: %v", took, err)
				}
			})
		})
	}
}

// A submission that nobody answers is bounded, and perhaps there. It is made twice
// only where the server goes on answering and does not know it.
func TestSilentSubmission(t *testing.T) {
	t.Parallel()
	for spec, limit := range map[string]time.Duration{
		"validate-delay=10h": 45 * time.Second,
		"reply-delay=any:1h": 80 * time.Second,
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, c := emulated(t, emulator.Options{Faults: faults(t, spec)})
				began := time.Now()
				_, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)})
				if took := time.Since(began); err == nil || !comfy.Ambiguous(err) || took > limit {
					t.Errorf("after %s: %v", took, err)
				} else {
					t.Logf("after %s: %v", took, err)
				}
			})
		})
	}
}

// Of several classes the first failure ends the question, and it is the error.
func TestDefinitionsOfSeveralClasses(t *testing.T) {
	t.Parallel()
	s, c := emulated(t, emulator.Options{})
	defs, err := c.Definitions(t.Context(), "SaveImage", "EmptyImage", "NoSuchClass")
	if err != nil || len(defs) != 2 || defs["SaveImage"] == nil || defs["EmptyImage"] == nil {
		t.Errorf("%d definitions, %v", len(defs), err)
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("%d requests", n)
	}
	forbidden := behind(t, emulator.Options{}, func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	var classes []string
	for i := range 50 {
		classes = append(classes, fmt.Sprintf("Class%d", i))
	}
	var auth *comfy.AuthError
	if _, err := forbidden.Definitions(t.Context(), classes...); !errors.As(err, &auth) {
		t.Errorf("%T %v", err, err)
	}
}
