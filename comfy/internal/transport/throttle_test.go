package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// A place that refuses without end is waited for as long as it asks, told of each
// time, and given up after two minutes.
func TestThrottle(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		asks   string // Retry-After
		pauses int
		waits  time.Duration
	}{
		"says nothing":        {"", 7, ThrottledFor},
		"ten seconds":         {"10", 12, ThrottledFor},
		"fifty seconds":       {"50", 2, 100 * time.Second}, // a third time would be too long
		"exactly the limit":   {"120", 1, ThrottledFor},
		"longer than we do":   {"300", 0, 0},
		"something senseless": {"soon", 7, ThrottledFor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &Client{Base: &url.URL{Scheme: "https", Host: "example.org"}, Of: "RunPod"}
				a := Answer{Status: http.StatusTooManyRequests, Header: http.Header{}}
				if tc.asks != "" {
					a.Header.Set("Retry-After", tc.asks)
				}
				pauses, told := 0, time.Duration(0)
				w := Throttle{Told: func(reason string, pause time.Duration) {
					if reason != "RunPod takes no more runs now (429)" {
						t.Errorf("told %q", reason)
					}
					pauses, told = pauses+1, told+pause
				}}
				began := time.Now()
				var err error
				for err == nil {
					err = w.Wait(t.Context(), c, Post("/run", nil), a)
				}
				waited := time.Since(began)
				var status *StatusError
				if !errors.As(err, &status) || status.Status != http.StatusTooManyRequests {
					t.Errorf("ends with %v", err)
				}
				if pauses != tc.pauses || waited != tc.waits || told != waited {
					t.Errorf("%d pauses, %s in all, told of %s", pauses, waited, told)
				}
			})
		})
	}
}

func TestThrottleEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		c := &Client{Base: &url.URL{Scheme: "https", Host: "example.org"}}
		a := Answer{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"60"}}}
		began := time.Now()
		err := new(Throttle).Wait(ctx, c, Post("/run", nil), a)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
