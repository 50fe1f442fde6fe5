package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// planned plans a draft whose sources are in memory.
func planned(t testing.TB, d Draft, files map[string]string) (*Batch, error) {
	t.Helper()
	c := catalog(t)
	for name, text := range files {
		write(t, filepath.Join(c.Dir, name), text)
	}
	return c.Plan(t.Context(), d, PlanOptions{Open: reader(nil, c.Dir)})
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// picture is a small PNG of one colour.
func picture(t testing.TB, grey uint8) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func flux(sources ...string) Draft {
	d := Draft{Order: Order{Workflow: "flux_single"}}
	for _, name := range sources {
		d.Sources = append(d.Sources, Source{Name: name})
	}
	return d
}

// fox is an order that lacks nothing.
func fox(more ...Value) Order {
	return Order{Workflow: "flux_single", Values: append([]Value{{Name: "prompt", Text: "a", Origin: registry.FromFlag}}, more...)}
}

func twice(o Order) Order {
	o.Count = 2
	return o
}

// told writes an item as a line: id, and what was given.
func told(i *Item) string {
	var parts []string
	for _, f := range i.Fields() {
		if f.Name != columnWorkflow && f.Name != columnCharacter {
			parts = append(parts, f.Name+"="+string(f.JSON))
		}
	}
	return strings.Join(parts, " ")
}

func lines(b *Batch) []string {
	var all []string
	for i := range b.Items {
		all = append(all, told(&b.Items[i]))
	}
	return all
}

func TestPlanRows(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		draft Draft
		files map[string]string
		want  []string
	}{
		"csv with a mark, semicolons and empty cells": {
			draft: flux("rows.csv"),
			files: map[string]string{"rows.csv": "\xef\xbb\xbfprompt;steps\r\n\"a; fox\";30\r\na cat;\r\n;;\r\n"},
			want:  []string{`prompt="a; fox" steps=30`, `prompt="a cat"`},
		},
		"tsv": {
			draft: flux("rows.tsv"),
			files: map[string]string{"rows.tsv": "prompt\tsteps\na \"big\" fox\t30\n"},
			want:  []string{`prompt="a \"big\" fox" steps=30`},
		},
		"json lines": {
			draft: flux("rows.jsonl"),
			files: map[string]string{"rows.jsonl": "{\"prompt\": \"a\", \"seed\": 18446744073709551615}\n\n\"b\"\n{\"prompt\": \"c\", \"steps\": null}\n"},
			want:  []string{`prompt="a" seed=18446744073709551615`, `prompt="b"`, `prompt="c"`},
		},
		"yaml": {
			draft: flux("rows.yaml"),
			files: map[string]string{"rows.yaml": "- prompt: a\n  steps: 12\n- b\n"},
			want:  []string{`prompt="a" steps=12`, `prompt="b"`},
		},
		"a prompt per line": {
			draft: flux("rows.txt"),
			files: map[string]string{"rows.txt": "a fox\n\n  a cat, sitting \r\n"},
			want:  []string{`prompt="a fox"`, `prompt="a cat, sitting"`},
		},
		"templates and mapped columns": {
			draft: Draft{
				Order:   Order{Workflow: "flux_single", Values: []Value{{Name: "prompt", Text: "studio photo of {row.title}", Origin: registry.FromSet}}},
				Sources: []Source{{Name: "p.csv"}}, Map: []Mapping{{"n", "steps"}}, Ignore: []string{"x_*"},
			},
			files: map[string]string{"p.csv": "title,n,x_a,x_b\na mug,12,1,2\na hat,,3,4\n"},
			want:  []string{`prompt="studio photo of a mug" steps=12`, `prompt="studio photo of a hat"`},
		},
		"product": {
			draft: Draft{Order: fox(), Sweeps: []Sweep{{Name: "guidance", Text: "2:3:0.5"}, {Name: "seed", Text: "1..2"}}},
			want: []string{
				`prompt="a" guidance=2 seed=1`, `prompt="a" guidance=2 seed=2`, `prompt="a" guidance=2.5 seed=1`,
				`prompt="a" guidance=2.5 seed=2`, `prompt="a" guidance=3 seed=1`, `prompt="a" guidance=3 seed=2`,
			},
		},
		"zip": {
			draft: Draft{Order: fox(), Zip: []Sweep{{Name: "guidance", Text: "2,3"}, {Name: "steps", Text: "10..11"}}},
			want:  []string{`prompt="a" steps=10 guidance=2`, `prompt="a" steps=11 guidance=3`},
		},
		"a row decides what a sweep would": {
			draft: Draft{Order: Order{Workflow: "flux_single"}, Sources: []Source{{Name: "r.csv"}}, Sweeps: []Sweep{{Name: "steps", Text: "10,20"}}},
			files: map[string]string{"r.csv": "prompt,steps\na,\nb,30\n"},
			want:  []string{`prompt="a" steps=10`, `prompt="a" steps=20`, `prompt="b" steps=30`},
		},
		"a given seed counts up": {
			draft: Draft{Order: twice(fox(Value{Name: "seed", Text: "7", Origin: registry.FromFlag})), Sweeps: []Sweep{{Name: "steps", Text: "9"}}},
			want:  []string{`prompt="a" steps=9 seed=7`, `prompt="a" steps=9 seed=8`},
		},
		"a sweep of texts": {
			draft: Draft{Order: Order{Workflow: "flux_single"}, Sweeps: []Sweep{{Name: "prompt", Text: `["a cat, sitting", "1..3"]`}}},
			want:  []string{`prompt="a cat, sitting"`, `prompt="1..3"`},
		},
		"several workflows": {
			draft: Draft{Sources: []Source{{Name: "r.csv"}}},
			files: map[string]string{"r.csv": "workflow,prompt,negative\nflux_single,a,\nsd_single,b,blurry\n"},
			want:  []string{`prompt="a"`, `prompt="b" negative="blurry"`},
		},
		"addresses of the graph": {
			draft: flux("r.csv"),
			files: map[string]string{"r.csv": "prompt,KSampler.sampler_name\na,ddim\n"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := planned(t, test.draft, test.files)
			if test.want == nil {
				return // whether the graph has it is not of this test
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lines(b)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlanMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		draft Draft
		files map[string]string
		want  []string // what each mistake says
	}{
		"values": {
			draft: flux("r.csv"),
			files: map[string]string{"r.csv": "prompt,steps\na,12\n\"b\nc\",500\nd,many\n"},
			want: []string{
				"r.csv, row 2 (line 3), column steps: workflow flux_single: Parameter 'steps' above maximum 100",
				"r.csv, row 3 (line 5), column steps: workflow flux_single: Parameter 'steps' must be int",
			},
		},
		"an unknown column is of the header": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": "prompt,stepz\na,1\nb,2\n"},
			want: []string{`r.csv, column stepz: there is no parameter "stepz"`},
		},
		"a column that only some workflows know": {
			draft: Draft{Sources: []Source{{Name: "r.csv"}}},
			files: map[string]string{"r.csv": "workflow,prompt,negative\nflux_single,a,ugly\nsd_single,b,blurry\n"},
			want:  []string{"r.csv, row 1 (line 2), column negative: workflow flux_single: Parameter 'negative' not supported"},
		},
		"the same id": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": "id,prompt\nx,a\nx,b\n"},
			want: []string{`r.csv, row 2 (line 3), column id: the id "x" is already that of r.csv, row 1 (line 2)`},
		},
		"an unknown workflow": {
			draft: Draft{Sources: []Source{{Name: "r.csv"}}}, files: map[string]string{"r.csv": "workflow,prompt\nflux_singel,a\n"},
			want: []string{`r.csv, row 1 (line 2), column workflow: unknown workflow "flux_singel"`},
		},
		"a missing file": {
			draft: Draft{Order: Order{Workflow: "qwen_single"}, Sources: []Source{{Name: "in/r.csv"}}},
			files: map[string]string{"in/r.csv": "image,prompt\nno.png,a\n"},
			want:  []string{"in/r.csv, row 1 (line 2), column image: image in/no.png: there is no such file"},
		},
		"a file that is no picture": {
			draft: Draft{Order: Order{Workflow: "qwen_single"}, Sources: []Source{{Name: "r.csv"}}},
			files: map[string]string{"r.csv": "image,prompt\nr.csv,a\n"},
			want:  []string{"r.csv, row 1 (line 2), column image: image r.csv is not a picture but a text"},
		},
		"cells": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": "prompt,steps\na,1,2\n"},
			want: []string{"r.csv, row 1 (line 2): has 3 cells, but the header has 2"},
		},
		"quotes": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": "prompt\na\nb \"c\"\n"},
			want: []string{"r.csv, line 3: has a quote where none can be, at character 3"},
		},
		"a quote that stays open": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": "prompt,steps\na,1\n\"b,2\nc,3\n"},
			want: []string{"r.csv, line 3: opens a quote that is never closed"},
		},
		"a quote in the last line": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": "prompt\na\n\"b\" c\n"},
			want: []string{"r.csv, line 3: has a quote where none can be, at character 3"},
		},
		"nothing": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": ""},
			want: []string{"r.csv is empty: the first line names the columns"},
		},
		"a point of a sweep": {
			draft: Draft{Order: fox(), Sweeps: []Sweep{{Name: "steps", Text: "10,2000"}}},
			want:  []string{"sweep steps=2000: workflow flux_single: Parameter 'steps' above maximum 100"},
		},
		"a name that cannot be": {
			draft: flux("r.csv"), files: map[string]string{"r.csv": "prompt,name\na,{sku}\n"},
			want: []string{`r.csv, row 1 (line 2), column name: the name template "{sku}" has the unknown placeholder {sku}`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := planned(t, test.draft, test.files)
			wrong, ok := errors.AsType[*BatchError](err)
			if !ok {
				t.Fatalf("%T: %v", err, err)
			}
			var got []string
			for _, r := range wrong.Rows {
				got = append(got, r.Error())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is wrong with the draft itself is told once, whatever its rows say.
func TestPlanMistakesOfDraft(t *testing.T) {
	t.Parallel()
	table := map[string]string{"r.csv": "title,prompt\na,b\n", "r.xlsx": "PK"}
	tests := map[string]struct {
		draft Draft
		want  string
	}{
		"a column that no row has": {
			Draft{Order: Order{Workflow: "flux_single", Naming: run.Naming{Template: "{row.titel}"}}, Sources: []Source{{Name: "r.csv"}}},
			"{row.titel} names a column that no row has",
		},
		"a value": {
			Draft{Order: Order{Workflow: "flux_single", Values: []Value{{Name: "steps", Text: "0", Origin: registry.FromFlag}}}, Sources: []Source{{Name: "r.csv"}}, Ignore: []string{"title"}},
			"workflow flux_single: Parameter 'steps' below minimum 1",
		},
		"a count": {
			Draft{Order: Order{Workflow: "flux_single", Count: 999_999_999}, Sources: []Source{{Name: "r.csv"}}, Ignore: []string{"title"}},
			"a batch has at most 1000000 items, not 999999999",
		},
		"a sweep twice": {
			Draft{Order: Order{Workflow: "flux_single"}, File: "p.yaml", Line: 3, Sweeps: []Sweep{{Name: "steps", Text: "1,2"}}, Zip: []Sweep{{Name: "steps", JSON: json.RawMessage("[3]")}}},
			"p.yaml, line 3: the sweep steps=[3] is the second one of steps",
		},
		"a workflow in a plan": {
			Draft{Workflow: "flux_singel", File: "p.yaml", Line: 7, Sources: []Source{{Name: "r.csv"}}},
			`p.yaml, line 7: unknown workflow "flux_singel"`,
		},
		"a spreadsheet":   {flux("r.xlsx"), "r.xlsx is a spreadsheet"},
		"no workflow":     {Draft{Sources: []Source{{Name: "r.csv"}}}, "no workflow is named"},
		"zip":             {Draft{Order: Order{Workflow: "flux_single"}, Zip: []Sweep{{Name: "steps", Text: "1..3"}, {Name: "seed", Text: "1,2"}}}, "the sweep seed=1,2 has 2 values to be paired with 3 of steps"},
		"too many":        {Draft{Order: Order{Workflow: "flux_single"}, Sweeps: []Sweep{{Name: "steps", Text: "1..99"}, {Name: "seed", Text: "1..99999"}}}, "a batch has at most 1000000 items, not 9899901"},
		"a pattern":       {flux("none/*.csv"), "no file matches none/*.csv"},
		"a missing table": {flux("none.csv"), "none.csv cannot be read: no such file or directory"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := planned(t, test.draft, table)
			if err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

// With SkipInvalid the other rows stay, with the same ids as without the bad one.
func TestSkipInvalid(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	write(t, filepath.Join(c.Dir, "r.csv"), "prompt,steps\na,1\nb,1000\nc,3\n")
	b, err := c.Plan(t.Context(), flux("r.csv"), PlanOptions{Open: reader(nil, c.Dir), SkipInvalid: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Items) != 2 || len(b.Skipped.Rows) != 1 || b.Skipped.Rows[0].At.Row != 2 {
		t.Errorf("%d items, skipped %v", len(b.Items), b.Skipped)
	}
}

// Files in a folder are rows, whose names outputs can have; content decides ids.
func TestPlanFiles(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"in/b.png": picture(t, 1), "in/a.png": picture(t, 2), "in/notes.txt": "x", "in/.hidden.png": "x", "in/deep/c.png": picture(t, 3),
	}
	qwen := func(source Source) Draft {
		return Draft{
			Order:   Order{Workflow: "qwen_single", Naming: run.Naming{Template: "{row.folder}/{row.stem}"}, Values: []Value{{Name: "prompt", Text: "x", Origin: registry.FromFlag}}},
			Sources: []Source{source},
		}
	}
	folder, err := planned(t, qwen(Source{Name: "in"}), files)
	if err != nil {
		t.Fatal(err)
	}
	if len(folder.Items) != 2 || len(folder.Notes) != 1 {
		t.Fatalf("%v %v", lines(folder), folder.Notes)
	}
	glob, err := planned(t, qwen(Source{Name: "in/**/*.png"}), files)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range glob.Items {
		fields := i.Order().Naming.Fields
		names = append(names, fields["row.folder"]+"/"+fields["row.stem"])
	}
	if diff := cmp.Diff([]string{"/a", "/b", "deep/c"}, names); diff != "" {
		t.Error(diff)
	}
	if glob.Items[0].ID != folder.Items[0].ID {
		t.Error("the id depends on how the file was found")
	}
	named, err := planned(t, qwen(Source{Files: []string{"in/a.png", "in/b.png"}}), files)
	if err != nil {
		t.Fatal(err)
	}
	if named.Digest != folder.Digest {
		t.Error("the plan depends on how its files were found")
	}
}

// Relative names are relative to the file that says them.
func TestPlanDecodeAndPaths(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	write(t, filepath.Join(c.Dir, "plans/data/r.csv"), "image,prompt\n../a.png,x\n")
	write(t, filepath.Join(c.Dir, "plans/a.png"), picture(t, 9))
	f, err := DecodePlan("plans/plan.yaml", []byte("name: summer\nworkflow: qwen_single\nbackend: [studio, pod]\nout: art/\nfrom: data/*.csv\ndefaults: {steps: 20}\nsweep: {denoise: [0.5, 0.7], seed: 1..2}\nitems:\n  - {id: hero, prompt: y, image: a.png}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "summer" || f.Out != "art/" || !slices.Equal(f.Backends, []string{"studio", "pod"}) {
		t.Errorf("%+v", f)
	}
	b, err := c.Plan(t.Context(), f.Draft, PlanOptions{Name: f.Name, Open: reader(nil, c.Dir)})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Items) != 8 {
		t.Fatal(lines(b))
	}
	if diff := cmp.Diff([]Axis{{"denoise", "0.5"}, {"seed", "2"}}, b.Items[1].Axes()); diff != "" {
		t.Error(diff)
	}
	if id := b.Items[5].ID; id != "hero-denoise0.5-seed2" {
		t.Error(id)
	}
	if from := b.Items[5].From(); from != (Position{File: "plans/plan.yaml", Row: 1, Line: 9}) {
		t.Error(from)
	}
	for _, mistake := range []string{"workflw: x", "sweep: {steps: {a: 1}}", "count: 0", "parts: [1]", "timeout: soon", "- a", "items: {a: 1}", "from: -", "backend: []"} {
		if _, err := DecodePlan("p.yaml", []byte(mistake)); err == nil {
			t.Errorf("%s is read", mistake)
		}
	}
}

// Parts of a plan take from it what they leave out.
func TestPlanParts(t *testing.T) {
	t.Parallel()
	f, err := DecodePlan("p.json", []byte(`{"defaults": {"prompt": "a fox"}, "count": 2, "parts": [
		{"workflow": "flux_single", "sweep": {"guidance": [2, 3]}},
		{"workflow": "sd_single", "defaults": {"negative": "blurry"}, "count": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := planned(t, f.Draft, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`prompt="a fox" guidance=2`, `prompt="a fox" guidance=2`, `prompt="a fox" guidance=3`, `prompt="a fox" guidance=3`, `prompt="a fox" negative="blurry"`,
	}
	if diff := cmp.Diff(want, lines(b)); diff != "" {
		t.Error(diff)
	}
}

// Items whose files would be called the same get their ids into their names.
// Names that differ in case alone are one file where the system does not tell them apart.
func TestNamesAreApart(t *testing.T) {
	t.Parallel()
	d := flux("r.csv")
	d.Order.Naming.Template = "{row.sku}"
	b, err := planned(t, d, map[string]string{"r.csv": "sku,prompt\na,x\nb,y\nA,z\n"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range b.Items {
		names = append(names, b.Items[i].Order().Naming.Template)
	}
	if diff := cmp.Diff([]string{"{row.sku}-{item}", "{row.sku}", "{row.sku}-{item}"}, names); diff != "" {
		t.Error(diff)
	}
}
