package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A side is one of the two servers that get the same requests.
type side struct {
	base   string
	client *http.Client
}

// sides gives the emulator and the real server. Where they differ, the
// emulator is wrong.
func sides(t *testing.T, opts Options) (ours, theirs side) {
	t.Helper()
	real := os.Getenv("EASEL_TEST_COMFYUI")
	if real == "" {
		t.Skip("EASEL_TEST_COMFYUI is not set: no real server to compare with")
	}
	network := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(network.CloseIdleConnections)
	theirs = side{strings.TrimSuffix(real, "/"), network}
	opts.StepTime = -1
	opts.StrictModels = true
	opts.Version = theirs.version(t)
	s := New(opts)
	t.Cleanup(func() { _ = s.Close() })
	return side{"http://emulator", s.Client()}, theirs
}

// version is what the server says of itself: it picks the emulator's dialect.
func (s side) version(t *testing.T) string {
	t.Helper()
	a, err := s.ask(t.Context(), http.MethodGet, "/system_stats", "", nil)
	if err != nil {
		t.Fatalf("real server: %v", err)
	}
	stats, _ := a.Body.(map[string]any)
	system, _ := stats["system"].(map[string]any)
	version, _ := system["comfyui_version"].(string)
	return strings.Trim(version, "'")
}

// An answer is what is compared of a response.
type answer struct {
	Status int
	Allow  string
	Kind   string // content type, of answers with a body
	Body   any
}

func (s side) ask(ctx context.Context, method, path, body string, header http.Header) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: res.StatusCode, Allow: res.Header.Get("Allow"), Body: string(data)}
	if len(data) > 0 {
		a.Kind = res.Header.Get("Content-Type")
	}
	if v, err := pyval.Decode(data); err == nil {
		a.Body = normal(v)
	}
	return a, nil
}

