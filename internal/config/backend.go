package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// A Backend is a named place to run.
type Backend struct {
	URL      string // http://host:8188, or another form that --backend takes
	Username string
	Password Secret
	Token    Secret            // sent as bearer
	Headers  map[string]Secret // sent as they are
	Insecure bool              // does not check the server's certificate
	Aliases  map[string]string // model names of workflows -> names on this server

	Origin Origin // of the entry
}

// hasSecrets reports whether there is something in it to keep.
func (b Backend) hasSecrets() bool {
	return WithoutUser(b.URL) != b.URL || !b.Password.IsZero() || !b.Token.IsZero() || len(b.Headers) > 0
}

// WithoutUser is an address without user and password, to be shown. What cannot
// be read as an address loses all up to its last @.
func WithoutUser(address string) string {
	u, err := url.Parse(address)
	scheme, rest, hasScheme := strings.Cut(address, "://")
	switch {
	case err == nil && hasScheme && u.User == nil:
		return address
	case err == nil && hasScheme:
		u.User = nil
		return u.String()
	case !hasScheme:
		scheme, rest = "", address
	default:
		scheme += "://"
	}
	return scheme + rest[strings.LastIndex(rest, "@")+1:]
}

func (b Backend) isZero() bool { return b.URL == "" }

// tree is the entry as it stands in a file, secrets included.
func (b Backend) tree() yaml.MapSlice {
	var t yaml.MapSlice
	add := func(key string, value any, present bool) {
		if present {
			t = append(t, yaml.MapItem{Key: key, Value: value})
		}
	}
	headers := map[string]string{}
	for name, value := range b.Headers {
		headers[name] = value.Reveal()
	}
	add("url", b.URL, true)
	add("username", b.Username, b.Username != "")
	add("password", b.Password.Reveal(), !b.Password.IsZero())
	add("token", b.Token.Reveal(), !b.Token.IsZero())
	add("headers", sorted(headers), len(headers) > 0)
	add("insecure", true, b.Insecure)
	add("aliases", sorted(b.Aliases), len(b.Aliases) > 0)
	return t
}

func sorted(m map[string]string) yaml.MapSlice {
	var t yaml.MapSlice
	for key, value := range m {
		t = append(t, yaml.MapItem{Key: key, Value: value})
	}
	slices.SortFunc(t, func(a, b yaml.MapItem) int { return strings.Compare(a.Key.(string), b.Key.(string)) })
	return t
}

// originOf is scheme://host:port of an address, in lower case and without the
// scheme's own port, or "" when it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && (scheme != "http" || port != "80") && (scheme != "https" || port != "443") {
		host += ":" + port
	}
	return scheme + "://" + host
}
