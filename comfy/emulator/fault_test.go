package emulator

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	tests := map[string]Fault{
		"status=prompt:503":          {Name: "status", Endpoint: "prompt", Status: 503},
		"status=view:429:2:5":        {Name: "status", Endpoint: "view", Status: 429, Count: 2, RetryAfter: 5 * time.Second},
		"status=view:429:2:1.5s":     {Name: "status", Endpoint: "view", Status: 429, Count: 2, RetryAfter: 1500 * time.Millisecond},
		"ws-reset=1.5s":              {Name: "ws-reset", Duration: 1500 * time.Millisecond},
		"ws-refuse":                  {Name: "ws-refuse"},
		"ws-refuse=2":                {Name: "ws-refuse", Count: 2},
		"reply-cut=view:100":         {Name: "reply-cut", Endpoint: "view", Bytes: 100},
		"redirect=view:http://h:1/x": {Name: "redirect", Endpoint: "view", URL: "http://h:1/x"},
		"forget=3":                   {Name: "forget", Nth: 3},
		"forget=3s":                  {Name: "forget", Duration: 3 * time.Second},
		"oom=KSampler:1":             {Name: "oom", Class: "KSampler", Count: 1},
		"body=any:null":              {Name: "body", Endpoint: "any", Kind: "null"},
		"ws-replace-bug=off":         {Name: "ws-replace-bug", Kind: "off"},
		" zombie=2 ":                 {Name: "zombie", Nth: 2},
	}
	for spec, want := range tests {
		got, err := ParseFault(spec)
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spec, diff)
		}
		again, err := ParseFault(got.String())
		if err != nil || again != got {
			t.Errorf("%s: %s reads as %+v, %v", spec, got, again, err)
		}
	}
}

func TestParseFaultRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                      "unknown fault",
		"nope":                  "unknown fault",
		"status":                "want status=ENDPOINT:CODE",
		"status=prompt":         "want status=ENDPOINT:CODE",
		"status=nope:500":       "is none of any",
		"status=prompt:x":       "whole number",
		"status=prompt:99":      "whole number from 100",
		"status=prompt:500:1:x": "not a duration",
		"ws-reset":              "want ws-reset=DURATION",
		"ws-reset=fast":         "not a duration",
		"ws-reset=-1s":          "not a duration",
		"ws-silent=1":           "without arguments",
		"body=view:poem":        "is none of",
		"oom=":                  "is empty",
		"zombie=0":              "whole number from 1",
		"forget=never":          "not a duration",
		"redirect=view:":        "not a URL",
	}
	for spec, want := range tests {
		if f, err := ParseFault(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want an error with %q", spec, f, err, want)
		}
	}
}

func TestFaultsAreDocumented(t *testing.T) {
	t.Parallel()
	var names []string
	for _, f := range Faults() {
		names = append(names, f.Name)
		if f.Meaning == "" || strings.HasSuffix(f.Meaning, ".") {
			t.Errorf("%s: meaning %q", f.Name, f.Meaning)
		}
		if strings.Contains(f.Args, "ENDPOINT") != (f.Name == "status" || strings.HasPrefix(f.Name, "reply-") || slices.Contains([]string{"length-lies", "body", "html", "redirect"}, f.Name)) {
			t.Errorf("%s: arguments %q", f.Name, f.Args)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a name is there twice: %v", names)
	}
}

func FuzzParseFault(f *testing.F) {
	for _, k := range Faults() {
		f.Add(k.Name + "=" + k.Args)
	}
	f.Add("status=prompt:503:2:1s")
	f.Fuzz(func(t *testing.T, spec string) {
		fault, err := ParseFault(spec)
		if err != nil {
			return
		}
		again, err := ParseFault(fault.String())
		if err != nil {
			t.Fatalf("%q gives %s, which does not parse: %v", spec, fault, err)
		}
		if again.Name != fault.Name || again.Endpoint != fault.Endpoint || again.Class != fault.Class {
			t.Fatalf("%q gives %+v, then %+v", spec, fault, again)
		}
	})
}
