package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// An example is one call of the API that docs/api.md shows and that is made here,
// in the order of the list: what one keeps, later ones use.
type example struct {
	id     string // of the operation
	call   string // "POST /generate?wait=60"
	body   string // JSON, or the picture photo.png with the field name "file"
	keep   string // "JOB=.id FIRST=.outputs.0.id" of the answer
	status int    // 0: that of success
}

const short = `"params": {"steps": 2, "width": 256, "height": 256}`

var examples = []example{
	{id: "get-session", call: "GET /session"},
	{id: "list-workflows", call: "GET /workflows?category=generation"},
	{id: "get-workflow", call: "GET /workflows/qwen_single"},
	{id: "get-workflow-schema", call: "GET /workflows/flux_single/schema"},
	{id: "get-workflow-graph", call: "GET /workflows/flux_single/graph"},
	{id: "upload-file", call: "POST /files", body: "photo.png", keep: "FILE=.id"},
	{id: "get-file", call: "GET /files/$FILE"},
	{id: "get-file-info", call: "GET /files/$FILE/info"},
	{id: "generate", call: "POST /generate?wait=60", body: `{"workflow_id": "flux_single", "prompt": "a fox", ` + short + `, "webhook": "https://example.com/told"}`, keep: "JOB=.id OUTPUT=.outputs.0.id", status: 200},
	{id: "generate-single", call: "POST /generate/single", body: `{"workflow_id": "qwen_single", "input_image": "$FILE", "prompt": "a red coat", "params": {"steps": 2}}`},
	{id: "generate-batch", call: "POST /generate/batch", body: `{"workflow_id": "flux_single", ` + short + `, "items": [{"prompt": "a heron"}, {"prompt": "a wren"}]}`, keep: "BATCH=.id"},
	{id: "inpaint", call: "POST /edit/inpaint", body: `{"input_image": "$FILE", "mask_rect": "8,8,32,24", "prompt": "a window", "params": {"steps": 2}}`},
	{id: "generate-graph", call: "POST /generate/graph", body: `{"workflow_id": "flux_single", "graph": $GRAPH}`},
	{id: "count-runs", call: "POST /generate/count", body: `{"workflow_id": "flux_single", "prompt": "a fox", "count": 4}`},
	{id: "list-jobs", call: "GET /jobs?status=succeeded&limit=10"},
	{id: "get-job", call: "GET /jobs/$JOB"},
	{id: "get-status", call: "GET /status/$JOB"},
	{id: "watch-job", call: "GET /jobs/$JOB/events"},
	{id: "watch", call: "GET /events"},
	{id: "get-batch", call: "GET /batches/$BATCH"},
	{id: "cancel-batch", call: "POST /batches/$BATCH/cancel"},
	{id: "list-deliveries", call: "GET /jobs/$JOB/deliveries", keep: "DELIVERY=.deliveries.0.id"},
	{id: "redeliver", call: "POST /jobs/$JOB/deliveries/$DELIVERY/redeliver"},
	{id: "list-outputs", call: "GET /outputs?workflow=flux_single&limit=10"},
	{id: "get-output", call: "GET /outputs/$OUTPUT"},
	{id: "get-output-content", call: "GET /outputs/$OUTPUT/content"},
	{id: "get-output-thumbnail", call: "GET /outputs/$OUTPUT/thumbnail?size=128"},
	{id: "set-favourite", call: "PUT /outputs/$OUTPUT/favourite", body: `{"favourite": true}`},
	{id: "link-outputs", call: "POST /outputs/archive", body: `{"ids": ["$OUTPUT"]}`},
	{id: "download-outputs", call: "GET /outputs/archive?ids=$OUTPUT"},
	{id: "list-workflow-thumbnails", call: "GET /workflows/thumbnails"},
	{id: "list-characters", call: "GET /characters"},
	{id: "put-character", call: "PUT /characters/ada", body: `{"name": "Ada", "trigger": "ada woman"}`},
	{id: "get-character", call: "GET /characters/ada"},
	{id: "get-character-image", call: "GET /characters/ada/image"},
	{id: "delete-character", call: "DELETE /characters/ada"},
	{id: "put-preset", call: "PUT /presets/dusk", body: `{"workflow_id": "flux_single", "prompt": "a lighthouse at dusk", "params": {"steps": 30}}`},
	{id: "list-presets", call: "GET /presets"},
	{id: "get-preset", call: "GET /presets/dusk"},
	{id: "delete-preset", call: "DELETE /presets/dusk"},
	{id: "import-workflow", call: "POST /workflows/import?id=mine&name=Mine", body: "$GRAPH"},
	{id: "patch-workflow", call: "PATCH /workflows/mine", body: `{"description": "one of my own"}`},
	{id: "delete-workflow", call: "DELETE /workflows/mine"},
	{id: "list-backends", call: "GET /backends"},
	{id: "list-models", call: "GET /backends/emulator/models"},
	{id: "list-readiness", call: "GET /backends/emulator/workflows"},
	{id: "get-queue", call: "GET /queue"},
	{id: "pause-queue", call: "POST /queue/pause"},
	{id: "generate", call: "POST /generate", body: `{"workflow_id": "flux_single", "prompt": "an owl", "priority": 5}`, keep: "WAITING=.id"},
	{id: "set-priority", call: "POST /jobs/$WAITING/priority", body: `{"first": true}`},
	{id: "cancel-job", call: "POST /jobs/$WAITING/cancel"},
	{id: "retry-job", call: "POST /jobs/$WAITING/retry"},
	{id: "cancel-queue", call: "POST /queue/cancel"},
	{id: "resume-queue", call: "POST /queue/resume"},
	{id: "clear-queue", call: "POST /queue/clear", body: `{"states": ["cancelled", "failed"]}`},
	{id: "delete-file", call: "DELETE /files/$FILE"},
	{id: "delete-output", call: "DELETE /outputs/$OUTPUT"},
	{id: "delete-job", call: "DELETE /jobs/$JOB"},
}

