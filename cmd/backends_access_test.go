package cmd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// authority is a certificate authority of a test, whose files lie in dir.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, dir string) *authority {
	a := &authority{dir: dir}
	a.cert, a.key = a.issue(t, "ca", &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// issue makes a certificate and writes NAME.pem and NAME.key.
func (a *authority) issue(t *testing.T, name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(filepath.Join(a.dir, name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// guarded serves an emulated ComfyUI to those who have a certificate of the authority,
// and a cookie and a header; it counts the questions of others.
func guarded(t *testing.T, a *authority) (address string, strangers *atomic.Int64) {
	t.Helper()
	a.issue(t, "server", &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	a.issue(t, "anna", &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "anna"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	pair, err := tls.LoadX509KeyPair(filepath.Join(a.dir, "server.pem"), filepath.Join(a.dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	emu := emulator.New(emulator.Options{})
	strangers = &atomic.Int64{}
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, _ := r.Cookie("session")
		if cookie == nil || cookie.Value != "CANARY-cookie" || r.Header.Get("X-Gate") != "CANARY-gate" {
			strangers.Add(1)
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		emu.ServeHTTP(w, r)
	}))
	web.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	web.Config.ErrorLog = nil
	web.StartTLS()
	t.Cleanup(func() { web.CloseClientConnections(); web.Close(); emu.Close() })
	return web.URL, strangers
}

// typed runs a command line that reads from stdin.
func (a *account) typed(t *testing.T, stdin string, args ...string) (code int, stderr string) {
	t.Helper()
	streams, in, out, errs := term.Test()
	in.WriteString(stdin)
	code = Execute(t.Context(), Process{Args: args, Dir: a.home, Streams: streams, Build: Build{Version: "0.0.0-test"}, Environ: a.env})
	if strings.Contains(out.String()+errs.String(), "CANARY") {
		t.Errorf("a secret shows: %s%s", out, errs)
	}
	return code, errs.String()
}

// A backend behind mutual TLS, an authority of its own, a cookie and a header: all of
// it comes from files and stdin, and every request has it, the socket's included.
func TestMutualTLSCookieAndHeaders(t *testing.T) {
	t.Parallel()
	a := &account{home: t.TempDir()}
	a.env = newAccount(t, runpodtest.Options{}).env // a home without secrets that are meant to be in a file
	ca := newAuthority(t, a.home)
	address, strangers := guarded(t, ca)
	add := []string{"backends", "add", "vault", address, "--cookie", "--header", "x-gate", "--client-cert", "anna.pem", "--client-key", "anna.key", "--ca", "ca.pem"}
	env := a.env
	for i, v := range env {
		if strings.HasPrefix(v, "XDG_CONFIG_HOME=") {
			env[i] = "XDG_CONFIG_HOME=" + filepath.Join(a.home, "config") // it keeps the cookie, as its owner wants
		}
	}
	if code, errs := a.typed(t, "session=CANARY-cookie\nCANARY-gate\n", add...); code != 0 {
		t.Fatalf("%d\n%s", code, errs)
	}
	for _, level := range []string{"warn", "debug"} {
		code, out, errs := a.generate(t, "--backend", "vault", "--log-level", level)
		if code != 0 || !strings.HasSuffix(out, ".png\n") {
			t.Fatalf("%d\n%s\n%s", code, out, errs)
		}
	}
	if strangers.Load() != 0 {
		t.Errorf("%d requests had no cookie or header", strangers.Load())
	}
	if code, out, _ := a.easel(t, "backends", "list", "--jq", ".[].secret"); code != 0 || out != "true\n" {
		t.Errorf("%d %s", code, out)
	}

	// Without the certificate, or without the authority, nobody is reached.
	for name, args := range map[string][]string{"no certificate": {"--ca", "ca.pem"}, "no authority": {"--client-cert", "anna.pem", "--client-key", "anna.key"}} {
		if code, errs := a.typed(t, "", append([]string{"backends", "add", "bare", address}, args...)...); code != 0 {
			t.Fatal(errs)
		}
		if code, _, errs := a.generate(t, "--backend", "bare"); code != problem.ExitUnreachable && code != problem.ExitLost {
			t.Errorf("%s: %d\n%s", name, code, errs)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(filepath.Join(a.home, "anna.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := a.generate(t, "--backend", "vault"); code != problem.ExitAuth || !strings.Contains(errs, "chmod 600") {
		t.Errorf("a key that all can read: %d\n%s", code, errs)
	}
}

func TestBackendsAddRefusesHalfAccess(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	ca := newAuthority(t, a.home)
	_ = ca
	for name, test := range map[string]struct {
		args []string
		exit int
	}{
		"certificate alone":         {[]string{"--client-cert", "ca.pem"}, problem.ExitUsage},
		"a value in the flag":       {[]string{"--header", "X-Key: CANARY"}, problem.ExitUsage},
		"a header twice":            {[]string{"--header", "x-key", "--header", "X-Key"}, problem.ExitUsage},
		"nothing on stdin":          {[]string{"--header", "x-key"}, problem.ExitUsage},
		"no such file":              {[]string{"--ca", "none.pem"}, problem.ExitAuth},
		"a key for a certificate":   {[]string{"--ca", "ca.key"}, problem.ExitAuth},
		"not the certificate's key": {[]string{"--client-cert", "ca.key", "--client-key", "ca.pem"}, problem.ExitAuth},
	} {
		if code, errs := a.typed(t, "", append([]string{"backends", "add", "x", "http://127.0.0.1:1"}, test.args...)...); code != test.exit {
			t.Errorf("%s: %d, want %d\n%s", name, code, test.exit, errs)
		}
	}
	// A checkout does not make the user's certificate speak at its address.
	if err := os.WriteFile(filepath.Join(a.home, "easel.yaml"), []byte("backends: {x: {url: 'https://127.0.0.1:1', client_cert: ca.pem, client_key: ca.key}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := a.easel(t, "backends", "list"); code == 0 || !strings.Contains(errs, "counts only in your own settings") {
		t.Errorf("%d\n%s", code, errs)
	}
}
