package drill

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// residentLimit is what the whole process may occupy under attack.
const residentLimit = 128 << 20

// measure follows how much memory a process occupies, until it ends. The
// system's own account of it begins with the memory of the test, which started
// it, and is of no use.
func (p *process) measure() (resident func() int64) {
	var peak atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)); err == nil {
				_, rest, _ := strings.Cut(string(status), "VmHWM:")
				var kib int64
				if _, err := fmt.Sscan(rest, &kib); err == nil {
					peak.Store(max(peak.Load(), kib<<10))
				}
			}
			select {
			case <-tick.C:
			case <-p.done:
				return
			}
		}
	}()
	return func() int64 { <-done; return peak.Load() }
}

// printable fails the test when something that a terminal obeys was printed on
// the streams.
func (p *process) printable(streams ...*lines) {
	p.t.Helper()
	for _, l := range streams {
		for _, r := range l.String() {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				p.t.Errorf("printed %q in\n%q", r, l)
				return
			}
		}
	}
}

// P-H1: 240 hostile names later every file is in the folder, under our name.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t, "--fault", "hostile-names"), newMachine(t)
	m.write("graph.json", strings.Replace(graph, `"batch_size": 1`, `"batch_size": 60`, 1))
	before := m.everything()
	for range 4 {
		p := m.generate(nil, srv.url())
		if exit := p.wait(); exit != 0 && exit != 3 { // the server cannot give every file back by such a name
			t.Errorf("exit %d\n%s", exit, p.stderr)
		}
		p.printable(p.stdout, p.stderr)
	}
	ours := regexp.MustCompile(`^out/graph-[0-9a-z]{16}-[0-9]+\.(png|json)(\.easel\.json)?$`) // json: what was said of a file without a name
	pictures := 0
	for name := range m.everything() {
		switch {
		case before[name], name == "out", strings.HasPrefix(name, "data/"), strings.HasPrefix(name, "cache/"):
		case !ours.MatchString(name):
			t.Errorf("there is %q", name)
		case strings.HasSuffix(name, ".png"):
			pictures++
		}
	}
	if pictures < 200 {
		t.Errorf("only %d pictures are here", pictures)
	}
	m.audit(srv.read()).sound(t)
}

// everything lists the machine's files.
func (m *machine) everything() map[string]bool {
	m.t.Helper()
	found := map[string]bool{}
	err := fs.WalkDir(os.DirFS(m.dir), ".", func(path string, _ fs.DirEntry, err error) error {
		found[path] = true
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return found
}

// P-H2: no redirect is followed to another place, from any endpoint, and so no
// credential goes there: nothing but the server is ever connected to.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, at := range endpoints() {
		for _, to := range []string{
			"http://elsewhere.example/x", "http://user:pass@elsewhere.example/", "//elsewhere.example/y", "https://emulator/",
			"http://emulator:8080/", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/",
		} {
			t.Run(at.name+" "+to, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := emulator.New(at.options(t, "redirect="+at.name+":"+to))
					defer srv.Close()
					client, dialled := watched(t, srv)
					r := newRig(t, "http://"+emulator.Host, comfy.WithHTTPClient(client),
						comfy.WithBearer(func() (string, error) { return "canary-token", nil }))
					if _, err := r.exercise(t.Context(), srv, at); err != nil && !known(err) {
						t.Errorf("%v is no typed error", err)
					}
					for _, address := range dialled() {
						if address != emulator.Host+":80" {
							t.Errorf("it connected to %s", address)
						}
					}
				})
			})
		}
	}
}

// watched gives a client of an emulator and the addresses it connects to.
func watched(t *testing.T, srv *emulator.Server) (client *http.Client, dialled func() []string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	client = dialling(t, srv, func(dial chaos.DialFunc) chaos.DialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			all = append(all, address)
			mu.Unlock()
			return dial(ctx, network, address)
		}
	})
	return client, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// P-H3: lies about sizes are bounded in memory and disk, and in time: easel ends.
