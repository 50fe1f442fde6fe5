package transport

import (
	"net/http"
	"strings"
	"testing"
)

// A key goes unencrypted where nobody else listens; a service of this network may
// name others of it. In between are the networks that are shared.
func TestHosts(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]struct{ private, inside bool }{
		"localhost": {true, true}, "studio": {true, true}, "127.0.0.1": {true, true}, "::1": {true, true}, "10.0.0.1": {true, true}, "0.0.0.0": {true, true}, "::ffff:10.0.0.1": {true, true},
		"100.64.0.1": {false, true}, "64:ff9b::7f00:1": {false, true}, "2002:7f00:1::1": {false, true}, "224.0.0.1": {false, true}, "192.0.0.1": {false, true},
		"8.8.8.8": {false, false}, "64:ff9b::808:808": {false, false}, "api.runpod.ai": {false, false}, "studio.lan": {false, false},
	} {
		if p, i := IsPrivateHost(host), IsInside(host); p != want.private || i != want.inside {
			t.Errorf("%s: private %v, inside %v", host, p, i)
		}
	}
}

// What a service names inside of this network is not asked, whatever the form.
func TestForeignAddressesInsideAreNotAsked(t *testing.T) {
	t.Parallel()
	way := NewForeign(false, "the service")
	way.Proxy = nil
	for _, host := range []string{"127.0.0.1", "localhost", "10.0.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "192.0.0.1", "198.18.0.1", "240.0.0.1"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+":1/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := way.RoundTrip(req)
		if err == nil {
			res.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "the service named an address inside of this network") {
			t.Errorf("%s: %v", host, err)
		}
	}
}
