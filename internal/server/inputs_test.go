package server

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
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
	for name, status := range map[string]int{"ok.png": 200, "link.png": 400, "../secret.png": 400, "/etc/passwd": 400, "http://127.0.0.1:1/x.png": 200} {
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
