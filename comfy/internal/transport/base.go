package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ParseBase reads the address of an origin: http(s)://[user[:password]@]host[:port][/path],
// or without a scheme, which is http then. No error repeats a password.
func ParseBase(base string) (*url.URL, error) {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	u, err := url.Parse(base)
	if err != nil {
		// The text of err would repeat the address with its password.
		return nil, errors.New("the server's address is not a URL")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the server's address has the scheme %s, want http or https", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("the server's address has no host")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the server's address has a query or a fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// NewRoundTripper makes the connections of one client.
func NewRoundTripper() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment, // never for loopback
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     50 * time.Second, // ComfyUI closes idle connections after 75 s
		MaxIdleConnsPerHost: 64,
		ForceAttemptHTTP2:   true,
	}
}
