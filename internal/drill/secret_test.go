package drill

import (
	"cmp"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
)

// P-K1: secrets are canaries. Everything is done and goes wrong at the highest
// log level, and then no byte of them is anywhere but in the configuration.
func TestSecretsStay(t *testing.T) {
	t.Parallel()
	const token, password, header, key = "canary-tok-8f21c4", "canary-pass-77aa01", "canary-head-5d02", "canary-key-912f"
	const awsSecret, awsSession, supabaseKey, dbPassword = "canary-aws-secret-31b7", "canary-aws-session-c09e", "canary-supabase-e5d1", "canary-database-66f0"
	srv, project := newRemote(t), newBucketFor(t, supabaseKey)
	m := newMachine(t, append([]string{
		"EASEL_TOKEN_STUDIO=" + token, "RUNPOD_API_KEY=" + key, "COMFY_API_KEY=" + key,
		"AWS_ENDPOINT_URL=" + objects(t), "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=" + awsSecret, "AWS_SESSION_TOKEN=" + awsSession,
		"SUPABASE_DB_URL=postgres://anna:" + dbPassword + "@127.0.0.1:1/postgres",
	}, project.env...)...)
	if err := os.MkdirAll(filepath.Join(m.dir, "config", "easel"), 0o700); err != nil {
		t.Fatal(err)
	}
	withPassword := func(address string) string { return strings.Replace(address, "://", "://artist:"+password+"@", 1) }
	failing := gateway(t, srv.url(), chaos.Rule{Path: "/prompt", Status: 500, Body: token + " " + password, Header: http.Header{"Retry-After": {"0"}}})
	refusing := gateway(t, srv.url(), chaos.Rule{Path: "/ws", Status: 401}, chaos.Rule{Path: "/prompt", Status: 401})
	m.write("config/easel/config.yaml", "backends:\n"+
		"  studio:\n    url: "+srv.url()+"\n    headers:\n      X-Key: "+header+"\n"+
		"  locked:\n    url: "+withPassword(srv.url())+"\n")
	m.table(2)
	type line struct {
		args []string
		// answered: the server itself said the secrets, so its words may hold them
		answered bool
	}
	var said strings.Builder
	for _, l := range []line{
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--out", m.out, "--provenance", "both", "--json"}},
		{args: []string{"generate", "./graph.json", "--backend", "locked", "--out", m.out, "--events"}},
		{args: []string{"generate", "./graph.json", "--backend", withPassword(srv.url()), "--out", m.out}},
		{args: []string{"generate", "./graph.json", "--backend", withPassword(refusing), "--out", m.out}},
		{args: []string{"generate", "./graph.json", "--backend", withPassword("http://127.0.0.1:1"), "--out", m.out, "--json"}},
		{args: []string{"generate", "./graph.json", "--backend", "http://artist:" + password + "@bad host/", "--out", m.out}},
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--dry-run", "--json"}},
		{args: []string{"generate", "./graph.json", "--backend", withPassword(srv.url()), "--out", m.out, "--detach"}},
		{args: []string{"resume"}},
		{args: []string{"backends", "list", "--json"}},
		{args: []string{"backends", "list"}},
		{args: []string{"backends", "test"}},
		{args: []string{"config", "list", "--origin"}},
		{args: []string{"config", "get", "backends"}},
		{args: []string{"history", "list", "--json"}},
		{args: []string{"history", "show", "last", "--json"}},
		{args: []string{"doctor"}},
		{args: nil},
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--out", "s3://art/today", "--json"}},
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--out", "s3://nowhere"}},
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--out", "s3://art?endpoint=" + refusing, "--json"}},
		{args: []string{"batch", "./graph.json", "--from", "rows.csv", "--backend", "studio", "--out", "s3://art/run", "--json"}},
		{args: []string{"verify", "s3://art/run"}},
		{args: []string{"outputs", "list", "s3://art", "--json"}},
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--out", "supabase://art/today", "--presign", "1h"}},
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--out", "supabase://nowhere"}},
		{args: []string{"config", "set", "supabase.rows", "postgres"}},
		{args: []string{"generate", "./graph.json", "--backend", "studio", "--out", "supabase://art/today", "--json"}}, // rows wait
		{args: []string{"spool", "status", "--json"}},
		{args: []string{"spool", "drain"}},
		{args: []string{"history", "list", "--json"}},
		{args: []string{"generate", "./graph.json", "--backend", withPassword(failing), "--out", m.out}, answered: true},
	} {
		p := m.start(nil, append(l.args, "--log-level", "debug")...)
		p.wait()
		if !l.answered {
			said.WriteString(p.stdout.String() + p.stderr.String())
		}
	}
	if keys := project.Keys("art"); len(keys) < 3 || !strings.Contains(said.String(), "s3://art/run/") || !strings.Contains(said.String(), "supabase-rows://") {
		t.Errorf("too little was stored to show anything: %q", keys)
	}
	for _, key := range project.Keys("art") {
		said.Write(project.Object("art", key))
	}
	for what, secret := range map[string]string{
		"token": token, "password": password, "header": header, "key": key,
		"AWS secret": awsSecret, "AWS session token": awsSession, "Supabase key": supabaseKey, "password of the database": dbPassword,
	} {
		if i := strings.Index(said.String(), secret); i >= 0 {
			t.Errorf("the %s was printed: %q", what, said.String()[max(0, i-200):i+20])
		}
		for name := range m.everything() {
			if strings.HasPrefix(name, "config/") {
				continue
			}
			data, err := os.ReadFile(filepath.Join(m.dir, name))
			if err == nil && strings.Contains(string(data), secret) && !strings.Contains(string(data), token+" "+password) {
				t.Errorf("the %s is in %s", what, name)
			}
		}
	}
	if m.audit(nil).complete < 3 {
		t.Error("too little was run to show anything")
	}
}

