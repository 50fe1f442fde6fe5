package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// A principal is who asks.
type principal struct {
	key   jobs.Key // the zero key is the owner of the machine
	local bool     // a program of this machine, or the browser that used the link of `serve`
}

func (p principal) allows(s jobs.Scope) bool { return p.local || p.key.Allows(s) }

type principalKey struct{}

func asking(ctx context.Context) principal {
	p, _ := ctx.Value(principalKey{}).(principal)
	return p
}

// may fails unless who asks may do something.
func may(ctx context.Context, s jobs.Scope) error {
	if asking(ctx).allows(s) {
		return nil
	}
	return &statusError{Status: http.StatusForbidden, Code: "scope", Detail: "The key does not allow this", Hint: "it needs the scope " + string(s)}
}

// owns fails with not found when something belongs to another key.
func owns(ctx context.Context, key string) error {
	p := asking(ctx)
	if p.allows(jobs.ScopeManage) || p.key.ID == key {
		return nil
	}
	return jobs.ErrNotFound
}

const (
	cookieName = "easel"
	linkPath   = "/login"
	cookieLife = 30 * 24 * time.Hour
	linkLife   = time.Hour // of signed links in answers
	loginLife  = 10 * time.Minute
)

// guarded lets requests through that come from where they may, by whom they
// may, and says who asks.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.protect(w)
		if err := s.checkHost(r); err != nil {
			s.fail(w, err)
			return
		}
		if err := checkText(r); err != nil {
			s.fail(w, err)
			return
		}
		origin := r.Header.Get("Origin")
		allowed := slices.Contains(s.o.Origins, origin)
		if allowed {
			s.allowOrigin(w, origin)
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		if r.URL.Path == linkPath {
			s.login(w, r)
			return
		}
		if !ofAPI(r.URL.Path) && r.URL.Path != agentsPath {
			next.ServeHTTP(w, r)
			return
		}
		p, err := s.identify(r, allowed)
		if err != nil {
			s.fail(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), principalKey{}, p)))
	})
}

// checkText refuses addresses and names of calls that are no text: no file, job or
// prompt is called so.
func checkText(r *http.Request) error {
	query, err := url.QueryUnescape(r.URL.RawQuery)
	for _, text := range []string{r.URL.Path, query, r.Header.Get("Idempotency-Key")} {
		if err != nil || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return &statusError{Status: http.StatusBadRequest, Code: "invalid_request", Detail: "The address of the request is no text", Hint: "write it in UTF-8, percent-encoded"}
		}
	}
	return nil
}

// protect sets the headers that keep what is served from being more than data.
func (s *Server) protect(w http.ResponseWriter) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func (s *Server) allowOrigin(w http.ResponseWriter, origin string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Prefer, Last-Event-ID, If-Match, If-None-Match, "+requestIDHeader+", "+agentHeaders)
	h.Set("Access-Control-Expose-Headers", "Content-Disposition, ETag, Location, Preference-Applied, Retry-After, "+requestIDHeader+", Mcp-Session-Id")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// checkHost refuses a Host that is not this server's: a web page whose name
// was made to point here (DNS rebinding) sends its own.
func (s *Server) checkHost(r *http.Request) error {
	host := hostName(r)
	named := func(name string) bool { return strings.EqualFold(name, host) }
	if loopbackHost(r) || slices.ContainsFunc(s.o.Hosts, named) {
		return nil
	}
	if _, err := netip.ParseAddr(host); err == nil && !s.o.Listen.Addr().IsLoopback() {
		return nil // an address cannot be made to point elsewhere
	}
	return &statusError{Status: http.StatusMisdirectedRequest, Code: "host", Detail: "This server has another name", Hint: "easel serve --host NAME admits it"}
}

// hostName is what a request calls this server, without a port.
func hostName(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}

// loopbackHost reports whether a request calls this server by a name that only its
// own machine has.
func loopbackHost(r *http.Request) bool {
	host := hostName(r)
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || (err == nil && ip.IsLoopback())
}

// forwarded reports whether a proxy sent a request on: then its connection comes from
// this machine, and the request from anywhere.
func forwarded(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}, func(name string) bool { return r.Header[name] != nil })
}

// identify finds out who asks. allowed says that the page that sent it is one
// that may, with a key.
func (s *Server) identify(r *http.Request, allowed bool) (principal, error) {
	if p, ok, err := s.byLink(r); ok || err != nil {
		return p, err
	}
	if scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return s.byKey(r, strings.TrimSpace(secret)) // also an empty one: who means to send a key is not the owner
	}
	browser := r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Sec-Fetch-Mode") != ""
	if c, err := r.Cookie(cookieName); err == nil && !allowed {
		if err := s.sameSite(r); err != nil {
			return principal{}, err
		}
		if s.verify("cookie", c.Value) {
			return principal{local: true}, nil
		}
	}
	if !browser && s.o.Listen.Addr().IsLoopback() && fromLoopback(r) && loopbackHost(r) && !forwarded(r) {
		return principal{local: true}, nil
	}
	return principal{}, &statusError{
		Status: http.StatusUnauthorized, Code: "authentication", Detail: "A key is needed",
		Hint: "easel serve keys add NAME makes one; send it as Authorization: Bearer KEY",
	}
}

