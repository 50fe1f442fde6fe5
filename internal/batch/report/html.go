package report

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

//go:embed page.html
var pageHTML string

//go:embed page.js
var pageScript string

// The values that the page draws itself from.
type (
	pageData struct {
		Name    string     `json:"name"`
		Easel   string     `json:"easel"`
		Created *time.Time `json:"created"`
		Updated *time.Time `json:"updated"`
		Counts  pageCounts `json:"counts"`
		Seconds float64    `json:"seconds"`
		Median  float64    `json:"median"`
		P95     float64    `json:"p95"`
		USD     float64    `json:"usd"`
		Names   []string   `json:"names"`
		Items   []pageItem `json:"items"`
	}
	pageCounts struct {
		Total  int `json:"total"`
		Done   int `json:"done"`
		Failed int `json:"failed"`
		Open   int `json:"open"`
	}
	pageItem struct {
		ID        string     `json:"id"`
		State     string     `json:"state"`
		Workflow  string     `json:"workflow"`
		Character string     `json:"character"`
		Backend   string     `json:"backend"`
		Seed      string     `json:"seed"`
		Values    namedTexts `json:"values"`
		Files     []pageFile `json:"files"`
		Took      float64    `json:"took"` // seconds
		USD       float64    `json:"usd"`
		Attempts  int        `json:"attempts"`
		Code      string     `json:"code"`
		Reason    string     `json:"reason"`
		Warnings  []string   `json:"warnings,omitempty"`
		Thumb     string     `json:"thumb,omitempty"`
		Width     int        `json:"width,omitempty"` // of the picture, for its place in the page
		Height    int        `json:"height,omitempty"`
	}
	pageFile struct {
		Name   string `json:"name"`
		URL    string `json:"url,omitempty"`
		Kind   string `json:"kind"`
		Width  int    `json:"width,omitempty"`
		Height int    `json:"height,omitempty"`
		Bytes  int64  `json:"bytes"`
	}
)

// namedTexts are written as an object in their order.
type namedTexts []NamedText

// MarshalJSON writes an object in that order.
func (n namedTexts) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range n {
		name, err := json.Marshal(v.Name)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(v.Text)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(text)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// WriteHTML writes the report as one page that needs nothing else: small pictures
// are in it. base is the way from the page to the folder of the outputs, for links
// to the files themselves; nil where nothing can be linked.
func (r *Report) WriteHTML(ctx context.Context, w io.Writer, store storage.Store, base *string) error {
	c := r.Counts()
	usd, _ := r.USD()
	data := pageData{
		Name: r.Name, Easel: r.Easel, Created: when(r.Created), Updated: when(r.Updated), Counts: pageCounts(c),
		Seconds: r.Took().Seconds(), Median: r.Quantile(0.5).Seconds(), P95: r.Quantile(0.95).Seconds(), USD: usd,
		Names: r.names(), Items: make([]pageItem, len(r.Items)),
	}
	for n, i := range r.Items {
		data.Items[n] = pageOf(i, base)
	}
	var failed error
	err := r.Thumbnails(ctx, store, thumbnailSide(len(r.Items)), func(n int, t Thumbnail) {
		uri, err := dataURI(t.Image)
		if err != nil {
			failed = err
			return
		}
		data.Items[n].Thumb, data.Items[n].Width, data.Items[n].Height = uri, t.Width, t.Height
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("make small pictures: %w", err)
	}
	raw, err := json.Marshal(data) // escapes < and >, so that no text ends the script
	if err != nil {
		return err
	}
	head, rest, _ := strings.Cut(pageHTML, "{{DATA}}")
	middle, tail, _ := strings.Cut(rest, "{{SCRIPT}}")
	for _, part := range []string{head, string(raw), middle, pageScript, tail} {
		if _, err := io.WriteString(w, part); err != nil {
			return err
		}
	}
	return nil
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func pageOf(i Item, base *string) pageItem {
	p := pageItem{
		ID: i.ID, State: string(i.State), Workflow: i.Workflow, Character: i.Character, Backend: i.Backend, Seed: i.Seed, Values: i.Values,
		Files: []pageFile{}, Took: i.Took.Seconds(), USD: i.USD, Attempts: i.Attempts, Code: i.Code, Reason: i.Reason, Warnings: i.Warnings,
	}
	for _, f := range i.Files {
		file := pageFile{Name: f.Name, Kind: f.Kind, Width: f.Width, Height: f.Height, Bytes: f.Bytes}
		if base != nil {
			file.URL = *base + escaped(f.Name)
		}
		p.Files = append(p.Files, file)
	}
	return p
}

// escaped is a name as an address has it, its folders apart.
func escaped(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