func TestSizeLies(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		"length-lies=view:1000000000000000", "length-lies=history:1000000000000000", "length-lies=prompt:1000000000000000",
		"body=history:gzip-bomb", "body=history:endless", "body=prompt:endless", "body=prompt:gzip-bomb",
		"many-outputs=1000000", "ws-huge=200000000", "ws-huge-image=200000000", "ws-huge-image=30000000", "body=view:gzip-bomb",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t, "--fault", spec), newMachine(t)
			begin := time.Now()
			p := m.generate(nil, srv.url(), "--reconnect", "1s")
			measured := p.measure()
			exit := p.wait()
			resident := measured()
			var size int64
			for name := range m.everything() {
				if info, err := os.Lstat(filepath.Join(m.dir, name)); err == nil && !info.IsDir() {
					size += info.Size()
				}
			}
			if resident > residentLimit || size > 16<<20 {
				t.Errorf("%d MiB of memory, %d MiB on disk", resident>>20, size>>20)
			}
			v := m.audit(nil)
			v.sound(t)
			t.Logf("exit %d, %d MiB of memory, %s", exit, resident>>20, time.Since(begin).Round(time.Millisecond))
		})
	}
}

// chunk writes one PNG chunk.
func pngChunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// flood is a PNG of 65535 x 65535 pixels in one bit each, in a few kilobytes of
// what would be half a gigabyte.
func flood(extra ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, 65535)
	head = append(binary.BigEndian.AppendUint32(head, 65535), 1, 0, 0, 0, 0)
	var pixels bytes.Buffer
	z := zlib.NewWriter(&pixels)
	row := make([]byte, 8193)
	for range 4096 {
		_, _ = z.Write(row) // a buffer takes everything
	}
	_ = z.Close()
	b := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", head)...)
	for _, e := range extra {
		b = append(b, e...)
	}
	return append(append(b, pngChunk("IDAT", pixels.Bytes())...), pngChunk("IEND", nil)...)
}

// bomb is a compressed text of 64 MiB in a PNG.
func bomb() []byte {
	var text bytes.Buffer
	text.WriteString("prompt\x00\x00")
	z := zlib.NewWriter(&text)
	block := make([]byte, 1<<20)
	for range 64 {
		_, _ = z.Write(block)
	}
	_ = z.Close()
	return pngChunk("zTXt", text.Bytes())
}

// P-H4: pictures that attack whoever decodes them are stored as they are or
// refused, under the extension of their content, in bounded memory.
func TestHostilePictures(t *testing.T) {
	t.Parallel()
	var small, photo bytes.Buffer
	if png.Encode(&small, image.NewGray(image.Rect(0, 0, 8, 8))) != nil || jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 8, 8)), nil) != nil {
		t.Fatal("cannot draw")
	}
	for name, tc := range map[string]struct {
		body []byte
		ext  string // of what is stored; "" = it must not be stored
	}{
		"pixel flood":               {flood(), ".png"},
		"compressed text bomb":      {flood(bomb()), ".png"},
		"cut off":                   {small.Bytes()[:small.Len()-5], ""},
		"a web page":                {[]byte("<!doctype html><script>alert(1)</script>"), ""},
		"a JPEG that is called PNG": {photo.Bytes(), ".jpg"},
		"nothing":                   {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			p := m.generate(nil, gateway(t, srv.url(), chaos.Rule{Path: "/view", Status: 200, Body: string(tc.body), Header: http.Header{"Content-Type": {"image/png"}}}))
			measured := p.measure()
			exit := p.wait()
			files, err := filepath.Glob(filepath.Join(m.out, "graph-*-1"+tc.ext))
			if err != nil {
				t.Fatal(err)
			}
			if resident := measured(); resident > residentLimit {
				t.Errorf("it took %d MiB", resident>>20)
			}
			switch {
			case tc.ext == "" && exit != 8:
				t.Errorf("exit %d\n%s", exit, p.stderr)
			case tc.ext != "" && (exit != 0 || len(files) != 1):
				t.Errorf("exit %d, %q\n%s", exit, files, p.stderr)
			case tc.ext != "":
				if data, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(data, tc.body) {
					t.Errorf("%d of %d bytes are stored: %v", len(data), len(tc.body), err)
				}
			}
		})
	}
}