// descriptionDoc is what the document needs of docs/openapi.json.
type descriptionDoc struct {
	Info  struct{ Title, Version, Description string }
	Paths map[string]map[string]operationDoc
}

type operationDoc struct {
	ID          string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                schemaDoc
	}
	RequestBody struct{ Content map[string]contentDoc }
	Responses   map[string]struct {
		Description string
		Content     map[string]contentDoc
	}
	method, path string
}

type contentDoc struct{ Schema schemaDoc }

type schemaDoc struct {
	Ref              string `json:"$ref"`
	Type             any
	Minimum, Maximum *float64
	Default          any
}

func describedAPI(t *testing.T, h *house) (descriptionDoc, map[string]operationDoc) {
	t.Helper()
	data, err := h.s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d descriptionDoc
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	all := map[string]operationDoc{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			o.method, o.path = strings.ToUpper(method), path
			all[o.ID] = o
		}
	}
	return d, all
}

// success is the status of an answer that is no problem, to who does not wait.
func (o operationDoc) success() int {
	success := http.StatusOK
	for status := range o.Responses {
		if n, err := strconv.Atoi(status); err == nil && n < 300 {
			success = max(success, n)
		}
	}
	return success
}

// TestTheExamplesRun makes each call of docs/api.md. An operation without one fails.
func TestTheExamplesRun(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 2})
	_, all := describedAPI(t, h)
	kept, shown := map[string]string{"GRAPH": builtInGraph(t, "flux_single")}, map[string]bool{}
	for _, e := range examples {
		o, ok := all[e.id]
		if !ok {
			t.Errorf("no operation is called %s", e.id)
			continue
		}
		shown[e.id] = true
		method, path, _ := strings.Cut(e.call, " ")
		if method != o.method || !pathPattern(o.path).MatchString("/api/v1"+path) {
			t.Errorf("%s is no call of %s %s", e.call, o.method, o.path)
		}
		fill := func(s string) string {
			for name, value := range kept {
				s = strings.ReplaceAll(s, "$"+name, value)
			}
			return s
		}
		want := e.status
		if want == 0 {
			want = o.success()
		}
		switch {
		case e.body == "photo.png":
			kept["FILE"] = h.upload("photo.png")
			continue
		case strings.HasSuffix(o.path, "/events"):
			h.firstEvent(t, fill(path))
			continue
		case e.id == "redeliver":
			h.giveUp()
		case e.id == "get-character-image": // of one without a picture
			want = http.StatusNotFound
		}
		r := h.ask(method, "/api/v1"+fill(path), fill(e.body))
		if r.StatusCode != want {
			t.Errorf("%s answers %d, not %d: %s", e.call, r.StatusCode, want, r.body)
		}
		for _, pair := range strings.Fields(e.keep) {
			name, at, _ := strings.Cut(pair, "=")
			kept[name] = pick(t, r.body, at)
		}
	}
	for id := range all {
		if !shown[id] {
			t.Errorf("%s has no example", id)
		}
	}
}

