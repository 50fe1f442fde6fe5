package media

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the generator of testdata wrote into its files.
const (
	wrotePrompt   = `{"1":{"class_type":"EmptyImage","inputs":{"width":16,"note":"grüße"}}}`
	wroteWorkflow = `{"nodes":[],"version":0.4}`
)

// same compares JSON by value.
func same(a []byte, b string) bool {
	var x, y any
	if len(a) == 0 || b == "" {
		return len(a) == 0 && b == ""
	}
	return json.Unmarshal(a, &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}

func metadata(data []byte) (Meta, error) {
	return ReadMetadata(bytes.NewReader(data), int64(len(data)))
}

func TestReadMetadataOfFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, prompt, workflow, easel, parameters string }{
		{"comfy.png", wrotePrompt, wroteWorkflow, `{"run":"x"}`, ""},
		{"still.webp", wrotePrompt, wroteWorkflow, "", ""},
		{"animated.webp", wrotePrompt, wroteWorkflow, "", ""},
		{"video.mp4", wrotePrompt, wroteWorkflow, "", ""},
		{"video.webm", wrotePrompt, wroteWorkflow, "", ""},
		{"audio.flac", wrotePrompt, wroteWorkflow, "", ""},
		{"audio.opus", wrotePrompt, wroteWorkflow, "", ""},
		{"audio.mp3", wrotePrompt, wroteWorkflow, "", ""},
		{"a1111.png", "", "", "", "a cat, grün\nNegative prompt: dog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 18446744073709551615, Size: 16x12"},
		{"turned.jpg", "", "", "", "a cat\nSteps: 20, Sampler: euler, Seed: 1"},
		{"progressive.jpg", "", "", "", ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			m, err := metadata(testdata(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			if !same(m.Prompt, c.prompt) || !same(m.Workflow, c.workflow) || !same(m.Easel, c.easel) || m.Parameters != c.parameters {
				t.Errorf("prompt %s\nworkflow %s\neasel %s\nparameters %q", m.Prompt, m.Workflow, m.Easel, m.Parameters)
			}
		})
	}
}

func TestReadMetadataOfMadeFiles(t *testing.T) {
	t.Parallel()
	quoted, _ := json.Marshal(wrotePrompt)
	twice, _ := json.Marshal(string(quoted))
	glb := func(doc string) []byte {
		b := binary.LittleEndian.AppendUint32([]byte("glTF\x02\x00\x00\x00"), uint32(20+len(doc)))
		return append(append(binary.LittleEndian.AppendUint32(b, uint32(len(doc))), "JSON"...), doc...)
	}
	tensor := `{"__metadata__":{"prompt":` + string(quoted) + `},"latent_tensor":{"data_offsets":[0,0]}}`
	withNaN := strings.Replace(wrotePrompt, "16", `NaN,"x":-Infinity,"y":"NaN"`, 1)
	for name, c := range map[string]struct {
		data   []byte
		prompt string
	}{
		"glb":      {glb(`{"asset":{"extras":{"prompt":` + string(quoted) + `}}}`), wrotePrompt},
		"latent":   {append(binary.LittleEndian.AppendUint64(nil, uint64(len(tensor))), tensor...), wrotePrompt},
		"svg":      {[]byte(`<svg><metadata><![CDATA[ {"prompt":` + wrotePrompt + `} ]]></metadata></svg>`), wrotePrompt},
		"wrapped":  {pngWith(t, "prompt", string(twice)), wrotePrompt},
		"NaN":      {pngWith(t, "Prompt", withNaN), `{"1":{"class_type":"EmptyImage","inputs":{"width":null,"x":null,"y":"NaN","note":"grüße"}}}`},
		"big seed": {pngWith(t, "prompt", `{"1":{"class_type":"K","inputs":{"seed":18446744073709551615}}}`), `{"1":{"class_type":"K","inputs":{"seed":18446744073709551615}}}`},
	} {
		m, err := metadata(c.data)
		if err != nil || !same(m.Prompt, c.prompt) {
			t.Errorf("%s: %s, %v", name, m.Prompt, err)
		}
		if name == "big seed" && !bytes.Contains(m.Prompt, []byte("18446744073709551615")) {
			t.Errorf("the seed is not exact: %s", m.Prompt)
		}
	}
}