// evil is what a terminal, a log or a header must not obey.
const evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[31mred\u202egnp\r\nfake: line\n{\"error\":null}\u009b2J"

// P-H5: nothing that a server says reaches the terminal unescaped, and no text
// of it makes a line of JSON.
func TestTerminalIsSafe(t *testing.T) {
	t.Parallel()
	quoted, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, rule := range map[string]chaos.Rule{
		"rejection": {Path: "/prompt", Status: 400, Header: header, Body: fmt.Sprintf(
			`{"error":{"type":"prompt_outputs_failed_validation","message":%[1]s,"details":%[1]s,"extra_info":{}},"node_errors":{"3":{"class_type":%[1]s,"dependent_outputs":[],"errors":[{"type":"value_not_in_list","message":%[1]s,"details":%[1]s,"extra_info":{"input_name":%[1]s,"received_value":%[1]s,"input_config":[[%[1]s],{}]}}]}}}`, quoted)},
		"status":   {Path: "/prompt", Status: 418, Body: evil},
		"no login": {Path: "/prompt", Status: 401, Body: evil},
	} {
		for _, flag := range []string{"--quiet", "--json", "--events", "--log-level=debug"} {
			t.Run(name+" "+flag, func(t *testing.T) {
				t.Parallel()
				srv, m := newRemote(t), newMachine(t)
				p := m.generate(nil, gateway(t, srv.url(), rule), flag)
				if exit := p.wait(); exit == 0 {
					t.Errorf("exit %d", exit)
				}
				p.printable(p.stderr)
				if flag == "--quiet" || flag == "--log-level=debug" {
					p.printable(p.stdout)
				} else { // data for a program; on a terminal JSON is escaped too (internal/term)
					for line := range strings.Lines(p.stdout.String()) {
						if !json.Valid([]byte(line)) {
							t.Errorf("no JSON: %q", line)
						}
					}
				}
			})
		}
	}
	t.Run("titles", func(t *testing.T) {
		t.Parallel()
		srv, m := newRemote(t, "--fault", "exception=KSampler"), newMachine(t)
		m.write("graph.json", strings.Replace(graph, `"3": {`, `"3": {"_meta": {"title": `+string(quoted)+`}, `, 1))
		p := m.generate(nil, srv.url())
		if exit := p.wait(); exit != 7 {
			t.Errorf("exit %d\n%s", exit, p.stderr)
		}
		p.printable(p.stdout, p.stderr)
	})
}

// P-H6: a name of the user or of the server never splits a header. What travels
// is a file under the hash of its content.
func TestHeadersCannotBeSplit(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	wire, address := tap(t, srv.url())
	picture, err := fs.ReadFile(workflows.FS(), "examples/portrait.png")
	if err != nil {
		t.Fatal(err)
	}
	name := "a\"\r\nX-Evil: 1\r\n\r\n\\;.png"
	m.write(name, string(picture))
	p := m.start(nil, "generate", "image_upscale", "--image", name, "--backend", address, "--out", m.out)
	if exit := p.wait(); exit != 0 {
		t.Errorf("exit %d\n%s", exit, p.stderr)
	}
	p.printable(p.stdout, p.stderr)
	wire.mu.Lock()
	defer wire.mu.Unlock()
	sent := regexp.MustCompile(`filename="[0-9a-f]{32}\.png"`)
	uploads := 0
	for _, b := range wire.bodies {
		if strings.HasPrefix(b, "/upload/image ") {
			uploads++
			if !sent.MatchString(b) || strings.Contains(b, "X-Evil") {
				t.Errorf("sent %.300q", b)
			}
		}
	}
	if uploads != 1 {
		t.Errorf("%d uploads", uploads)
	}
}

// P-H7: a workflow file is data. Nothing in it is run, expanded or opened.
func TestWorkflowsAreData(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "CANARY=leaked")
	m.write("secret.png", "not for the server")
	attack := "$CANARY ${CANARY} `touch pwned` $(touch pwned) {{.}} %CANARY% ; touch pwned | @secret.png " + strings.Repeat("x", 1<<20)
	quoted, err := json.Marshal(attack)
	if err != nil {
		t.Fatal(err)
	}
	m.write("graph.json", strings.Replace(strings.Replace(graph, `"a lighthouse"`, string(quoted), 1), `"filename_prefix": "drill"`, `"filename_prefix": "../../$CANARY"`, 1))
	p := m.start(nil, "generate", "./graph.json", "--dry-run")
	if exit := p.wait(); exit != 0 || !strings.Contains(p.stdout.String(), "$CANARY ${CANARY} `touch pwned`") {
		t.Errorf("exit %d\n%.500s\n%.500s", exit, p.stdout, p.stderr)
	}
	srv := newRemote(t)
	wire, address := tap(t, srv.url())
	m.write("load.json", `{"1": {"class_type": "LoadImage", "inputs": {"image": "../../secret.png"}},
		"9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}}`)
	for _, file := range []string{"./graph.json", "./load.json"} {
		m.start(nil, "generate", file, "--backend", address, "--out", m.out).wait()
	}
	if len(wire.bodies) > 0 {
		t.Errorf("sent %.300q", wire.bodies)
	}
	if m.everything()["pwned"] || strings.Contains(p.stdout.String(), "leaked") {
		t.Error("a workflow file was taken for a program")
	}
}
