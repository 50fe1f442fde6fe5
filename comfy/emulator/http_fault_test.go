package emulator

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func (f *fixture) fault(specs ...string) {
	f.Helper()
	var faults []Fault
	for _, s := range specs {
		fault, err := ParseFault(s)
		if err != nil {
			f.Fatal(err)
		}
		faults = append(faults, fault)
	}
	f.server.SetFaults(faults...)
}

func TestHTTPFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault  string
		status int
		body   string // part of it
		header string // "Key: value"
	}{
		{"status=remaining:503:1:3", 503, "503 Service Unavailable", "Retry-After: 3"},
		{"reply-status=any:502", 502, "502 Bad Gateway", "Content-Type: text/html"},
		{"html=remaining", 200, "<form", "Content-Type: text/html; charset=utf-8"},
		{"redirect=remaining:http://elsewhere.invalid/", 302, "", "Location: http://elsewhere.invalid/"},
		{"body=remaining:null", 200, "null", ""},
		{"body=remaining:array", 200, "[[]", ""},
		{"body=remaining:empty", 200, "", ""},
		{"body=remaining:text", 200, "upstream", "Content-Type: text/plain"},
		{"body=remaining:huge-number", 200, "1e9999", ""},
		{"body=remaining:nested", 200, "[[[[[", ""},
		{"body=remaining:duplicate-keys", 200, `"a", "prompt_id"`, ""},
		{"body=remaining:invalid-utf8", 200, "\xff\xfe", ""},
		{"reply-delay=remaining:1ms", 200, "queue_remaining", ""},
		{"reply-drip=remaining:1us", 200, "queue_remaining", ""},
		{"status=prompt:503", 200, "queue_remaining", ""}, // another endpoint
	}
	for _, test := range tests {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{})
			f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			f.fault(test.fault)
			res, body, err := f.try("GET", "/prompt", "")
			if err != nil {
				t.Fatal(err)
			}
			key, value, _ := strings.Cut(test.header, ": ")
			if res.StatusCode != test.status || !strings.Contains(body, test.body) || key != "" && res.Header.Get(key) != value {
				t.Errorf("got %d %.100q %v", res.StatusCode, body, res.Header)
			}
			log := f.server.Requests()
			if struck := log[0].Fault != ""; struck != (test.fault != "status=prompt:503") || log[0].Status != test.status {
				t.Errorf("log: %+v", log[0])
			}
		})
	}
}

func TestHTTPFaultsThatBreakTheAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // fault -> what arrives of the body
		"reply-lost=remaining":           "",
		"reply-cut=remaining:5":          `{"exe`,
		"length-lies=remaining:1000":     `{"exec_info": {"queue_remaining": 0}}`,
		"length-lies=remaining:1000:1":   `{"exec_info": {"queue_remaining": 0}}`,
		"reply-cut=remaining:0":          "",
		"reply-cut=remaining:9223372036": `{"exec_info": {"queue_remaining": 0}}`,
	}
	for fault, want := range tests {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{})
			f.fault(fault)
			res, err := f.client.Get("http://emulator/prompt")
			if err != nil {
				if fault != "reply-lost=remaining" {
					t.Fatal(err)
				}
				return
			}
			defer func() { _ = res.Body.Close() }()
			got, err := io.ReadAll(res.Body)
			whole := strings.HasPrefix(fault, "reply-cut") && strings.HasSuffix(want, "}")
			if string(got) != want || !errors.Is(err, io.ErrUnexpectedEOF) && !whole {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestLostReplyIsAfterTheJobWasTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.fault("reply-lost=prompt:1")
	e := f.listen("c")
	body := `{"prompt": ` + graph(1, 1) + `, "prompt_id": "job", "client_id": "c"}`
	if _, _, err := f.try("POST", "/prompt", body); err == nil {
		t.Error("the reply arrived")
	}
	e.until("job")
	if status, _ := f.do("POST", "/prompt", body); status != 200 {
		t.Errorf("the next reply: got %d", status)
	}
	e.until("job")
	if x := f.server.Executions(); len(x) != 2 || x[0].PromptID != "job" {
		t.Errorf("executions: got %+v", x)
	}
}

func TestStalledAndEndlessAnswersEndWithTheClient(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"reply-stall=remaining:5", "body=remaining:endless", "reply-drip=remaining:1h", "reply-delay=remaining:1h"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{})
			f.fault(fault)
			done := make(chan error, 1)
			go func() {
				res, err := f.client.Get("http://emulator/prompt")
				if err == nil {
					_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
					_ = res.Body.Close()
				}
				done <- err
			}()
			if strings.Contains(fault, "endless") {
				if err := <-done; err != nil {
					t.Errorf("a megabyte of an endless body: %v", err)
				}
				return
			}
			f.eventually(func() bool { return len(f.server.live().faultsStruck()) > 0 })
			f.server.Kill()
			if err := <-done; err == nil {
				t.Error("the answer ended well")
			}
		})
	}
}

// faultsStruck names the faults that struck.
func (in *instance) faultsStruck() []string {
	in.faults.mu.Lock()
	defer in.faults.mu.Unlock()
	var names []string
	for _, f := range in.faults.list {
		if f.strikes > 0 {
			names = append(names, f.Name)
		}
	}
	return names
}