func fromLoopback(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// sameSite refuses what a page of another site sent.
func (s *Server) sameSite(r *http.Request) error {
	refuse := &statusError{Status: http.StatusForbidden, Code: "cross_origin", Detail: "The request comes from another site"}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return refuse
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host != r.Host {
		return refuse
	}
	return nil
}

func (s *Server) byKey(r *http.Request, secret string) (principal, error) {
	from := r.RemoteAddr
	if h, _, err := net.SplitHostPort(from); err == nil {
		from = h
	}
	if wait := s.guesses.wait(from, s.o.Now()); wait > 0 {
		return principal{}, &statusError{
			Status: http.StatusTooManyRequests, Code: "too_many_attempts", Detail: "Too many wrong keys from this address",
			RetryAfter: int(wait/time.Second) + 1,
		}
	}
	key, err := s.o.DB.KeyOf(r.Context(), secret)
	if errors.Is(err, jobs.ErrNotFound) {
		s.guesses.wrong(from, s.o.Now())
		return principal{}, &statusError{Status: http.StatusUnauthorized, Code: "authentication", Detail: "The key is not valid", Hint: "easel serve keys list shows those that are"}
	}
	if err != nil {
		return principal{}, err
	}
	if s.o.Now().Sub(key.LastUsed) >= useNoted {
		if err := s.o.DB.UsedKey(r.Context(), key.ID); err != nil {
			s.o.Log.Warn("noting that a key was used", "key", key.Name, "error", err)
		}
	}
	return principal{key: key}, nil
}

// useNoted is how often it is written down that a key is used: it is shown to the
// minute, and a write for each request would wait for the disk.
const useNoted = time.Minute

// guesses bounds wrong keys: ten a minute from one address.
type guesses struct {
	mu   sync.Mutex
	from map[string][]time.Time
}

const (
	mostGuesses  = 10
	guessWindow  = time.Minute
	mostGuessers = 10_000
)

func (g *guesses) wait(from string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	times := g.from[from]
	if len(times) < mostGuesses {
		return 0
	}
	return times[len(times)-mostGuesses].Add(guessWindow).Sub(now)
}

func (g *guesses) wrong(from string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from == nil || len(g.from) > mostGuessers {
		g.from = map[string][]time.Time{}
	}
	g.from[from] = append(g.from[from], now)
	g.from[from] = g.from[from][max(len(g.from[from])-mostGuesses, 0):]
}

// LoginLink is a path that makes a browser of this machine the owner's, once. It is
// valid for ten minutes, and for this process.
func (s *Server) LoginLink() string {
	return linkPath + "?t=" + url.QueryEscape(s.sign(s.logins.purpose, s.o.Now().Add(loginLife)))
}

// logins are the links that were used.
type logins struct {
	purpose string // of their signatures, which no other process makes
	mu      sync.Mutex
	used    map[string]bool
}

// use takes a link that is valid, and reports whether it was not used before.
func (l *logins) use(link string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used[link] {
		return false
	}
	if l.used == nil {
		l.used = map[string]bool{}
	}
	l.used[link] = true
	return true
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	link := r.URL.Query().Get("t")
	ahead := strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") // nobody opened it yet
	if r.Method == http.MethodGet && !ahead && s.verify(s.logins.purpose, link) && s.logins.use(link) {
		http.SetCookie(w, &http.Cookie{
			Name: cookieName, Value: s.sign("cookie", s.o.Now().Add(cookieLife)), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
			Secure: r.TLS != nil, MaxAge: int(cookieLife / time.Second),
		})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if c, err := r.Cookie(cookieName); err == nil && s.verify("cookie", c.Value) { // by the same link, say, a minute ago
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.fail(w, &statusError{Status: http.StatusForbidden, Code: "link", Detail: "The link was used, or is not valid any more", Hint: "easel serve prints a new one when it starts"})
}

// sign makes a word that is valid for a purpose until a time.
func (s *Server) sign(purpose string, until time.Time) string {
	seconds := strconv.FormatInt(until.Unix(), 36)
	return seconds + "." + s.mac(purpose+"\n"+seconds)
}

func (s *Server) verify(purpose, signed string) bool {
	seconds, mac, ok := strings.Cut(signed, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(s.mac(purpose+"\n"+seconds))) {
		return false
	}
	until, err := strconv.ParseInt(seconds, 36, 64)
	return err == nil && s.o.Now().Unix() < until
}

func (s *Server) mac(text string) string {
	h := hmac.New(sha256.New, s.o.Secret)
	h.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// link is a path of the API with a signature, for <img> and EventSource, which
// send no header. It is valid for an hour, for reading this path only.
func (s *Server) link(path string) string {
	return path + "?sig=" + s.sign("link\n"+path, s.o.Now().Add(linkLife))
}

// byLink lets a signed link through; ok is false for a request without one.
func (s *Server) byLink(r *http.Request) (p principal, ok bool, err error) {
	signed := r.URL.Query().Get("sig")
	if signed == "" {
		return principal{}, false, nil
	}
	purpose := "link\n" + r.URL.Path
	if r.URL.Path == apiPath+"/outputs/archive" { // what it holds is in its query
		purpose = "archive\n" + r.URL.Query().Get("ids")
	}
	if r.Method != http.MethodGet || !s.verify(purpose, signed) {
		return principal{}, false, &statusError{
			Status: http.StatusForbidden, Code: "link", Detail: "The link is not valid any more",
			Hint: "ask for the job or the output again: the answer has a new one",
		}
	}
	return principal{local: true}, true, nil
}
