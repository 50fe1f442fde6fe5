package comfy

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]frame{
		`{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}},"sid":"c"}}`:                              {kind: frameStatus},
		`{"type":"execution_cached","data":{"nodes":["4",5,null],"prompt_id":"J"}}`:                                      {kind: frameCached, prompt: "J", nodes: []string{"4", "5"}},
		`{"type":"executing","data":{"node":"2.0.0.1","display_node":"2","prompt_id":"J"}}`:                              {kind: frameExecuting, prompt: "J", node: "2"},
		`{"type":"executing","data":{"node":null,"prompt_id":"J"}}`:                                                      {kind: frameExecuting, prompt: "J"},
		`{"type":"executing","data":{"node":"3"}}`:                                                                       {kind: frameExecuting, node: "3"},
		`{"type":"progress","data":{"value":7,"max":20.0,"prompt_id":"J","node":3}}`:                                     {kind: frameProgress, prompt: "J", node: "3", value: 7, max: 20},
		`{"type":"progress","data":{"value":NaN,"max":1e999,"prompt_id":"J","node":"3"}}`:                                {kind: frameProgress, prompt: "J", node: "3", max: 1 << 53},
		`{"type":"execution_error","data":{"prompt_id":"J","node_id":"9","exception_type":"E","exception_message":"m"}}`: {kind: frameError, prompt: "J", node: "9", exception: "E", message: "m"},
		`{"type":"progress_state","data":{"prompt_id":"J","nodes":{"3":{}}}}`:                                            {kind: "progress_state", prompt: "J"},
		`{"type":7,"data":[1]}`:                  {kind: "7"},
		`{"type":{},"data":{"prompt_id":["J"]}}`: {},
		`{}`:                                     {},
	} {
		got, err := decodeText([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
	for _, in := range []string{``, `[]`, `"x"`, `{"type":`, "\xff\xfe", strings.Repeat("[", 1e5)} {
		if f, err := decodeText([]byte(in)); err == nil {
			t.Errorf("%.20q was read as %+v", in, f)
		}
	}
}

func binaryFrame(kind, n uint32, rest string) []byte {
	b := binary.BigEndian.AppendUint32(nil, kind)
	return append(binary.BigEndian.AppendUint32(b, n), rest...)
}

func TestDecodeBinary(t *testing.T) {
	t.Parallel()
	meta := `{"node_id":"2.0.0.1","prompt_id":"J","display_node_id":"2","image_type":"image/png"}`
	for _, tc := range []struct {
		in   []byte
		want frame
	}{
		{binaryFrame(1, 1, "jpg"), frame{kind: framePreview, image: []byte("jpg"), mediaType: "image/jpeg"}},
		{binaryFrame(1, 2, "png"), frame{kind: framePreview, image: []byte("png"), mediaType: "image/png"}},
		{binaryFrame(4, uint32(len(meta)), meta+"pic"), frame{kind: framePreview, prompt: "J", node: "2", image: []byte("pic"), mediaType: "image/png"}},
		{binaryFrame(3, 2, "12working"), frame{kind: frameText, node: "12", message: "working"}},
	} {
		got, err := decodeBinary(tc.in)
		if diff := cmp.Diff(fmt.Sprintf("%+v", tc.want), fmt.Sprintf("%+v", got)); err != nil || diff != "" {
			t.Errorf("%q: %v %s", tc.in, err, diff)
		}
	}
	for _, in := range [][]byte{nil, []byte("short"), binaryFrame(3, 9, "12"), binaryFrame(4, 1<<31, "{}"), binaryFrame(4, 2, "[]"), binaryFrame(2, 0, ""), binaryFrame(99, 0, "x")} {
		if f, err := decodeBinary(in); err == nil {
			t.Errorf("%q was read as %+v", in, f)
		}
	}
}

const finishedEntry = `{"J": {
  "prompt": [12, "J", {"3": {"class_type": "KSampler", "inputs": {"seed": 5}, "_meta": {"title": "Sample"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}},
             {"client_id": "c1", "create_time": 1767000000000}, ["9", "10"]],
  "outputs": {"10": {"gifs": [{"filename": "a.mp4", "format": "video/h264-mp4"}], "text": ["hello"]},
              "9": {"images": [{"filename": "x.png", "subfolder": "s", "type": "output"}, {"filename": "t.png", "type": "temp"}], "animated": [true]},
              "7": {"images": [{"filename": "old.png"}]}},
  "status": {"status_str": "success", "completed": true, "messages": [
     ["execution_start", {"prompt_id": "J", "timestamp": 1767000000100}],
     ["execution_cached", {"nodes": ["7", "3"], "timestamp": 1767000000101}],
     %s]}}}`

func TestHistoryEntry(t *testing.T) {
	t.Parallel()
	read := func(message string) State {
		t.Helper()
		e, err := decodeHistory(fmt.Appendf(nil, finishedEntry, message), "J")
		if err != nil || e == nil {
			t.Fatalf("%v %v", e, err)
		}
		return e.state("J", false, 100)
	}
	st := read(`["execution_success", {"timestamp": 1767000009000}]`)
	want := []Output{
		{Node: "9", Key: "images", Kind: OutputImage, Filename: "x.png", Subfolder: "s", Type: "output"},
		{Node: "9", Key: "images", Index: 1, Kind: OutputImage, Filename: "t.png", Type: "temp"},
		{Node: "10", Key: "gifs", Kind: OutputVideo, Filename: "a.mp4", Type: "output"},
		{Node: "10", Key: "text", Kind: OutputText, Text: "hello"},
	}
	if diff := cmp.Diff(want, st.Outputs); diff != "" {
		t.Error(diff)
	}
	if st.Phase != PhaseDone || !st.Executed || st.Queued.UnixMilli() != 1767000000000 || st.Finished.Sub(st.Started).Milliseconds() != 8900 {
		t.Errorf("%+v", st)
	}
	st = read(`["execution_error", {"node_id": "3", "node_type": "KSampler", "exception_type": "torch.OutOfMemoryError", "exception_message": "CUDA out of memory.\nbuy more", "traceback": ["a", 1], "current_inputs": []}]`)
	wantErr := &NodeError{Node: "3", Class: "KSampler", Title: "Sample", Exception: "torch.OutOfMemoryError", Message: "CUDA out of memory.", Detail: "CUDA out of memory.\nbuy more", Traceback: []string{"a", "1"}, OOM: true}
	var ne *NodeError
	if st.Phase != PhaseFailed || !errors.As(st.Err, &ne) || cmp.Diff(wantErr, ne) != "" {
		t.Errorf("%s %s", st.Phase, cmp.Diff(wantErr, ne))
	}
	var ce *CancelledError
	if st = read(`["execution_interrupted", {"node_id": "3"}]`); st.Phase != PhaseCancelled || !errors.As(st.Err, &ce) || ce.Ours || ce.Node != "3" {
		t.Errorf("%s %v", st.Phase, st.Err)
	}
	st = read(`["execution_error", {"exception_type": "ExecutionBlocked"}], ["execution_success", {}]`)
	if st.Phase != PhaseDone || st.Err != nil {
		t.Errorf("a blocked node ended the run: %s %v", st.Phase, st.Err)
	}
}

func TestHistoryOfOddShape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Phase{
		`{"J": {}}`: PhaseDone,
		`{"J": {"status": null, "outputs": null, "prompt": null}}`:      PhaseDone,
		`{"J": {"status": {"status_str": "error"}}}`:                    PhaseFailed,
		`{"J": {"status": {"completed": false, "messages": {"a": 1}}}}`: PhaseFailed,
		`{"J": {"status": {"status_str": "success", "completed": true, "messages": [1, [], ["x"], ["execution_success", null], ["execution_start", {"timestamp": 1e400}]]}, "outputs": {"1": [], "2": {"images": {"filename": 5}}}, "prompt": [NaN]}}`: PhaseDone,
	} {
		e, err := decodeHistory([]byte(in), "J")
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		st := e.state("J", false, 10)
		st.explain()
		if st.Phase != want || (want == PhaseFailed) != (st.Err != nil) {
			t.Errorf("%s: %s %v", in, st.Phase, st.Err)
		}
		if want == PhaseDone && len(st.Outputs) == 0 && len(st.Warnings) == 0 {
			t.Errorf("%s: nothing came out and nothing says so", in)
		}
	}
	if e, err := decodeHistory([]byte(`{}`), "J"); e != nil || err != nil {
		t.Errorf("%v %v", e, err)
	}
}

func TestCompareIDs(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"9", "10"}, {"57:8", "57:10"}, {"57", "57:1"}, {"2", "a"}, {"a", "b"}, {"2.0.0.3", "3"}, {"", "1"}} {
		if CompareIDs(pair[0], pair[1]) >= 0 || CompareIDs(pair[1], pair[0]) <= 0 {
			t.Errorf("%q does not come before %q", pair[0], pair[1])
		}
	}
}

