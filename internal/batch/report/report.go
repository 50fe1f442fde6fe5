// Package report shows what a batch came to: as one HTML file that needs nothing
// else, as a contact sheet, as CSV, JUnit XML and Markdown.
package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A Report is a batch as it stands.
type Report struct {
	Name    string
	Created time.Time // when the batch was run first
	Updated time.Time // when an item ended last
	Items   []Item    // in the order of the plan
	Easel   string    // version
}

// An Item is one run of the batch and what it made.
type Item struct {
	ID        string
	State     ledger.ItemState
	Workflow  string
	Character string
	Backend   string
	Seed      string        // "" = none is known
	Values    []NamedText   // every parameter of the run; of an item that did not run, what it is to be given
	Files     []File        // that it made
	Took      time.Duration // computing, over all attempts
	USD       float64       // 0 where no price is known
	Attempts  int
	Code      string // of a failure
	Reason    string // of a failure, for people
	Warnings  []string
	Ended     time.Time
}

// A NamedText is a value as people read it.
type NamedText struct {
	Name, Text string
}

// A File is an output by its name in the store.
type File struct {
	Name          string
	SHA256        string
	Bytes         int64
	Kind          string // image, video, audio, ...
	Width, Height int    // pixels; 0 = not known
}

// Done reports whether the item was made.
func (i Item) Done() bool { return i.State == ledger.ItemCommitted }

// Failed reports whether the item is not tried again.
func (i Item) Failed() bool { return i.State == ledger.ItemFailed }

// Value is a value of the item, "" when it has none of the name.
func (i Item) Value(name string) string {
	n := slices.IndexFunc(i.Values, func(v NamedText) bool { return v.Name == name })
	if n < 0 {
		return ""
	}
	return i.Values[n].Text
}

// Of reads a batch from its ledger.
func Of(book *ledger.Batch) (*Report, error) {
	facts := book.Facts()
	r := &Report{Name: facts.Name, Created: facts.Created, Easel: facts.Easel}
	files := map[string][]ledger.File{}
	err := book.AllFiles(func(id string, f ledger.File) error {
		if f.Stored && !strings.HasSuffix(f.Name, run.RecordSuffix) {
			files[id] = append(files[id], f)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for row, err := range book.Items() {
		if err != nil {
			return nil, err
		}
		item, err := itemOf(book, row, files[row.ID])
		if err != nil {
			return nil, err
		}
		if (item.Done() || item.Failed()) && row.Updated.After(r.Updated) {
			r.Updated = row.Updated
		}
		r.Items = append(r.Items, item)
	}
	return r, nil
}

// itemOf reads one item with its result, or with what it is to be made of.
func itemOf(book *ledger.Batch, row ledger.Item, files []ledger.File) (Item, error) {
	item := Item{
		ID: row.ID, State: row.State, Backend: row.Backend, Seed: row.Seed, Took: time.Duration(row.ExecutedMS) * time.Millisecond,
		USD: row.USD, Attempts: row.Attempt, Code: row.Code, Reason: row.Error, Ended: row.Updated,
	}
	raw, err := book.Result(row.ID)
	fields, errFields := book.Fields(row.ID)
	if err := errors.Join(err, errFields); err != nil {
		return item, err
	}
	var result run.Result
	if len(raw) > 0 && json.Unmarshal(raw, &result) == nil {
		item.Workflow, item.Warnings = result.Workflow, result.Warnings
		if result.Character != nil {
			item.Character = *result.Character
		}
		if result.Seed != nil {
			item.Seed = result.Seed.String()
		}
		for _, v := range result.Parameters {
			item.Values = append(item.Values, NamedText{v.Name, textOf(v.JSON)})
		}
	}
	if len(item.Values) == 0 {
		var made run.Values
		if json.Unmarshal(fields, &made) == nil {
			for _, v := range made {
				if v.Name == "seed" && item.Seed == "" {
					item.Seed = textOf(v.JSON)
				}
				if v.Name != "workflow" && v.Name != "character" {
					item.Values = append(item.Values, NamedText{v.Name, textOf(v.JSON)})
				}
			}
		}
	}
	for _, f := range files {
		item.Files = append(item.Files, fileOf(f, result.Outputs))
	}
	slices.SortFunc(item.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return item, nil
}

// fileOf is a file with what its run said of it.
func fileOf(f ledger.File, outputs []run.Output) File {
	file := File{Name: f.Name, SHA256: f.SHA256, Bytes: f.Bytes}
	for _, o := range outputs {
		if o.SHA256 != f.SHA256 {
			continue
		}
		file.Kind = string(o.Kind)
		if o.Width != nil && o.Height != nil {
			file.Width, file.Height = *o.Width, *o.Height
		}
		if file.Bytes == 0 {
			file.Bytes = o.Bytes
		}
	}
	return file
}

// textOf is a value as people write it, a list with commas.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return string(raw)
	}
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = textOf(e)
	}
	return strings.Join(texts, ", ")
}

// Counts are the items by how they stand.
type Counts struct {
	Total, Done, Failed, Open int
}

// Counts counts the items.
func (r *Report) Counts() Counts {
	c := Counts{Total: len(r.Items)}
	for _, i := range r.Items {
		switch {
		case i.Done():
			c.Done++
		case i.Failed():
			c.Failed++
		default:
			c.Open++
		}
	}
	return c
}

// Took is the time that backends computed, of all items together.
func (r *Report) Took() time.Duration {
	var sum time.Duration
	for _, i := range r.Items {
		sum += i.Took
	}
	return sum
}

// USD is what the items cost; false where no price is known.
func (r *Report) USD() (float64, bool) {
	sum := 0.0
	for _, i := range r.Items {
		sum += i.USD
	}
	return sum, sum > 0
}

// Quantile is how long a part of the items that were done took at most: 0.5 for
// the median; 0 when none was.
func (r *Report) Quantile(part float64) time.Duration {
	var took []time.Duration
	for _, i := range r.Items {
		if i.Done() && i.Took > 0 {
			took = append(took, i.Took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[min(len(took)-1, int(part*float64(len(took))))]
}

// names are the parameters that any item has, in the order of the first that has
// each.
func (r *Report) names() []string {
	var names []string
	seen := map[string]bool{}
	for _, i := range r.Items {
		for _, v := range i.Values {
			if !seen[v.Name] {
				seen[v.Name] = true
				names = append(names, v.Name)
			}
		}
	}
	return names
}
