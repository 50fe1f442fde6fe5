package backends

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2"
	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/netscope"
)

// CheckForm refuses what has no form of INTERFACE section 2 of one backend.
func CheckForm(spec string) error {
	if strings.Contains(spec, ",") {
		return &FormError{Message: "a pool of backends (NAME,NAME) is for commands that run workflows", Known: "name one of them"}
	}
	scheme, _, ok := strings.Cut(spec, "://")
	switch {
	case ok && (scheme == "runpod" || scheme == "pod"), spec == comfyCloud:
		return nil
	case scheme == "comfy-api+http", scheme == "comfy-api+https", scheme == "serve+http", scheme == "serve+https":
		return nil
	case ok && scheme != "http" && scheme != "https":
		return &FormError{Message: "unknown form of a backend: " + scheme + "://", Write: serverForm}
	}
	return nil
}

// CheckAddress refuses an address that no backend can be opened by.
func CheckAddress(address string) error {
	if err := CheckForm(address); err != nil {
		return err
	}
	bare := config.WithoutUser(address)
	if id, ok := cutEndpoint(address); ok {
		e, err := runpod.NewEndpoint(id, "", nil)
		if err != nil {
			return &FormError{Message: bare + ": " + err.Error(), Write: endpointForm}
		}
		return e.Close()
	}
	if word, port, ok := cutPod(address); ok {
		if n, err := strconv.Atoi(port); word == "" || err != nil || n < 1 || n > 65535 {
			return &FormError{Message: bare + " names no pod and port", Write: podForm}
		}
		return nil
	}
	if base, ok := cutComfyAPI(address); ok {
		c, err := apiv2.NewClient(base)
		if err != nil {
			return &FormError{Message: bare + ": " + err.Error(), Write: comfyAPIForm}
		}
		return c.Close()
	}
	if base, ok := cutServe(address); ok {
		c, err := served.NewClient(base)
		if err != nil {
			return &FormError{Message: bare + ": " + err.Error(), Write: serveForm}
		}
		return c.Close()
	}
	c, err := comfy.NewClient(address)
	if err != nil {
		return &FormError{Message: bare + ": " + err.Error(), Write: serverForm}
	}
	return c.Close()
}

// serverForm is how the address of a server is written.
const serverForm = "http://HOST:8188"

// HostOf is what results say for an address: the host, never user or path.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "comfyui"
	}
	return u.Host
}

// IsPublic reports whether strangers may reach an address: all but those of this
// machine and private networks, and names without a dot. It is for a warning, so
// that a network which is shared with others counts.
func IsPublic(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		return !netscope.Local(ip)
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	for _, local := range []string{".local", ".lan", ".home", ".internal", ".localhost", ".home.arpa", ".ts.net"} {
		if strings.HasSuffix(host, local) {
			return false
		}
	}
	return strings.Contains(host, ".")
}

// OpenToAll is the warning about a public address without authentication.
func OpenToAll(address string) string {
	return HostOf(address) + " is a public address without authentication: whoever knows it can run anything there"
}