// normal takes out of a JSON value what no client can count on: the frames of
// tracebacks, numbers of the queue, and the order of errors, which the server
// draws from Python's sets.
func normal(v any) any {
	switch v := v.(type) {
	case *pyval.Object:
		m := map[string]any{}
		for _, e := range v.Members() {
			switch e.Key {
			case "traceback":
				m[e.Key] = "frames"
			case "number", "timestamp", "queue_remaining":
				m[e.Key] = "varies"
			case "tooltip", "advanced", "display_name":
			case "dependent_outputs":
				list, _ := e.Value.([]any)
				names := make([]string, len(list))
				for i := range list {
					names[i] = pyval.Repr(list[i])
				}
				slices.Sort(names)
				m[e.Key] = names
			case "details":
				lines := strings.Split(pyval.Str(e.Value), "\n")
				slices.Sort(lines)
				m[e.Key] = strings.Join(lines, "\n")
			default:
				m[e.Key] = normal(e.Value)
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = normal(e)
		}
		if len(list) == 2 { // an input without options that count
			if m, ok := list[1].(map[string]any); ok && len(m) == 0 {
				return list[:1]
			}
		}
		if len(list) > 0 {
			if _, ok := list[0].(map[string]any); ok {
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
		return list
	default:
		return pyval.Repr(v)
	}
}

func TestConformanceOfAnswers(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	tests := []struct{ method, path, body string }{
		{"GET", "/prompt", ""},
		{"GET", "/api/prompt", ""},
		{"GET", "/nope", ""},
		{"POST", "/nope", ""},
		{"DELETE", "/prompt", ""},
		{"PUT", "/view", ""},
		{"POST", "/view", ""},
		{"OPTIONS", "/prompt", ""},
		{"POST", "/system_stats", ""},
		{"HEAD", "/queue", ""},
		{"GET", "/internal/nope", ""},
		{"GET", "/api/internal/nope", ""},
		{"GET", "/jobs", ""},
		{"GET", "/api/jobs?workflow_id=easel-none", ""},
		{"GET", "/api/jobs?workflow_id=easel-none&status=,Pending&sort_by=Execution_Duration&sort_order=ASC&limit=3&offset=-7", ""},
		{"GET", "/api/jobs?status=lost,pending,gone", ""},
		{"GET", "/api/jobs?sort_by=", ""},
		{"GET", "/api/jobs?sort_order=x&limit=x", ""},
		{"GET", "/api/jobs?limit=0", ""},
		{"GET", "/api/jobs?limit=+1_0+&workflow_id=easel-none", ""},
		{"GET", "/api/jobs?limit=1.5", ""},
		{"GET", "/api/jobs?offset=x", ""},
		{"POST", "/api/jobs", ""},
		{"GET", "/api/jobs/none", ""},
		{"GET", "/api/jobs/none/cancel", ""},
		{"POST", "/api/jobs/none", ""},
		{"POST", "/api/jobs/x/cancel", ""},
		{"POST", "/api/jobs/cancel", ""},
		{"POST", "/api/jobs/cancel", "[]"},
		{"POST", "/api/jobs/cancel", `{"job_ids": "x"}`},
		{"POST", "/api/jobs/cancel", `{"job_ids": []}`},
		{"POST", "/api/jobs/cancel", `{"job_ids": ["x", 5, null, [], "3264D8E0-F389-40D4-BC8E-DADBDD207EDC"]}`},
		{"POST", "/api/jobs/cancel", `{"job_ids": ["3264d8e0-0000-40d4-bc8e-dadbdd207edc"]}`},
		{"GET", "/ws", ""},
		{"GET", "/interrupt", ""},
		{"GET", "/free", ""},
		{"GET", "/upload/image", ""},
		{"GET", "/history/none", ""},
		{"GET", "/history/", ""},
		{"GET", "/history?max_items=x", ""},
		{"GET", "/history?offset=x", ""},
		{"GET", "/history?max_items=0", ""},
		{"GET", "/models", ""},
		{"GET", "/models/unet", ""},
		{"GET", "/models/loras/x", ""},
		{"GET", "/embeddings", ""},
		{"GET", "/features", ""},
		{"GET", "/object_info/NoSuchClass", ""},
		{"GET", "/view", ""},
		{"GET", "/view?filename=", ""},
		{"GET", "/view?filename=/x.png", ""},
		{"GET", "/view?filename=a..b.png", ""},
		{"GET", "/view?filename=x.png&type=nope", ""},
		{"GET", "/view?filename=x.png&subfolder=../..", ""},
		{"GET", "/view?filename=x.png&type=", ""},
		{"GET", "/view?filename=x.png&subfolder=/etc", ""},
		{"GET", "/view?filename=x.png", ""},
		{"GET", "/view?filename=x.png+[input]", ""},
		{"GET", "/view?filename=[input]", ""},
		{"GET", "/view?filename=a/b/x.png&type=input", ""},
		{"GET", "/userdata", ""},
		{"GET", "/userdata?dir=easel-none", ""},
		{"GET", "/userdata?dir=../..", ""},
		{"GET", "/userdata/easel-none.json", ""},
		{"GET", "/userdata/..%2F..%2Fx", ""},
		{"POST", "/userdata", ""},
		{"GET", "/userdata/", ""},
		{"POST", "/queue", ""},
		{"POST", "/queue", "{"},
		{"POST", "/queue", "[]"},
		{"POST", "/queue", "null"},
		{"POST", "/queue", "5"},
		{"POST", "/queue", "{}"},
		{"POST", "/queue", `{"delete": ["none"]}`},
		{"POST", "/queue", `{"delete": 5}`},
		{"POST", "/queue", `{"delete": null}`},
		{"POST", "/queue", `"x"`},
		{"POST", "/queue", `{"clear": false}`},
		{"POST", "/queue", `{"delete": "abc"}`},
		{"POST", "/queue", `{"delete": {}}`},
		{"POST", "/history", `{"delete": ["none"]}`},
		{"POST", "/history", "[]"},
		{"POST", "/history", ""},
		{"POST", "/interrupt", `{"prompt_id": "none"}`},
		{"POST", "/interrupt", "[]"},
		{"POST", "/interrupt", "null"},
		{"POST", "/interrupt", `{"prompt_id": 5}`},
		{"POST", "/free", ""},
		{"POST", "/free", "{}"},
		{"POST", "/free", "[]"},
		{"POST", "/free", `{"unload_models": false}`},
		{"POST", "/upload/image", ""},
		{"POST", "/upload/image", "x=y"},
		{"POST", "/upload/mask", ""},
		{"POST", "/prompt", ""},
		{"POST", "/prompt", "{"},
		{"POST", "/prompt", "[]"},
		{"POST", "/prompt", `"x"`},
		{"POST", "/prompt", `"prompt"`},
		{"POST", "/prompt", "null"},
		{"POST", "/prompt", "5"},
		{"POST", "/prompt", "{}"},
		{"POST", "/prompt", `["prompt"]`},
		{"POST", "/prompt", `["number"]`},
		{"POST", "/prompt", `{"prompt": {}}`},
		{"POST", "/prompt", `{"prompt": []}`},
		{"POST", "/prompt", `{"prompt": ""}`},
		{"POST", "/prompt", `{"prompt": null}`},
		{"POST", "/prompt", `{"prompt": "x"}`},
		{"POST", "/prompt", `{"prompt": [1]}`},
		{"POST", "/prompt", `{"number": "x", "prompt": {}}`},
		{"POST", "/prompt", `{"number": "5", "prompt": {}}`},
		{"POST", "/prompt", `{"number": null, "prompt": {}}`},
		{"POST", "/prompt", `{"prompt": {"1": {}}}`},
		{"POST", "/prompt", `{"prompt": {"1": null}}`},
		{"POST", "/prompt", `{"prompt": {"1": "x"}}`},
		{"POST", "/prompt", `{"prompt": {"1": []}}`},
		{"POST", "/prompt", `{"prompt": {"1": 5}}`},
		{"POST", "/prompt", `{"prompt": {"1": "class_type"}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope"}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": 5}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": null}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": []}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope", "_meta": {"title": "My node"}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope", "_meta": {"title": null}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope", "_meta": {}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"inputs": {}, "_meta": {"title": ""}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"inputs": {}, "_meta": {"title": 5}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "EmptyImage", "inputs": {}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "partial_execution_targets": []}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "partial_execution_targets": 5}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "extra_data": null, "client_id": "x"}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "extra_data": null}`},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path+" "+test.body, func(t *testing.T) {
			compare2(t, ours, theirs, test.method, test.path, test.body, nil)
		})
	}
}

func TestConformanceOfOrigins(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Sec-Fetch-Site": {"none"}},
	} {
		compare2(t, ours, theirs, http.MethodGet, "/prompt", "", header)
	}
}

func compare2(t *testing.T, ours, theirs side, method, path, body string, header http.Header) {
	t.Helper()
	want, err := theirs.ask(t.Context(), method, path, body, header)
	if err != nil {
		t.Fatalf("real server: %v", err)
	}
	got, err := ours.ask(t.Context(), method, path, body, header)
	if err != nil {
		t.Fatalf("emulator: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-real +emulator):\n%s", diff)
	}
}

// Prompts that are refused, so that the real server has nothing to run.
func TestConformanceOfValidation(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	save := `"9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}`
	image := func(inputs string) string {
		return `{"1": {"class_type": "EmptyImage", "inputs": {` + inputs + `}}, ` + save + `}`
	}
	tests := map[string]string{
		"nothing given":        `{"9": {"class_type": "SaveImage", "inputs": {}}}`,
		"no inputs":            `{"9": {"class_type": "SaveImage"}}`,
		"inputs null":          `{"9": {"class_type": "SaveImage", "inputs": null}}`,
		"inputs list":          `{"9": {"class_type": "SaveImage", "inputs": []}}`,
		"inputs text":          `{"9": {"class_type": "SaveImage", "inputs": "x"}}`,
		"inputs number":        `{"9": {"class_type": "SaveImage", "inputs": 5}}`,
		"missing node":         `{` + save + `}`,
		"missing node number":  `{"9": {"class_type": "SaveImage", "inputs": {"images": [1, 0], "filename_prefix": "x"}}}`,
		"link to list":         `{"9": {"class_type": "SaveImage", "inputs": {"images": [[], 0], "filename_prefix": "x"}}}`,
		"short link":           `{"9": {"class_type": "SaveImage", "inputs": {"images": ["1"], "filename_prefix": "x"}}}`,
		"empty link":           `{"9": {"class_type": "SaveImage", "inputs": {"images": [], "filename_prefix": "x"}}}`,
		"slot too high":        `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 1], "filename_prefix": "x"}}}`,
		"slot text":            `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", "0"], "filename_prefix": "x"}}}`,
		"slot null":            `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", null], "filename_prefix": "x"}}}`,
		"slot float":           `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0.0], "filename_prefix": "x"}}}`,
		"slot huge":            `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 99999999999999999999], "filename_prefix": "x"}}}`,
		"slot negative":        `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", -2], "filename_prefix": "x"}}}`,
		"wrong type":           `{"1": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}, ` + save + `}`,
		"int text":             image(`"width": "abc", "height": 8, "batch_size": 1, "color": 0`),
		"int null":             image(`"width": null, "height": 8, "batch_size": 1, "color": 0`),
		"int object":           image(`"width": {}, "height": 8, "batch_size": 1, "color": 0`),
		"int float text":       image(`"width": "6.5", "height": 8, "batch_size": 1, "color": 0`),
		"int infinity":         image(`"width": Infinity, "height": 8, "batch_size": 1, "color": 0`),
		"int nan":              image(`"width": NaN, "height": 8, "batch_size": 1, "color": 0`),
		"int too small":        image(`"width": 0, "height": 8, "batch_size": 1, "color": 0`),
		"int too small float":  image(`"width": 0.9, "height": 8, "batch_size": 1, "color": 0`),
		"int too big":          image(`"width": 1e9, "height": 8, "batch_size": 1, "color": 0`),
		"int too big text":     image(`"width": " 99_999 ", "height": 8, "batch_size": 1, "color": 0`),
		"int bool":             image(`"width": false, "height": 8, "batch_size": 1, "color": 0`),
		"int huge":             image(`"width": 123456789012345678901234567890, "height": 8, "batch_size": 1, "color": 0`),
		"several":              image(`"width": 0, "height": "x", "batch_size": 99999999, "color": -1`),
		"missing upstream":     image(`"height": 8`),
		"wrapped":              image(`"width": {"__value__": [1, 2]}, "height": 8, "batch_size": 1, "color": 0`),
		"cycle":                `{"1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}}, "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}, ` + save + `}`,
		"self":                 `{"1": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}, ` + save + `}`,
		"load missing file":    `{"1": {"class_type": "LoadImage", "inputs": {"image": "easel-none.png"}}, ` + save + `}`,
		"load nothing":         `{"1": {"class_type": "LoadImage", "inputs": {}}, ` + save + `}`,
		"load link":            `{"2": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "1": {"class_type": "LoadImage", "inputs": {"image": ["2", 0]}}, ` + save + `}`,
		"load annotated":       `{"1": {"class_type": "LoadImage", "inputs": {"image": "easel-none.png [output]"}}, ` + save + `}`,
		"load number":          `{"1": {"class_type": "LoadImage", "inputs": {"image": 5}}, ` + save + `}`,
		"not in list":          `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "best", "width": 8, "height": 8, "crop": "no"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"number not in list":   `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": 3, "width": 8, "height": 8, "crop": null}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float text":           `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": "fast"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float null":           `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": null}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float small":          `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": 1e-7}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float infinite":       `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": "inf"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"two bad outputs":      `{"1": {"class_type": "EmptyImage", "inputs": {"width": 0, "height": 8, "batch_size": 1, "color": 0}}, "8": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}, ` + save + `}`,
		"upstream no inputs":   `{"1": {"class_type": "EmptyImage"}, ` + save + `}`,
		"deep upstream broken": `{"0": {"class_type": "EmptyImage"}, "1": {"class_type": "ImageInvert", "inputs": {"image": ["0", 0]}}, ` + save + `}`,
		"unicode class":        `{"9": {"class_type": "Bl\u00e4tter \ud83d\ude00", "inputs": {}}}`,
	}
	for name, prompt := range tests {
		t.Run(name, func(t *testing.T) {
			compare2(t, ours, theirs, "POST", "/prompt", `{"prompt": `+prompt+`}`, nil)
		})
	}
}

// uploadBody makes one multipart form.
func uploadBody(t *testing.T, filename string, data []byte, fields ...string) (string, http.Header) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if filename != "-" {
		part, err := w.CreateFormFile("image", filename)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(data)
	}
	for i := 0; i < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	_ = w.Close()
	return b.String(), http.Header{"Content-Type": {w.FormDataContentType()}}
}