// builtInGraph is the graph of a workflow as JSON.
func builtInGraph(t *testing.T, id string) string {
	t.Helper()
	reg, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	wf, err := reg.Workflow(id)
	if err != nil {
		t.Fatal(err)
	}
	g, err := wf.Graph()
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// firstEvent reads the beginning of a stream.
func (h *house) firstEvent(t *testing.T, path string) {
	t.Helper()
	res, err := http.Get(h.url + "/api/v1" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	begin := make([]byte, 64)
	n, _ := res.Body.Read(begin)
	if res.StatusCode != http.StatusOK || !bytes.Contains(begin[:n], []byte("retry:")) {
		t.Errorf("%s: %d %s", path, res.StatusCode, begin[:n])
	}
}

func pathPattern(path string) *regexp.Regexp {
	return regexp.MustCompile("^" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, `[^/?]+`) + `(\?.*)?$`)
}

// pick reads a value of an answer: ".outputs.0.id".
func pick(t *testing.T, body []byte, at string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(at, "."), ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(in) {
				t.Fatalf("nothing is at %s of %s", at, body)
			}
			v = in[i]
		}
	}
	text, ok := v.(string)
	if !ok {
		t.Fatalf("no text is at %s of %s", at, body)
	}
	return text
}

// TestTheAPIDocumentIsCurrent writes docs/api.md from the description and the
// examples, and fails when it is another one.
func TestTheAPIDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	d, all := describedAPI(t, build(t, houseOptions{}))
	byTag := map[string][]operationDoc{}
	for _, o := range all {
		byTag[o.Tags[0]] = append(byTag[o.Tags[0]], o)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nGenerated from docs/openapi.json (version %s) by `go test ./internal/server -run Document -update`; each example is run by the tests,\n"+
		"in the order of the list there. `$JOB` and the like are ids that earlier answers had. docs/serve.md says who may ask, and what becomes of jobs.\n", d.Info.Title, d.Info.Version)
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		fmt.Fprintf(&b, "\n## %s\n", strings.ToUpper(tag[:1])+tag[1:])
		ops := byTag[tag]
		slices.SortFunc(ops, func(a, b operationDoc) int { return strings.Compare(a.path+a.method, b.path+b.method) })
		for _, o := range ops {
			o.write(&b)
		}
	}
	const file = "../../docs/api.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != b.String() {
		t.Errorf("%s is not what the description says (%v); go test ./internal/server -run Document -update writes it", file, err)
	}
}

func (o operationDoc) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s %s\n\n%s.\n", o.method, o.path, o.Summary)
	if o.Description != "" {
		fmt.Fprintf(b, "\n%s\n", o.Description)
	}
	if len(o.Parameters) > 0 {
		b.WriteString("\n| parameter | in | is |\n|---|---|---|\n")
		for _, p := range o.Parameters {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", p.Name, p.In, strings.ReplaceAll(strings.TrimSpace(p.Description+p.Schema.words()), "|", `\|`))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
		fmt.Fprintf(b, "\nBody: `%s`%s.\n", kind, o.RequestBody.Content[kind].Schema.name())
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if n, err := strconv.Atoi(status); err != nil || n >= 300 {
			continue
		}
		kinds := ""
		for _, kind := range slices.Sorted(maps.Keys(o.Responses[status].Content)) {
			kinds += ", `" + kind + "`" + o.Responses[status].Content[kind].Schema.name()
		}
		fmt.Fprintf(b, "\nAnswer: %s%s.\n", status, kinds)
	}
	i := slices.IndexFunc(examples, func(e example) bool { return e.id == o.ID })
	if i >= 0 {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", examples[i].curl())
	}
}

// words are what a schema says of a parameter's values.
func (s schemaDoc) words() string {
	words := ""
	if s.Minimum != nil && s.Maximum != nil {
		words += fmt.Sprintf(" (%g to %g)", *s.Minimum, *s.Maximum)
	}
	if s.Default != nil {
		words += fmt.Sprintf(" (default %v)", s.Default)
	}
	return words
}

func (s schemaDoc) name() string {
	if s.Ref == "" {
		return ""
	}
	return ", a `" + s.Ref[strings.LastIndex(s.Ref, "/")+1:] + "`"
}

// curl is the example as a command line.
func (e example) curl() string {
	method, path, _ := strings.Cut(e.call, " ")
	words := []string{"curl"}
	switch {
	case strings.HasSuffix(path, "/events"):
		words = append(words, "-N")
	case method != http.MethodGet && (method != http.MethodPost || e.body == ""):
		words = append(words, "-X "+method)
	}
	switch {
	case e.body == "photo.png":
		words = append(words, "-F file=@photo.png")
	case strings.HasPrefix(e.body, "$"):
		words = append(words, "-d @graph.json")
	case e.body != "":
		words = append(words, "-H 'Content-Type: application/json' \\\n  -d '"+strings.ReplaceAll(e.body, "$GRAPH", `{…}`)+"' \\\n ")
	}
	return strings.Join(append(words, "'http://127.0.0.1:7860/api/v1"+path+"'"), " ")
}