// What stands under the other's name is what it is, and a prompt may be words.
func TestMisnamedTexts(t *testing.T) {
	t.Parallel()
	texts := func(pairs ...string) []byte {
		var set []PNGText
		for i := 0; i < len(pairs); i += 2 {
			set = append(set, PNGText{pairs[i], pairs[i+1]})
		}
		var out bytes.Buffer
		if err := CopyPNG(&out, bytes.NewReader(pngWith(t, "x", "y")), PNGEdit{Set: set}); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for name, c := range map[string]struct {
		data                         []byte
		prompt, workflow, parameters string
	}{
		"a graph as workflow":        {texts("workflow", wrotePrompt), wrotePrompt, "", ""},
		"an editor's file as prompt": {texts("prompt", `{"nodes":[{"id":1}]}`), "", `{"nodes":[{"id":1}]}`, ""},
		"empty objects":              {texts("prompt", "{}", "workflow", "{ }", "parameters", "a fox"), "", "", "a fox"},
		"words":                      {texts("prompt", "a fox"), "", "", `{"prompt":"a fox"}`},
		"words and settings":         {texts("seed", "5", "prompt", `a "red" fox`, "negative_prompt", "bad"), "", "", `{"prompt":"a \"red\" fox","seed":"5","negative_prompt":"bad"}`},
		"words beside parameters":    {texts("prompt", "a fox", "parameters", "a cat"), "", "", "a cat"},
	} {
		m, err := metadata(c.data)
		if err != nil || !same(m.Prompt, c.prompt) || !same(m.Workflow, c.workflow) || m.Parameters != c.parameters {
			t.Errorf("%s: prompt %s, workflow %s, parameters %s, %v", name, m.Prompt, m.Workflow, m.Parameters, err)
		}
	}
}

// One comment may hold the graph itself, or an object of all keys: whichever
// key is looked at first.
func TestFreeText(t *testing.T) {
	t.Parallel()
	all := `{"workflow":` + wroteWorkflow + `,"prompt":` + wrotePrompt + `}`
	for range 20 { // Go varies the order of keys
		for text, workflow := range map[string]string{all: wroteWorkflow, wrotePrompt: "", "Prompt: " + wrotePrompt: ""} {
			c := &collector{}
			c.free(text)
			if !same(c.meta.Prompt, wrotePrompt) || !same(c.meta.Workflow, workflow) {
				t.Fatalf("%s: prompt %s, workflow %s", text, c.meta.Prompt, c.meta.Workflow)
			}
		}
	}
}

// Words of a prompt may begin with a brace, as a choice or for more weight.
func TestFreeTextOfOthers(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"NovelAI":       `{"prompt": "{{masterpiece}}, a fox", "uc": "bad", "steps": 28, "seed": 5}`,
		"SwarmUI":       `{"sui_image_params": {"prompt": "a fox", "seed": 5}}`,
		"no prompt":     `{"sui_image_params": {"prompt": "", "seed": 5}}`,
		"a choice":      "{red|white} fox\nSteps: 20, Seed: 5",
		"called prompt": "Prompt: {red|white} fox\nSteps: 20, Seed: 5",
		"a mark":        "\ufeffa fox\nSteps: 20, Seed: 5",
	} {
		for _, read := range []func(*collector){
			func(c *collector) { c.free(text) }, func(c *collector) { c.add("Comment", text) },
		} {
			c := &collector{}
			if read(c); c.meta.Parameters != strings.TrimPrefix(text, "\ufeff") || len(c.meta.Prompt) > 0 || c.problem() != nil {
				t.Errorf("%s: %+v, %v", name, c.meta, c.problem())
			}
		}
	}
	wrapped, _ := json.Marshal(wrotePrompt)
	twice, _ := json.Marshal(string(wrapped))
	for _, prompt := range []string{wrotePrompt, string(wrapped), string(twice)} {
		c := &collector{}
		if c.free(`{"prompt": ` + prompt + `, "workflow": ` + wroteWorkflow + `}`); !same(c.meta.Prompt, wrotePrompt) || c.meta.Parameters != "" {
			t.Errorf("%s: %+v", prompt, c.meta)
		}
	}
}