func TestConformanceOfUploadAndView(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	folder := "easel-conformance-" + newUUID()
	post := func(filename, data string, fields ...string) {
		t.Helper()
		body, header := uploadBody(t, filename, []byte(data), fields...)
		compare2(t, ours, theirs, "POST", "/upload/image", body, header)
	}
	post("a.png", "first", "subfolder", folder)
	post("a.png", "first", "subfolder", folder)
	post("a.png", "second", "subfolder", folder)
	post("a.png", "second", "subfolder", folder)
	post("a.png", "third", "subfolder", folder, "overwrite", "true")
	post("a.png", "fourth", "subfolder", folder, "overwrite", "yes")
	post("none", "x", "subfolder", folder)
	post("b.tar.gz", "x", "subfolder", folder)
	post("b.tar.gz", "y", "subfolder", folder)
	post(".hidden", "x", "subfolder", folder)
	post(".hidden", "y", "subfolder", folder)
	post("../x.png", "x", "subfolder", "..")
	post("../../x.png", "x", "subfolder", folder)
	post("x.png", "x", "subfolder", "../..")
	post("x.png", "x", "subfolder", "/etc")
	post("x.png", "x", "type", "nope")
	post("sub/x.png", "x", "subfolder", folder)
	post("\u00fcml\u00e4ut.png", "x", "subfolder", folder)
	post("-", "x", "subfolder", folder)
	post("", "x", "subfolder", folder)
	post("t.png", "x", "subfolder", folder, "type", "temp")
	post("e.png", "", "subfolder", folder)
	post(".", "x", "subfolder", folder)
	post("..", "x", "subfolder", folder)
	post("x.png", "x", "subfolder", "a\x00b")
	post("a\\b.png", "x", "subfolder", folder)
	for _, ext := range []string{"csv", "md", "ico", "html", "svg", "webm", "tar.gz", "safetensors", "JPG"} {
		post("type."+ext, "x", "subfolder", folder)
	}

	at := "/view?type=input&subfolder=" + folder + "&filename="
	for _, path := range []string{
		at + "a.png", at + "a+(1).png", at + "a+(2).png", at + "b.tar.gz", at + "none", at + ".hidden", at + "sub/a.png", at + "e.png",
		"/view?subfolder=" + folder + "&filename=t.png&type=temp", "/view?subfolder=" + folder + "&filename=a.png+[input]",
		at + "type.csv", at + "type.md", at + "type.ico", at + "type.html", at + "type.svg", at + "type.webm", at + "type.tar.gz",
		at + "type.safetensors", at + "type.JPG", at + "a%5Cb.png", "/view?type=input&filename=a.png&subfolder=%00", at + "a.png&rand=1;2",
		at + "a.png&preview=webp", at + "a.png&channel=rgb", at + "a.png&channel=rgba",
	} {
		compare2(t, ours, theirs, "GET", path, "", nil)
	}
	compare2(t, ours, theirs, "HEAD", at+"a.png", "", nil)
	for _, r := range []string{"bytes=0-1", "bytes=1-", "bytes=-2", "bytes=99-", "bytes=0-99", "bytes=0-1,3-4", "bytes=x", "lines=1-2", "bytes=3-1", "Bytes=0-1", "bytes=-0", "bytes=-99", "bytes= 1-2", "bytes=1-99999999999999999999"} {
		t.Run(r, func(t *testing.T) {
			compare2(t, ours, theirs, "GET", at+"a.png", "", http.Header{"Range": {r}})
		})
	}
}

