package runpod

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
)

func TestPythonJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`[{'type': 'x', "it's": None, 'n': -1.5e3, 't': (1, True)}]`: `[{"type":"x","it's":null,"n":-1.5e3,"t":[1,true]}]`,
		`'a\n\x41\u00e9\U0001F600\'\\'`:                              `"a\nAé😀'\\"`,
		`[nan, inf, (1,), [], {}]`:                                   `[null,null,[1],[],{}]`,
		`18446744073709551615`:                                       `18446744073709551615`,
		`<object at 0x1>`:                                            "",
		`['a'`:                                                       "",
		`{1: 2}`:                                                     "",
		``:                                                           "",
	} {
		got, err := pythonJSON(in)
		if (err == nil) != (want != "") || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", in, got, err, want)
		}
	}
}

// The worker's text leads back to node, input and value.
func TestWorkerRejection(t *testing.T) {
	t.Parallel()
	text := "Workflow validation failed:\n" +
		"\u2022 Node 4 (errors): [{'type': 'value_not_in_list', 'message': 'Value not in list', 'details': \"ckpt_name: 'x' not in ['a', 'b']\", " +
		"'extra_info': {'input_name': 'ckpt_name', 'input_config': [['a', 'b'], {'tooltip': 'it\\'s'}], 'received_value': 'x'}}]\n" +
		"\u2022 Node 4 (dependent_outputs): ['9']\n" +
		"\u2022 Node 4 (class_type): CheckpointLoaderSimple\n\n" +
		"Available checkpoint models: a, b"
	v, ok := workerRejection(text)
	if !ok || len(v.Nodes) != 1 {
		t.Fatalf("%+v", v)
	}
	got := v.Nodes[0]
	want := comfy.NodeProblem{
		Node: "4", Class: "CheckpointLoaderSimple", Input: "ckpt_name", Type: "value_not_in_list",
		Message: "Value not in list: ckpt_name: 'x' not in ['a', 'b']", Received: "x", Choices: []string{"a", "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	raw := `Prompt has no outputs. Raw response: {"error": {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": "", "extra_info": {}}, "node_errors": {}}`
	if v, ok := workerRejection(raw); !ok || v.Type != "prompt_no_outputs" {
		t.Errorf("%+v", v)
	}
	if v, ok := workerRejection("Missing 'workflow' parameter"); !ok || v.Type != "worker_input" {
		t.Errorf("%+v", v)
	}
	for _, other := range []string{"", "Job processing failed", "two\nlines", "Workflow validation failed"} {
		if v, ok := workerRejection(other); ok {
			t.Errorf("%q: %+v", other, v)
		}
	}
}

// The name of a file carries its node, whatever the id and the prefix are.
func TestNodeInFileName(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"9", "57:8", "save", "a_b.c", "~"} {
		g := comfy.NewGraph()
		n := &comfy.Node{Class: "SaveImage"}
		n.Inputs.SetString("filename_prefix", "easel/a~b_c")
		g.Set(id, n)
		markNodes(g)
		prefix, _ := g.Node(id).Inputs.Text("filename_prefix")
		node, name := cutNode(prefix[len("easel/"):] + "_00001_.png")
		if node != id || name != "a~b_c_00001_.png" {
			t.Errorf("%s: %q has node %q, name %q", id, prefix, node, name)
		}
	}
	for _, foreign := range []string{"plain_00001_.png", "", "a~-_1.png", "a~-zz_1.png"} {
		if node, name := cutNode(foreign); node != "" || name != foreign {
			t.Errorf("%s: node %q, name %q", foreign, node, name)
		}
	}
}

func FuzzPythonJSON(f *testing.F) {
	f.Add(`[{'a': (1, None)}]`)
	f.Add(`'\x4`)
	f.Fuzz(func(t *testing.T, in string) {
		if out, err := pythonJSON(in); err == nil && !json.Valid(out) {
			t.Errorf("%q became %q", in, out)
		}
	})
}

// Whatever RunPod says of a job is read in bounded time, without a panic, and
// never as an end that it is not.
func FuzzJob(f *testing.F) {
	f.Add(`{"status": "COMPLETED", "output": {"images": [{"filename": "a~9_1_.png", "type": "base64", "data": "aGk="}], "errors": ["x"]}}`)
	f.Add(`{"status": "FAILED", "error": "a:\n• Node 4 (errors): [{'type': 'x'}]", "output": {"details": ["d"]}}`)
	f.Add(`{"status": "IN_PROGRESS", "output": {"value": 1, "max": 2}}`)
	f.Fuzz(func(t *testing.T, in string) {
		var j job
		if json.Unmarshal([]byte(in), &j) != nil {
			return
		}
		st := j.state("id", false, timeOfTest)
		if st.Phase.Over() != j.over() || st.Phase == comfy.PhaseFailed && st.Err == nil {
			t.Errorf("%q: %+v", in, st)
		}
		j.progress()
	})
}

var timeOfTest = time.Unix(1_800_000_000, 0)