func pngWith(t testing.TB, keyword, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	err := CopyPNG(&b, bytes.NewReader(testdata(t, "gray16.png")), PNGEdit{Set: []PNGText{{keyword, text}}})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Old versions of ComfyUI wrote an offset that is some bytes off.
func TestWebPWithWrongOffset(t *testing.T) {
	t.Parallel()
	data := testdata(t, "still.webp")
	at := bytes.LastIndex(data, []byte("\x10\x01\x02\x00")) // the entry of tag 0x0110, type 2
	if at < 0 {
		at = bytes.LastIndex(data, []byte("\x01\x10\x00\x02"))
	}
	if at < 0 {
		t.Fatal("the file has no Model entry")
	}
	for i := range 4 {
		if v := data[at+8+i]; v != 0 {
			data[at+8+i] = v + 9
		}
	}
	m, err := metadata(data)
	if err != nil || !same(m.Prompt, wrotePrompt) {
		t.Errorf("%s, %v", m.Prompt, err)
	}
}

func TestReadMetadataErrors(t *testing.T) {
	t.Parallel()
	bomb := pngWith(t, "x", "")
	var z bytes.Buffer
	if err := CopyPNG(&z, bytes.NewReader(bomb), PNGEdit{Set: []PNGText{{"prompt", strings.Repeat("x", maxMetadata)}}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":         {nil, "empty"},
		"text":            {[]byte("hello"), "easel knows of none in a text"},
		"not JSON":        {pngWith(t, "prompt", "{a cat"), "its prompt is not JSON"},
		"cut off":         {testdata(t, "comfy.png")[:200], "damaged"},
		"wrong checksum":  {bytes.Replace(testdata(t, "comfy.png"), []byte("class_type"), []byte("class_typo"), 1), "checksum"},
		"too much":        {z.Bytes(), "larger than 16 MiB"},
		"fill bytes":      {[]byte(jpgMagic + strings.Repeat("\xff", 2*maxPieces) + "\xfe\x00\x02\xff\xd9"), "damaged"},
		"JPEG of nothing": {[]byte(jpgMagic + "\xe0\x00\x00\x00"), "damaged"},
	} {
		if _, err := metadata(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestCopyPNG(t *testing.T) {
	t.Parallel()
	data := testdata(t, "comfy.png")
	edit := func(e PNGEdit) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := CopyPNG(&b, bytes.NewReader(data), e); err != nil {
			t.Fatal(err)
		}
		if r := check(b.Bytes(), 100); !r.Complete || r.Width != 16 {
			t.Errorf("%+v", r)
		}
		return b.Bytes()
	}
	if same := edit(PNGEdit{}); !bytes.Equal(same, data) {
		t.Error("a copy without changes differs")
	}
	text, err := ReadPNGText(bytes.NewReader(edit(PNGEdit{Strip: true})))
	if err != nil || len(text) > 0 {
		t.Errorf("stripped: %v, %v", text, err)
	}
	want := []PNGText{{"easel", "grüße\n"}, {"new", "x"}}
	text, err = ReadPNGText(bytes.NewReader(edit(PNGEdit{Strip: true, Set: want})))
	if d := cmp.Diff(want, text); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	text, err = ReadPNGText(bytes.NewReader(edit(PNGEdit{Set: []PNGText{{"prompt", "{}"}}})))
	if err != nil || len(text) != 3 || text[0] != (PNGText{"prompt", "{}"}) || text[1].Keyword != "workflow" || text[2].Keyword != "easel" {
		t.Errorf("%v, %v", text, err)
	}
	for _, bad := range []string{"", " x", "ü", strings.Repeat("x", 80), "a\x00b"} {
		if err := CopyPNG(&bytes.Buffer{}, bytes.NewReader(data), PNGEdit{Set: []PNGText{{Keyword: bad}}}); err == nil {
			t.Errorf("keyword %q was written", bad)
		}
	}
	var damaged *PNGError
	for _, bad := range [][]byte{nil, []byte("GIF89a"), data[:100], append(bytes.Clone(data[:33]), "\xff\xff\xff\xffIDAT"...)} {
		if err := CopyPNG(&bytes.Buffer{}, bytes.NewReader(bad), PNGEdit{}); !errors.As(err, &damaged) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func FuzzReadMetadata(f *testing.F) {
	files, err := filepath.Glob("testdata/[^R]*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4000 {
			f.Add(data)
		}
	}
	f.Add([]byte("\xff\xd8" + segment(jpegAPP1, xmpSegment+xmpPacket()) + extendedXMP(xmpPacket()) + segment(jpegAPP1, "Exif\x00\x00"+string(exifBlock())) + "\xff\xda\x00\x02\xff\xd9"))
	f.Add(gifWith("\x21\xfe" + blocks(wrotePrompt) + gifXMP(xmpPacket())))
	f.Add(bytes.ReplaceAll(avifWith("Exif", "\x00\x00\x00\x00"+string(exifBlock())), make([]byte, 1<<20), nil))
	f.Add([]byte(`<svg><metadata><![CDATA[{"prompt":{}}]]></metadata></svg>`))
	f.Add([]byte("\x00\x00\x00\x14ftypisom\x00\x00\x00\x00avis" + `prompt:{"a":"}"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, _ := metadata(data)
		for _, doc := range []json.RawMessage{m.Prompt, m.Workflow, m.Easel} {
			if len(doc) > 0 && !json.Valid(doc) {
				t.Errorf("not JSON: %q", doc)
			}
		}
	})
}

func FuzzCopyPNG(f *testing.F) {
	for _, name := range []string{"comfy.png", "a1111.png", "turned.png", "palette.png"} {
		f.Add(testdata(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		if err := CopyPNG(&b, bytes.NewReader(data), PNGEdit{Set: []PNGText{{"easel", "{}"}}}); err != nil {
			return
		}
		text, err := ReadPNGText(&b)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(text) == "[]" && bytes.Contains(data[:min(33, len(data))], []byte("IHDR")) {
			t.Error("the text is not there")
		}
	})
}