// heard runs a prompt on one side and gives what its client heard.
func (s side) heard(t *testing.T, prompt string) ([]message, map[string]any) {
	t.Helper()
	id := newUUID()
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.base, "http")+"/ws?clientId="+id, &websocket.DialOptions{HTTPClient: s.client})
	if err != nil {
		t.Fatalf("dial %s: %v", s.base, err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(-1)
	e := &ear{T: t, conn: conn}
	e.next()
	a, err := s.ask(t.Context(), "POST", "/prompt", fmt.Sprintf(`{"prompt": %s, "prompt_id": %q, "client_id": %q}`, prompt, id, id), nil)
	if err != nil || a.Status != 200 {
		t.Fatalf("submit to %s: %v %v", s.base, a, err)
	}
	list := slices.DeleteFunc(e.until(id), func(m message) bool { return m.Type == "status" })
	res, err := s.client.Get(s.base + "/history/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var all map[string]map[string]any
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return list, timeless(all[id], id).(map[string]any)
}

// timeless takes the times and the run's own id out of a value.
func timeless(v any, id string) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			switch k {
			case "timestamp", "create_time", "execution_start_time", "execution_end_time", "priority", "traceback", "exception_message", "exception_type":
				m[k] = "varies"
			case "current_inputs":
				m[k] = slices.Sorted(maps.Keys(e.(map[string]any)))
			case "current_outputs": // in the order of a set
				list := slices.Clone(e.([]any))
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
				m[k] = list
			default:
				m[strings.ReplaceAll(k, id, "ID")] = timeless(e, id)
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = timeless(e, id)
		}
		return list
	case string:
		if strings.HasPrefix(v, "ComfyUI_temp_") { // five letters that the node draws
			return "ComfyUI_temp"
		}
		return strings.ReplaceAll(v, id, "ID")
	}
	return v
}

