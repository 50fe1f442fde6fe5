package apiv2_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
)

func submit(t *testing.T, be comfy.Backend) (comfy.Handle, error) {
	t.Helper()
	return be.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: comfytest.Quick()})
}

func envelope(code string) string {
	return `{"error": {"code": "` + code + `", "message": "canned words"}}`
}

// Every status of a submission has one meaning.
func TestStatusesOfSubmit(t *testing.T) {
	t.Parallel()
	var auth *comfy.AuthError
	var credit *apiv2.NoCreditError
	var refused *apiv2.RefusedError
	var invalid *comfy.ValidationError
	var away *comfy.UnreachableError
	for status, test := range map[int]struct {
		code string
		want any
	}{
		400: {"invalid_request", &refused}, 401: {"unauthorized", &auth}, 402: {"insufficient_credits", &credit}, 403: {"forbidden", &auth},
		404: {"", &away}, 409: {"conflict", &refused}, 422: {"invalid_workflow", &invalid},
	} {
		s := apiv2test.New(t, apiv2test.Options{})
		s.Script("submit", apiv2test.Answer{Status: status, Body: envelope(test.code)})
		h, err := submit(t, client(t, s.URL, apiv2.WithVariable("COMFY_API_KEY")))
		if !errors.As(err, test.want) || h != "" || s.Count("submit") != 1 {
			t.Errorf("%d: %v after %d requests, want %T", status, err, s.Count("submit"), test.want)
		}
	}
	if auth.Variable != "COMFY_API_KEY" {
		t.Errorf("%+v", auth)
	}
	s := apiv2test.New(t, apiv2test.Options{})
	s.Script("submit", apiv2test.Answer{Status: 422, Body: envelope("deployment_stopped")})
	if _, err := submit(t, client(t, s.URL)); !errors.As(err, &refused) || refused.Code != "deployment_stopped" {
		t.Errorf("%v", err)
	}
}

// A lost reply is asked for once more with the same key: taken when the first did
// not arrive, and perhaps submitted when it did. Never are there two jobs.
func TestLostReplyIsNeverTwoJobs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first apiv2test.Answer
		found bool
	}{
		"never arrived":     {apiv2test.Answer{Drop: true}, true},
		"arrived":           {apiv2test.Answer{Drop: true, After: true}, false},
		"gateway, no job":   {apiv2test.Answer{Status: 502, Body: "<html>"}, true},
		"gateway, with job": {apiv2test.Answer{Status: 504, Body: "<html>", After: true}, false},
		"page":              {apiv2test.Answer{Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>", After: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apiv2test.New(t, apiv2test.Options{})
			s.Script("submit", test.first)
			h, err := submit(t, client(t, s.URL))
			if s.Jobs() != 1 || (err == nil) != test.found || (h != "") != test.found || err != nil && !comfy.Ambiguous(err) {
				t.Errorf("%d jobs, handle %q, %v", s.Jobs(), h, err)
			}
		})
	}
}

// A web page as the answer to each of two submissions with one key is not the
// service's: it has been told nothing.
func TestWebPageBeforeTheService(t *testing.T) {
	t.Parallel()
	page := apiv2test.Answer{Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>Log in</html>"}
	s := apiv2test.New(t, apiv2test.Options{})
	s.Script("submit", page, page)
	_, err := submit(t, client(t, s.URL))
	var away *comfy.UnreachableError
	if comfy.Ambiguous(err) || !errors.As(err, &away) || !strings.Contains(err.Error(), "nothing was submitted") || s.Count("submit") != 2 {
		t.Errorf("%v after %d requests", err, s.Count("submit"))
	}
	// The first answer got lost, and a login came up since: nobody knows.
	page.Status = 401
	s = apiv2test.New(t, apiv2test.Options{})
	s.Script("submit", apiv2test.Answer{Drop: true, After: true}, page)
	if _, err := submit(t, client(t, s.URL)); !comfy.Ambiguous(err) || s.Jobs() != 1 {
		t.Errorf("%v, %d jobs", err, s.Jobs())
	}
}

// A full queue and a deployment that starts are waited for, as long as they ask.
func TestBusyServiceIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := apiv2test.New(t, apiv2test.Options{})
	s.Script("submit", apiv2test.Answer{Status: 429, Header: http.Header{"Retry-After": {"1"}}, Body: envelope("deployment_not_ready")})
	if _, err := submit(t, client(t, s.URL)); err != nil || s.Count("submit") != 2 || s.Jobs() != 1 {
		t.Errorf("%v, %d requests, %d jobs", err, s.Count("submit"), s.Jobs())
	}
}

// An asset that the service lost travels again.
func TestLostAssetTravelsAgain(t *testing.T) {
	t.Parallel()
	s := apiv2test.New(t, apiv2test.Options{})
	c := client(t, s.URL)
	for range 2 {
		g, target := comfytest.Picture()
		if _, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: g, Files: []comfy.File{file(target)}}); err != nil {
			t.Fatal(err)
		}
		s.Lose()
	}
	if s.Count("upload") != 2 {
		t.Errorf("%d uploads", s.Count("upload"))
	}
}
