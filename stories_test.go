package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are the words that the stories add to testscript's own.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"emulator": startEmulator,
	"serve":    startServe,
	"matches":  matchFiles,
	"stdout2env": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: stdout2env NAME")
		}
		ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
	},
	"pngsize":    pngSize,
	"samepixels": samePixels,
	"requests":   countRequests,
	"isjson":     isJSON,
	"exits":      exits,
	"truncated":  truncate,
	"saved":      saveWorkflow,
	"replace":    replaceText,

	"s3":          startS3,
	"keys":        countKeys,
	"supabase":    startSupabase,
	"objects":     countObjects,
	"rows":        countRows,
	"sameoutside": sameOutside,
	"contains":    containsPicture,
}

// startEmulator runs `easel emulate` in a process of its own until the story
// ends, and puts its address into $COMFYUI.
func startEmulator(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("emulator cannot be negated")
	}
	c := exec.Command(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "easel"))
	c.Args = append([]string{"easel", "emulate", "--listen", "127.0.0.1:0", "--step-time", "1ms"}, args...)
	c.Dir = ts.MkAbs(".")
	c.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ts.Defer(func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	ts.Setenv("COMFYUI", strings.TrimSpace(line))
}

// replaceText changes a text in a file, of which there must be one at least:
// replace OLD NEW FILE.
func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	before := ts.ReadFile(args[2])
	if !strings.Contains(before, args[0]) {
		ts.Fatalf("%s holds no %s:\n%s", args[2], args[0], before)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(before, args[0], args[1])), 0o644))
}

// matchFiles checks how many files a glob finds: matches 2 out/*.png.
func matchFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: matches N GLOB")
	}
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	want, err := json.Number(args[0]).Int64()
	ts.Check(err)
	if int64(len(found)) != want {
		ts.Fatalf("%s: %d files, want %d: %v", args[1], len(found), want, found)
	}
}

// pngSize checks the size of a picture: pngsize 64x64 out.png.
func pngSize(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pngsize WxH FILE")
	}
	data := ts.ReadFile(args[1])
	if got := pngDimensions(data); got != args[0] {
		ts.Fatalf("%s is %s, want %s", args[1], got, args[0])
	}
}

func pngDimensions(data string) string {
	if len(data) < 24 || data[1:4] != "PNG" {
		return "no PNG"
	}
	header := []byte(data[16:24])
	return fmt.Sprintf("%dx%d", binary.BigEndian.Uint32(header), binary.BigEndian.Uint32(header[4:]))
}

// countRequests checks a request log of the emulator: requests 1 FILE POST /prompt.
func countRequests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: requests N FILE METHOD PATH")
	}
	n := 0
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var r struct{ Method, Path string }
		ts.Check(json.Unmarshal([]byte(line), &r))
		if r.Method == args[2] && strings.HasPrefix(strings.TrimPrefix(r.Path, "/api"), args[3]) {
			n++
		}
	}
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d requests %s %s, want %s", n, args[2], args[3], args[0])
	}
}

// saveWorkflow saves a workflow on the emulator, as the editor does: saved
// people/portrait.json FILE.
func saveWorkflow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: saved NAME FILE")
	}
	address := ts.Getenv("COMFYUI") + "/userdata/" + url.PathEscape("workflows/"+args[0])
	resp, err := http.Post(address, "application/json", strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("%s", resp.Status)
	}
}

// exits runs a command that must end with an exit code: exits 6 easel generate.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\n%s", code, args[0], ts.ReadFile("stderr"))
	}
}

// isJSON checks that every line of a file is JSON.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: isjson FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if !json.Valid([]byte(line)) {
			ts.Fatalf("not JSON: %s", line)
		}
	}
}

// truncate cuts a file: truncated FILE BYTES.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncated FILE BYTES")
	}
	n, err := json.Number(args[1]).Int64()
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}