// objects is an S3 service in this process with the bucket art.
func objects(t *testing.T) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("art"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// P-K3: kept in the keyring of a desktop, a secret is in no file, argument or message of
// ours, and reaches the server that it is for.
func TestSecretInTheSystemsKeyring(t *testing.T) {
	t.Parallel()
	bus := os.Getenv("EASEL_TEST_KEYRING")
	if bus == "" {
		t.Skip("EASEL_TEST_KEYRING names no bus with a Secret Service: .ci/services/keyring starts one")
	}
	const token = "canary-keyring-4be1"
	emu := emulator.New(emulator.Options{StepTime: -1})
	t.Cleanup(func() { _ = emu.Close() })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		emu.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	m := newMachine(t, "DBUS_SESSION_BUS_ADDRESS="+bus)
	name := "drill" + strconv.Itoa(os.Getpid()) // the keyring is not ours alone
	var said strings.Builder
	do := func(exit int, args ...string) {
		t.Helper()
		got, stdout, stderr := m.run(append(args, "--log-level", "debug")...)
		if said.WriteString(stdout + stderr); got != exit {
			t.Errorf("%v: exit %d\n%s", args, got, stderr)
		}
	}
	do(0, "backends", "add", name, srv.URL)
	do(4, "backends", "test", name)
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	keep := exec.Command(bin, "auth", "set", name, "--log-level", "debug")
	keep.Stdin = strings.NewReader(token + "\n")
	p := m.launch(keep)
	if exit := p.wait(); exit != 0 || !strings.Contains(p.stderr.String(), "is in the keyring") {
		t.Fatalf("exit %d\n%s", exit, p.stderr)
	}
	said.WriteString(p.stdout.String() + p.stderr.String())
	do(0, "auth", "list", "--json")
	do(0, "generate", "./graph.json", "--backend", name, "--out", m.out, "--provenance", "both", "--json")
	do(0, "config", "list", "--origin")
	if m.audit(nil).complete != 1 {
		t.Error("nothing was made")
	}
	for file := range m.everything() {
		if data, err := os.ReadFile(filepath.Join(m.dir, file)); err == nil && strings.Contains(string(data), token) {
			t.Errorf("%s has the secret", file)
		}
	}
	do(0, "auth", "remove", name)
	do(4, "backends", "test", name)
	if strings.Contains(said.String(), token) {
		t.Error("the secret was printed")
	}
}

// P-K1: what other programs are started with has no secret in it. The only one is the
// viewer of --open and history open.
func TestNoSecretInArguments(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the viewer is replaced as Linux finds it")
	}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "node_modules" {
			return cmp.Or(err, fs.SkipDir)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if starts := regexp.MustCompile(`exec\.Command|os\.StartProcess|syscall\.(Exec|ForkExec)\b`); err == nil && starts.Match(text) && path != "../../cmd/open.go" {
			t.Errorf("%s starts a program: have it run here too", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const token, password, awsSecret = "canary-tok-19c0", "canary-pass-44d2", "canary-aws-8e07"
	srv := newRemote(t)
	m := newMachine(t, "EASEL_TOKEN_STUDIO="+token, "RUNPOD_API_KEY="+token, "AWS_ENDPOINT_URL="+objects(t), "AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY="+awsSecret)
	if err := os.MkdirAll(filepath.Join(m.dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.write("bin/xdg-open", "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" >> "+filepath.Join(m.dir, "started")+"\n")
	if err := os.Chmod(filepath.Join(m.dir, "bin", "xdg-open"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.env = append(m.env, "PATH="+filepath.Join(m.dir, "bin")+":"+os.Getenv("PATH"))
	withPassword := strings.Replace(srv.url(), "://", "://artist:"+password+"@", 1)
	for _, args := range [][]string{
		{"backends", "add", "studio", srv.url()},
		{"generate", "./graph.json", "--backend", "studio", "--out", m.out, "--open"},
		{"generate", "./graph.json", "--backend", withPassword, "--out", m.out, "--open"},
		{"history", "open", "last"},
		{"generate", "./graph.json", "--backend", "studio", "--out", "s3://art/today", "--presign", "1h", "--open"},
		{"history", "open", "last"},
	} {
		m.run(args...) // what is not on this machine may be refused
	}
	started, err := os.ReadFile(filepath.Join(m.dir, "started"))
	if n := strings.Count(string(started), "xdg-open\n"); err != nil || n < 3 {
		t.Errorf("the viewer was started %d times, %v", n, err)
	}
	for _, secret := range []string{token, password, awsSecret} {
		if strings.Contains(string(started), secret) {
			t.Errorf("an argument has a secret:\n%s", started)
		}
	}
}

// P-K4: no command takes a secret as the value of a flag, where every user of
// the machine could read it in the list of processes.
func TestNoSecretByFlag(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../cmd/testdata/help/*.golden")
	if err != nil || len(pages) < 10 {
		t.Fatalf("the pinned help texts are not there: %d, %v", len(pages), err)
	}
	flag := regexp.MustCompile(`--[a-z-]*(token|passw|secret|api-?key|credential|auth)[a-z-]* \w`) // one space: it takes a value
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if found := flag.FindString(string(text)); found != "" {
			t.Errorf("%s has %s", filepath.Base(page), found)
		}
	}
}
