package run_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// upper stands for the drawing of choices: it shows the seed and the text.
func upper(text string, seed uint64) (string, error) {
	if strings.Contains(text, "{") && !strings.Contains(text, "}") {
		return "", errors.New("a { is never closed")
	}
	return strings.ReplaceAll(text, "{}", strings.Repeat("x", int(seed%5))), nil
}

func TestDynamic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.request(t, "qwen_text", "prompt", "a {} fox", "negative", "plain", "seed", "3")
	req.Expand = upper
	ticket, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := ticket.Parameters.Get("prompt")
	written, _ := ticket.Templates.Get("prompt")
	if string(got) != `"a xxx fox"` || string(written) != `"a {} fox"` || len(ticket.Templates) != 1 {
		t.Errorf("prompt %s, templates %v", got, ticket.Templates)
	}
	if rec := ticket.Record("test"); len(rec.Templates) != 1 {
		t.Error("the record lacks the text as written")
	}
	graph, err := ticket.Graph.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(graph), "a xxx fox") {
		t.Error("the graph lacks the drawn text")
	}
}

// A drawn seed is the one that draws the text: it is not drawn a second time.
func TestDynamicKeepsTheDrawnSeed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.request(t, "flux_single", "prompt", "a {} fox")
	var used uint64
	req.Expand = func(text string, seed uint64) (string, error) {
		used = seed
		return upper(text, seed)
	}
	ticket, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if ticket.Seed == nil || uint64(*ticket.Seed) != used {
		t.Errorf("text drawn from %d, the run has seed %v", used, ticket.Seed)
	}
}

// A character extends what was drawn, and its own words are not choices.
func TestDynamicWithCharacter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(64, 48)))
	req := b.request(t, "qwen_single", "prompt", "in {} rain", "seed", "2", "image", "photo.png")
	var err error
	if req.Character, err = b.reg.Character("milan"); err != nil {
		t.Fatal(err)
	}
	req.Expand = upper
	ticket, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := ticket.Parameters.Get("prompt")
	written, _ := ticket.Templates.Get("prompt")
	if string(got) != `"milan, in xx rain"` || string(written) != `"in {} rain"` {
		t.Errorf("prompt %s, as written %s", got, written)
	}
}

func TestDynamicRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.request(t, "flux_single", "prompt", "a {fox")
	req.Expand = upper
	_, err := b.Prepare(t.Context(), req)
	var values *registry.ValuesError
	if !errors.As(err, &values) || values.Problems[0].Parameter != "prompt" || !strings.Contains(values.Problems[0].Message, "never closed") {
		t.Errorf("got %v", err)
	}
}

// The files of a recorded graph are sent again when their content is the same,
// and only as long as the graph names them.
func TestRecordedInputs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(64, 48)))
	first, err := b.Prepare(t.Context(), b.request(t, "image_upscale", "image", "photo.png"))
	if err != nil {
		t.Fatal(err)
	}
	wf, _, err := registry.Draft(first.Graph, registry.DraftOptions{ID: "again", Path: "again.json", KeepFiles: true})
	if err != nil {
		t.Fatal(err)
	}
	again := run.Request{Workflow: wf, Recorded: first.Inputs}
	res, err := b.Run(t.Context(), again, ignore)
	if err != nil || res.Status != run.Succeeded {
		t.Fatalf("run the recorded graph: %v", err)
	}
	if n := b.sent("/upload/image"); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}

	b.put("photo.png", pngOf(t, scene(48, 64)))
	_, err = b.Prepare(t.Context(), again)
	var input *run.InputError
	if !errors.As(err, &input) || !strings.Contains(input.Reason, "has changed") || !input.Replace {
		t.Errorf("changed input: %v", err)
	}
	delete(b.files, "photo.png")
	if _, err = b.Prepare(t.Context(), again); !errors.As(err, &input) {
		t.Errorf("missing input: %v", err)
	}
	b.put("other.png", pngOf(t, scene(48, 64)))
	again.Args = []registry.Arg{{Name: "image", Text: "other.png", Origin: registry.FromFlag}}
	if _, err = b.Prepare(t.Context(), again); err != nil {
		t.Errorf("replaced input: %v", err)
	}
}

func TestInputSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		was, now run.Input
		same     bool
	}{
		{"same content", run.Input{SHA256: "a"}, run.Input{SHA256: "a"}, true},
		{"other content", run.Input{SHA256: "a"}, run.Input{SHA256: "b"}, false},
		{"another part of the same file", run.Input{SHA256: "a", Original: "o"}, run.Input{SHA256: "b", Original: "o"}, true},
		{"the same part of another file", run.Input{SHA256: "a", Original: "o"}, run.Input{SHA256: "a", Original: "p"}, false},
		{"nothing was recorded", run.Input{}, run.Input{SHA256: "a"}, true},
	} {
		if got := tt.was.Same(tt.now) == nil; got != tt.same {
			t.Errorf("%s: same is %t", tt.name, got)
		}
	}
}