// TestConformanceOfRuns is not parallel: a run of somebody else empties the
// real server's cache.
func TestConformanceOfRuns(t *testing.T) {
	ours, theirs := sides(t, Options{})
	unique := strings.ReplaceAll(newUUID(), "-", "")
	node := func(id, class, inputs string) string {
		return fmt.Sprintf(`%q: {"class_type": %q, "inputs": {%s}}`, id, class, inputs)
	}
	prompt := func(nodes ...string) string { return "{" + strings.Join(nodes, ", ") + "}" }
	empty := func(id string, color int) string {
		return node(id, "EmptyImage", fmt.Sprintf(`"width": 16, "height": "8", "batch_size": 1.9, "color": %d`, color))
	}
	save := func(id, from, prefix string) string {
		return node(id, "SaveImage", fmt.Sprintf(`"images": [%q, 0], "filename_prefix": "easel-conformance/%s/%s"`, from, unique, prefix))
	}
	preview := func(id, from string) string { return node(id, "PreviewImage", fmt.Sprintf(`"images": [%q, 0]`, from)) }
	tests := []struct{ name, prompt string }{
		{"plain", prompt(empty("1", 1), save("9", "1", "a"))},
		{"cached", prompt(empty("1", 1), save("9", "1", "a"))},
		{"renumbered", prompt(empty("x", 1), save("y", "x", "a"))},
		{"new prefix", prompt(empty("1", 1), save("9", "1", "b"))},
		{"same prefix again", prompt(empty("1", 2), save("9", "1", "b"))},
		{"twins", prompt(empty("1", 3), save("8", "1", "c"), save("9", "1", "c"))},
		{"chain", prompt(save("9", "3", "d"), node("3", "ImageInvert", `"image": ["2", 0]`), node("2", "ImageInvert", `"image": ["1", 0]`), empty("1", 4))},
		{"node error", prompt(empty("1", 5), node("2", "ImageCrop", `"image": "text", "width": 8, "height": 8, "x": 0, "y": 0`), save("9", "2", "e"))},
		{"outside", prompt(empty("1", 5), node("9", "SaveImage", `"images": ["1", 0], "filename_prefix": "../../x"`))},
		{"unused node", prompt(empty("1", 6), empty("2", 7), save("9", "1", "f"))},
		{"partly valid", prompt(empty("1", 8), save("9", "1", "g"), node("8", "SaveImage", `"images": ["1", 0]`))},
		{"with preview", prompt(empty("1", 9), preview("9", "1"))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want, wantEntry := theirs.heard(t, test.prompt)
			if outputs := wantEntry["prompt"].([]any)[4]; cmp.Equal(outputs, []any{"9", "8"}) {
				// The real server's order is that of a set; the emulator's is the prompt's.
				test.prompt = strings.NewReplacer(`"8": {`, `"9": {`, `"9": {`, `"8": {`).Replace(test.prompt)
			}
			got, gotEntry := ours.heard(t, test.prompt)
			if diff := cmp.Diff(kinds(want), kinds(got)); diff != "" {
				t.Errorf("events (-real +emulator):\n%s", diff)
			}
			for _, e := range []map[string]any{wantEntry, gotEntry} {
				e["prompt"].([]any)[0] = "varies"
			}
			if diff := cmp.Diff(wantEntry, gotEntry); diff != "" {
				t.Errorf("history (-real +emulator):\n%s", diff)
			}
		})
	}
}