func TestReadValidation(t *testing.T) {
	t.Parallel()
	g, err := ParseGraph([]byte(`{"4": {"class_type": "Loader", "inputs": {}, "_meta": {"title": "Load"}}, "7": {"class_type": "Gone", "inputs": {}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]ValidationError{
		`{"error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": ""},
		  "node_errors": {"4": {"class_type": "Loader", "dependent_outputs": ["9"], "errors": [
		    {"type": "value_not_in_list", "message": "Value not in list", "details": "ckpt: 'x' not in ['a']", "extra_info": {"input_name": "ckpt", "input_config": [["a", 2], {}], "received_value": "x"}},
		    {"type": "value_bigger_than_max", "message": "Value 9 bigger than max of 8", "details": "n", "extra_info": {"input_name": "n", "input_config": ["INT", {"min": 0, "max": 18446744073709551615}], "received_value": 9}}]}}}`: {
			Type: "prompt_outputs_failed_validation", Message: "Prompt outputs failed validation", Nodes: []NodeProblem{
				{Node: "4", Class: "Loader", Title: "Load", Input: "ckpt", Type: "value_not_in_list", Message: "Value not in list: ckpt: 'x' not in ['a']", Received: "x", Choices: []string{"a", "2"}},
				{Node: "4", Class: "Loader", Title: "Load", Input: "n", Type: "value_bigger_than_max", Message: "Value 9 bigger than max of 8", Received: "9", Min: "0", Max: "18446744073709551615"},
			},
		},
		`{"error": {"type": "invalid_prompt", "message": "Cannot execute because node Gone does not exist.", "details": "Node ID '#7'", "extra_info": {}}, "node_errors": {}}`: {
			Type: "invalid_prompt", Message: "Cannot execute because node Gone does not exist.: Node ID '#7'", Nodes: []NodeProblem{
				{Node: "7", Class: "Gone", Type: "missing_node_type", Message: "Cannot execute because node Gone does not exist."},
			},
		},
		`{"error": "nope", "node_errors": []}`:                           {Message: "nope"},
		`{"error": null, "node_errors": {"4": 5, "7": {"errors": [7]}}}`: {Message: "no reason given", Nodes: []NodeProblem{{Node: "7", Class: "Gone"}}},
	} {
		v, ok := readValidation([]byte(in), g)
		if !ok {
			t.Errorf("%s was not taken for a rejection", in)
			continue
		}
		if diff := cmp.Diff(want, *v); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
	for _, in := range []string{`<html>`, `{}`, `[]`, `null`, ``} {
		if v, ok := readValidation([]byte(in), g); ok {
			t.Errorf("%q was read as %+v", in, v)
		}
	}
}

func FuzzDecodeText(f *testing.F) {
	f.Add([]byte(`{"type":"executed","data":{"node":"9","output":{"images":[{"filename":"f.png"}]},"prompt_id":"J"}}`))
	f.Add([]byte(`{"type":"progress","data":{"value":NaN,"max":1e999,"prompt_id":"J","node":3}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fr, err := decodeText(data)
		if err != nil {
			return
		}
		r := &run{id: fr.prompt}
		b := r.open()
		r.event(fr, 10)
		for {
			if _, ok := b.take(); !ok {
				return
			}
		}
	})
}

