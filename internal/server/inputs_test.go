package server

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func TestPA8InputsOfTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"in/ok.png", "secret.png"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, picture.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret.png", filepath.Join(dir, "in", "link.png")); err != nil {
		t.Skip(err)
	}
	h := build(t, houseOptions{workers: 1, inputs: filepath.Join(dir, "in")})
	for name, status := range map[string]int{"ok.png": 200, "link.png": 400, "../secret.png": 400, "/etc/passwd": 400, "http://localhost:1/x.png": 200} {
		r := h.ask("POST", "/api/v1/generate?wait=60", fmt.Sprintf(`{"workflow_id":"image_upscale","input_image":%q}`, name))
		if r.StatusCode != status {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
		var job jobView
		if status == 200 {
			r.into(t, &job)
		}
		if ok := name == "ok.png"; status == 200 && (job.State == jobs.Succeeded) != ok {
			t.Errorf("%s: the job is %s: %s", name, job.State, job.Error)
		}
		if name == "http://localhost:1/x.png" && (!strings.Contains(string(job.Error.RawMessage), "--allow-private") || strings.Contains(string(job.Error.RawMessage), "127.0.0.1")) {
			t.Errorf("%s: the error is %s", name, job.Error)
		}
	}
}

func TestPA7AddressesOfThisNetwork(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"127.0.0.1:80", "[::1]:80", "0.0.0.0:80", "10.1.2.3:80", "172.16.0.1:80", "192.168.1.1:80", "169.254.169.254:80", "100.64.1.1:80",
		"[::ffff:127.0.0.1]:80", "[fe80::1]:80", "[fc00::1]:80", "[64:ff9b::7f00:1]:80", "[64:ff9b::808:808]:80", "[fe80::1%eth0]:80", "[2606:2800::1%eth0]:80", "[::7f00:1]:80", "192.0.0.1:80", "198.18.0.1:80", "240.0.0.1:80", "[2002:7f00:1::]:80", "224.0.0.1:80", "255.255.255.255:80", "192.0.2.1:80", "nonsense",
	} {
		if checkReach(a) == nil {
			t.Errorf("%s would be asked", a)
		}
	}
	for _, a := range []string{"93.184.216.34:443", "[2606:2800:220:1:248:1893:25c8:1946]:443"} {
		if err := checkReach(a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// An address that is written out is refused when it is sent, in every form that some
// resolver takes; where the server may ask its own network it is taken.
func TestWrittenAddressesOfThisNetworkAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	h, open := build(t, houseOptions{}), build(t, houseOptions{private: true})
	bodies := map[string]string{
		"input_image": `{"workflow_id":"image_upscale","input_image":%q}`, "webhook": `{"workflow_id":"flux_single","prompt":"x","webhook":%q}`,
		"mask": `{"workflow_id":"qwen_inpaint","input_image":"https://example.org/x.png","mask":%q,"prompt":"x"}`,
	}
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "0", "0x", "10.0.0.1", "167772161", "169.254.169.254", "0xa9fea9fe",
		"192.168.1.20", "100.64.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[fc00::1]", "[fe80::1%25eth0]", "[64:ff9b::7f00:1]", "\uff11\uff12\uff17.\uff10\u3002\uff10.\uff11",
	} {
		address := "http://" + host + ":8080/x.png"
		for field, body := range bodies {
			var e statusError
			h.want(400, h.ask("POST", "/api/v1/generate", fmt.Sprintf(body, address))).into(t, &e)
			if len(e.Errors) != 1 || e.Errors[0].Field != field || !strings.Contains(e.Hint, "--allow-private") {
				t.Errorf("%s as %s: %+v", address, field, e)
			}
		}
		open.want(202, open.ask("POST", "/api/v1/generate", fmt.Sprintf(bodies["webhook"], address)))
	}
	h.want(400, h.ask("POST", "/api/v1/generate/batch", `{"workflow_id":"qwen_single","prompt":"x","input_images":["https://example.org/x.png","http://[::1]/x.png"]}`))
	for _, host := range []string{"example.org", "8.8.8.8", "134744072", "[2606:2800:220:1:248:1893:25c8:1946]", "1.2.3.4.5", "09.1.1.1", "4294967296", "10.example.org", "256.0.0.1"} {
		h.want(202, h.ask("POST", "/api/v1/generate", fmt.Sprintf(bodies["webhook"], "https://"+host+"/x.png")))
	}
}

// What became of an address is told without what this server knows of its network.
func TestAFailedDialTellsNothingOfTheNetwork(t *testing.T) {
	t.Parallel()
	asked := &url.URL{Scheme: "https", Host: "photos.example"}
	lookup := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "photos.example", Server: "10.0.0.53:53", IsNotFound: true}}
	inside := &net.OpError{Op: "dial", Net: "tcp", Err: checkReach("10.9.8.7:443")}
	for want, err := range map[string]error{
		"the name photos.example cannot be resolved":  &url.Error{Op: "Get", URL: asked.String(), Err: lookup},
		"photos.example is not on the open internet":  &url.Error{Op: "Get", URL: asked.String(), Err: inside},
		"further.example is not on the open internet": &url.Error{Op: "Get", URL: "http://further.example/secret", Err: inside},
	} {
		if got := dialFailure(t.Context(), asked, err).Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		control := http.NewResponseController(w)
		if err := control.Flush(); err != nil {
			t.Error(err)
		}
		conn, _, err := control.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetLinger(0) // a reset
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(broken.Close)
	body, err := (&Inputs{Private: true}).Open(t.Context(), broken.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadAll(body); err == nil || err.Error() != "the connection broke" {
		t.Errorf("a reset is told as %v", err)
	}
}
