package cmd

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

const editorCanvas = `{"version": 0.4, "nodes": [{"id": 1, "type": "EmptyImage", "widgets_values": [32, 64, 1, 255]},
	{"id": 2, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 1}], "widgets_values": ["canvas"]}], "links": [[1, 1, 0, 2, 0, "IMAGE"]]}`

// editorPicture is a picture of one pixel that carries only the editor's file.
func editorPicture() []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	for _, chunk := range []string{
		"IHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00", "tEXtworkflow\x00" + editorCanvas,
		"IDAT\x78\x9c\x63\x60\x00\x00\x00\x02\x00\x01", "IEND",
	} {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)))
		b.WriteString(chunk)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(chunk))))
	}
	return b.Bytes()
}

// A picture that carries only the editor's file runs, runs again, and says what
// it holds.
func TestPictureWithTheEditorsFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "canvas.png")
	if err := os.WriteFile(file, editorPicture(), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(file))))
	t.Cleanup(srv.Close)
	code, out, errs := runEasel(t, "generate", srv.URL+"/canvas.png?token=CANARY", "--dry-run", "--backend", "emulator", "--jq", ".workflow")
	if code != problem.ExitOK || out != "canvas\n" || strings.Contains(errs, "CANARY") {
		t.Errorf("from the web: exit %d\n%s%s", code, out, errs)
	}
	code, _, errs = runEasel(t, "convert", srv.URL+"/none.png?token=CANARY")
	if code != problem.ExitInvalid || !strings.Contains(errs, "404") || strings.Contains(errs, "CANARY") {
		t.Errorf("one that is not there: exit %d\n%s", code, errs)
	}
	for _, c := range []struct{ args, out, errs string }{
		{"generate FILE --dry-run --backend emulator --jq .graph[\"1\"].inputs.width", "32\n", ""},
		{"rerun FILE --dry-run --backend emulator --jq .graph[\"1\"].inputs.width", "32\n", "the editor's graph inside"},
		{"convert FILE --backend emulator --jq .graph[\"1\"].inputs.width", "32\n", ""},
		{"inspect FILE --jq .source", "editor\n", ""},
		{"inspect FILE", "easel convert", ""},
		{"workflows import FILE --backend emulator --jq .id", "canvas\n", ""},
	} {
		args := strings.Fields(c.args)
		args[min(len(args)-1, strings.Count(strings.SplitN(c.args, "FILE", 2)[0], " "))] = file
		code, out, errs := runEasel(t, args...)
		if code != problem.ExitOK || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
			t.Errorf("easel %s: exit %d\n%s%s", c.args, code, out, errs)
		}
	}
}

// When the server is away, its definitions that are kept will do, which is said.
func TestKeptDefinitions(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "canvas.json"), []byte(editorCanvas), 0o600); err != nil {
		t.Fatal(err)
	}
	easel := func(args ...string) (int, string, string) {
		streams, _, out, errs := term.Test()
		code := Execute(t.Context(), Process{
			Args: args, Dir: home, Streams: streams,
			Environ: []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home + "/config", "XDG_DATA_HOME=" + home + "/data", "XDG_CACHE_HOME=" + home + "/cache"},
		})
		return code, out.String(), errs.String()
	}
	emu := emulator.New(emulator.Options{StepTime: -1})
	defer emu.Close()
	srv := httptest.NewServer(emu)
	if code, _, errs := easel("convert", "canvas.json", "--backend", srv.URL); code != problem.ExitOK || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	srv.Close()
	if err := os.WriteFile(filepath.Join(home, "other.json"), []byte(strings.Replace(editorCanvas, "EmptyImage", "ImageInvert", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := easel("convert", "other.json", "--backend", srv.URL)
	if code == problem.ExitOK || !strings.Contains(errs, "ImageInvert") {
		t.Errorf("a class that is not kept: exit %d: %s", code, errs)
	}
	if code, out, errs := easel("convert", "canvas.json", "--backend", srv.URL); code != problem.ExitOK || !strings.Contains(out, `"width": 32`) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