func FuzzDecodeBinary(f *testing.F) {
	f.Add(binaryFrame(1, 1, "jpg"))
	f.Add(binaryFrame(3, 2, "12working"))
	f.Add(binaryFrame(4, 15, `{"node_id":"2"}pic`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fr, err := decodeBinary(data)
		if err == nil && len(fr.image)+len(fr.message) > 3*len(data) {
			t.Errorf("%d bytes became %d", len(data), len(fr.image)+len(fr.message))
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add(fmt.Appendf(nil, finishedEntry, `["execution_success", {}]`))
	f.Add([]byte(`{"J": {"outputs": {"1": {"result": ["a/b.glb", null]}}, "status": {"messages": [["execution_error", {"node_id": 5}]]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeHistory(data, "J")
		if err != nil || e == nil {
			return
		}
		st := e.state("J", true, 10)
		st.explain()
		if !st.Phase.Over() || len(st.Outputs) > 10 || (st.Phase == PhaseFailed) != (st.Err != nil && st.Phase != PhaseCancelled) {
			t.Errorf("%+v", st)
		}
	})
}

func FuzzObjectInfo(f *testing.F) {
	f.Add([]byte(`{"A": {"input": {"required": {"a": ["INT", {"max": 18446744073709551615}], "b": [["x", 1], null], "c": 5}}, "input_order": {"required": ["b", "a"]}, "output": ["IMAGE", ["x"]], "output_name": null}}`))
	f.Add([]byte(`{"A": null, "B": [], "C": {"input": {"hidden": {"u": "UNIQUE_ID"}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		defs, err := ParseObjectInfo(data)
		if err != nil {
			return
		}
		g := NewGraph()
		for name, ci := range defs {
			n := &Node{Class: name}
			for _, in := range ci.Inputs {
				n.Inputs.Set(in.Name, json.RawMessage(`5`))
			}
			g.Set(g.FreeID(), n)
		}
		CheckAgainst(g, defs)
	})
}

func FuzzRejection(f *testing.F) {
	f.Add([]byte(`{"error": {"type": "invalid_prompt", "message": "m", "details": "Node ID '#7'"}, "node_errors": {}}`))
	f.Add([]byte(`{"error": "x", "node_errors": {"4": {"class_type": "A", "errors": [{"type": "t", "extra_info": {"input_config": [["a"], null], "received_value": [1]}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, ok := readValidation(data, NewGraph()); ok {
			_ = v.Error()
		}
	})
}

func FuzzSavedWorkflow(f *testing.F) {
	f.Add([]byte(`{"path": "a/b.json", "size": 12, "modified": 1770000000.5}`))
	f.Add([]byte(`"a.json"`))
	f.Add([]byte(`{"path": 1, "size": "x", "modified": 1e300}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if w, ok := savedWorkflow(data); ok && w.Name == "" {
			t.Errorf("%q has no name", data)
		}
	})
}

func BenchmarkDecodeProgress(b *testing.B) {
	data := []byte(`{"type":"progress","data":{"value":7,"max":20,"prompt_id":"0d0c8a44-6a0b-4c0e-9d4b-0d9f7a3f1c11","node":"3"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeText(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeProgressState(b *testing.B) {
	var nodes strings.Builder
	for i := range 100 {
		fmt.Fprintf(&nodes, `,"%d":{"value":1,"max":1,"state":"finished","node_id":"%d","prompt_id":"J","display_node_id":"%d","parent_node_id":null,"real_node_id":"%d"}`, i, i, i, i)
	}
	data := []byte(`{"type":"progress_state","data":{"prompt_id":"J","nodes":{` + nodes.String()[1:] + `}}}`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeText(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodePreview(b *testing.B) {
	meta := `{"node_id":"3","prompt_id":"J","display_node_id":"3","image_type":"image/jpeg"}`
	data := binaryFrame(4, uint32(len(meta)), meta+strings.Repeat("x", 30000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeBinary(data); err != nil {
			b.Fatal(err)
		}
	}
}
