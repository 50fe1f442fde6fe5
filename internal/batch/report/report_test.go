package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// sample is a batch with everything in it: done, failed and open items, and texts
// that mean something to HTML, CSV, XML and Markdown.
func sample(t *testing.T) (*Report, storage.Store) {
	t.Helper()
	dir := t.TempDir()
	img := image.NewNRGBA(image.Rect(0, 0, 80, 40))
	for i := range 40 * 80 {
		img.Set(i%80, i/80, color.NRGBA{200, uint8(i % 80 * 3), 40, uint8(100 + i/80)})
	}
	f, err := os.Create(filepath.Join(dir, "a b.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	store, err := (&stores.Opener{}).Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	nasty := "</script><script>alert(1)</script> & \"x\" | `y`"
	return &Report{
		Name: "sum|mer", Easel: "1.0", Created: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC),
		Items: []Item{
			{
				ID: "one", State: ledger.ItemCommitted, Workflow: "flux", Seed: "18446744073709551615", Took: 2 * time.Second, USD: 0.5, Attempts: 1,
				Values: []NamedText{{"prompt", nasty}, {"steps", "20"}}, Files: []File{{Name: "a b.png", SHA256: "s", Kind: "image"}},
			},
			{ID: "=two", State: ledger.ItemFailed, Code: "node_error", Reason: nasty + "\x00\x1b[31m", Took: time.Second, Values: []NamedText{{"steps", "30"}}},
			{ID: "three", State: ledger.ItemPlanned, Values: []NamedText{{"guidance", "2"}}},
		},
	}, store
}

// The page stands alone, and no text of a batch is markup in it.
func TestHTML(t *testing.T) {
	t.Parallel()
	r, store := sample(t)
	base := "art/"
	var b bytes.Buffer
	if err := r.WriteHTML(t.Context(), &b, store, &base); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d scripts", n)
	}
	if strings.Contains(page, "{{") || strings.Contains(page, "src=\"http") || strings.Contains(page, "href=\"http") {
		t.Error("the page needs something else")
	}
	_, rest, _ := strings.Cut(page, `id="data">`)
	raw, _, _ := strings.Cut(rest, "</script>")
	var data pageData
	if err := json.Unmarshal([]byte(strings.ReplaceAll(raw, `"values":{`, `"ignored":{`)), &data); err != nil {
		t.Fatal(err)
	}
	one := data.Items[0]
	if !strings.HasPrefix(one.Thumb, "data:image/jpeg;base64,") || one.Width != 80 || one.Height != 40 || one.Files[0].URL != "art/a%20b.png" {
		t.Errorf("%.60s %d %d %s", one.Thumb, one.Width, one.Height, one.Files[0].URL)
	}
	if data.Counts != (pageCounts{Total: 3, Done: 1, Failed: 1, Open: 1}) || one.Seed != "18446744073709551615" {
		t.Errorf("%+v, seed %s", data.Counts, one.Seed)
	}
}

func TestContactSheet(t *testing.T) {
	t.Parallel()
	r, store := sample(t)
	var b bytes.Buffer
	if err := r.WriteSheet(t.Context(), &b, store); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Dx() < 2*sheetMost {
		t.Error(img.Bounds())
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	r, _ := sample(t)
	var b bytes.Buffer
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 4 || strings.Join(rows[0][13:], " ") != "param.prompt param.steps param.guidance" || rows[2][0] != "'=two" || rows[1][8] != "18446744073709551615" {
		t.Errorf("%q", rows)
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	r, _ := sample(t)
	var b bytes.Buffer
	if err := r.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal(b.Bytes(), &suites); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	s := suites.Suites[0]
	if s.Tests != 3 || s.Failures != 1 || s.Skipped != 1 || s.Cases[1].Failure == nil || s.Cases[2].Skipped == nil {
		t.Errorf("%+v", s)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	r, _ := sample(t)
	var b bytes.Buffer
	if err := r.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(text, "<script") || !strings.Contains(text, "| 3 | 1 | 1 | 1 |") || !strings.Contains(text, `sum\|mer`) {
		t.Error(text)
	}
}

// A report that is given up leaves off at once.
func TestHTMLIsGivenUp(t *testing.T) {
	t.Parallel()
	r, store := sample(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.WriteHTML(ctx, &bytes.Buffer{}, store, nil); err == nil {
		t.Error("no error")
	}
}
