package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Answers that ComfyUI 0.3.64 gave to random mistakes and that a reader of the
// protocol would not expect.
func TestRefusalsRecordedFromServer(t *testing.T) {
	t.Parallel()
	s := New(Options{StrictModels: true, StepTime: -1})
	t.Cleanup(func() { _ = s.Close() })
	const (
		show  = `, "9": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}}`
		empty = `"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}`
		inner = "Exception when validating inner node: "
	)
	flip := func(link string) string {
		return `, "2": {"class_type": "ImageInvert", "inputs": {"image": ` + link + `}}` + show
	}
	load := func(class, inputs string) string {
		return `"1": {"class_type": "` + class + `", "inputs": ` + inputs + `}` + flip(`["1", 0]`)
	}
	blur := `"0": {"class_type": "ImageBlur", "inputs": {"image": ["1", 0], "blur_radius": 1, "sigma": 1}}, ` + empty
	tests := []struct {
		name, prompt string
		want         []string // message and details by node, sorted; none = accepted
	}{
		{"slot of the older interface", empty + flip(`["1", 3]`), []string{"2: " + inner + "tuple index out of range"}},
		{"slot of the newer interface", blur + flip(`["0", 3]`), []string{"2: " + inner + "list index out of range"}},
		{"slot that is no number", blur + flip(`["0", null]`), []string{"2: " + inner + "list indices must be integers or slices, not NoneType"}},
		{
			"choice of the newer interface", // checked only when it runs
			empty + `, "2": {"class_type": "ImageScaleToTotalPixels", "inputs": {"image": ["1", 0], "upscale_method": "best", "megapixels": 1}}` + show, nil,
		},
		{
			"inherited check", load("LoadImageOutput", `{}`),
			[]string{
				"1: " + inner + "LoadImage.VALIDATE_INPUTS() missing 1 required positional argument: 'image'",
			},
		},
		{"inputs that are a text", load("LoadImage", `"x"`), []string{"1: " + inner + "string indices must be integers, not 'str'"}},
		{"inputs that are a list", load("LoadImage", `[1]`), []string{"1: " + inner + "list index out of range"}},
		{"inputs that are a list of texts", load("LoadImage", `["image"]`), []string{"1: " + inner + "list indices must be integers or slices, not str"}},
		{"inputs that are an empty list", load("LoadImage", `[]`), []string{
			"1: " + inner + "LoadImage.VALIDATE_INPUTS() missing 1 required positional argument: 'image'",
		}},
		{"the input folder as a file", load("LoadImage", `{"image": ""}`), nil},
		{
			"digits of another script",
			`"1": {"class_type": "EmptyImage", "inputs": {"width": "\u0660", "height": 8, "batch_size": 1, "color": 0}}` + flip(`["1", 0]`),
			[]string{"1: Value 0 smaller than min of 1: width"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			res, err := s.Client().Post("http://emulator/prompt", "application/json", strings.NewReader(`{"prompt": {`+test.prompt+`}}`))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				NodeErrors map[string]struct {
					Errors []struct{ Message, Details string }
				} `json:"node_errors"`
			}
			if err := json.Unmarshal(text, &answer); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			var got []string
			for id, node := range answer.NodeErrors {
				for _, e := range node.Errors {
					got = append(got, fmt.Sprintf("%s: %s: %s", id, e.Message, e.Details))
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" || (res.StatusCode == http.StatusOK) != (test.want == nil) {
				t.Errorf("status %d (-want +got):\n%s", res.StatusCode, diff)
			}
		})
	}
}
