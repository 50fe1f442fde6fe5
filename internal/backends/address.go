package backends

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/config"
)

// CheckForm refuses backend forms of INTERFACE section 2 that are not built.
func CheckForm(spec string) error {
	if strings.Contains(spec, ",") {
		return planned("a pool of backends (NAME,NAME)")
	}
	scheme, _, ok := strings.Cut(spec, "://")
	switch {
	case ok && (scheme == "runpod" || scheme == "pod"):
		return nil
	case spec == "comfy-cloud", ok && strings.HasPrefix(scheme, "comfy-api+"):
		return planned("backend form " + config.WithoutUser(spec))
	case ok && scheme != "http" && scheme != "https":
		return &FormError{Message: "unknown form of a backend: " + scheme + "://", Write: serverForm}
	}
	return nil
}

// serverForm is how the address of a server is written.
const serverForm = "http://HOST:8188"

func planned(what string) error {
	return &FormError{Message: what + " is not built yet", Planned: true}
}

// HostOf is what results say for an address: the host, never user or path.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "comfyui"
	}
	return u.Host
}

// IsPublic reports whether an address is one of the open internet: not
// loopback, not private, not a name without a dot.
func IsPublic(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
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
