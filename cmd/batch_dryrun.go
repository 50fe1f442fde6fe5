package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// plannedItem is an item of --dry-run --json.
type plannedItem struct {
	ID        string      `json:"id"`
	File      *string     `json:"file"`
	Row       *int        `json:"row"`
	Workflow  string      `json:"workflow"`
	Character *string     `json:"character"`
	Seed      *run.Seed   `json:"seed"` // null: drawn when it runs, or the workflow takes none
	Axes      []plan.Axis `json:"axes"`
	Made      run.Values  `json:"made_of"` // what decides what it makes
}

// estimate is what a batch is expected to take.
type estimate struct {
	Items   int      `json:"items"`
	Seconds *float64 `json:"seconds"` // of one backend, by what runs took here; null: not known
	USD     *float64 `json:"usd"`     // null: no price, or no time
}

// printItems is --dry-run: the items, a line each, then time and cost.
func (o *batchOptions) printItems(b *plan.Batch) error {
	total, err := o.estimate(b)
	if err != nil {
		return err
	}
	if o.app.global.json {
		items := make([]plannedItem, len(b.Items))
		for i := range b.Items {
			items[i] = plannedOf(&b.Items[i])
		}
		return o.app.printJSON(struct {
			Name     string        `json:"name"`
			Digest   string        `json:"digest"`
			Items    []plannedItem `json:"items"`
			Estimate estimate      `json:"estimate"`
		}{b.Name, b.Digest, items, total})
	}
	table := term.NewTable(o.app.streams, "ID", "WORKFLOW", "SEED", "FROM", "MADE OF")
	for i := range b.Items {
		item := &b.Items[i]
		seed := "drawn"
		if n, ok := item.Seed(); ok {
			seed = strconv.FormatUint(n, 10)
		} else if _, draws := item.Draws(); !draws {
			seed = "-"
		}
		table.Row(item.ID, item.Workflow().ID, seed, item.From().String(), madeOf(item))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	o.app.note("%s", total.words())
	return nil
}

func plannedOf(item *plan.Item) plannedItem {
	from, order := item.From(), item.Order()
	p := plannedItem{
		ID: item.ID, File: text(from.File), Workflow: item.Workflow().ID, Character: text(order.Character), Axes: item.Axes(), Made: item.Fields(),
	}
	if from.Row > 0 {
		p.Row = &from.Row
	}
	if n, ok := item.Seed(); ok {
		seed := run.Seed(n)
		p.Seed = &seed
	}
	if p.Axes == nil {
		p.Axes = []plan.Axis{}
	}
	return p
}

// madeOf is what an item was given, in one line.
func madeOf(item *plan.Item) string {
	var parts []string
	for _, f := range item.Fields() {
		switch f.Name {
		case "workflow", "seed":
		case "character":
			parts = append(parts, "character="+item.Order().Character)
		default:
			parts = append(parts, f.Name+"="+shortened(listText(f.JSON), 40))
		}
	}
	return strings.Join(parts, " ")
}

// estimate is by what the last runs of each workflow took on the backend, in a
// row: several backends share it.
func (o *batchOptions) estimate(b *plan.Batch) (estimate, error) {
	e := estimate{Items: len(b.Items)}
	cfg, err := o.app.config()
	if err != nil {
		return e, err
	}
	history, err := o.app.history()
	if err != nil {
		return e, err
	}
	backend := strings.Split(o.backends(cfg.Backend), ",")[0]
	took := map[string]time.Duration{}
	var sum time.Duration
	for i := range b.Items {
		id := b.Items[i].Workflow().ID
		usual, ok := took[id]
		if !ok {
			usual = history.Usual(id, o.app.openerFor(cfg).NameOf(backend))
			took[id] = usual
		}
		if usual == 0 {
			return e, nil
		}
		sum += usual
	}
	seconds := sum.Seconds()
	e.Seconds = &seconds
	e.USD = o.app.estimatedUSD(seconds, backend)
	return e, nil
}

// words say the estimate to people.
func (e estimate) words() string {
	s := fmt.Sprintf("%d %s", e.Items, plural(e.Items, "item"))
	switch {
	case e.Seconds == nil:
		s += "; how long they take is not known before such runs were made here"
	case *e.Seconds < 60:
		s += fmt.Sprintf(", about %.0f s", max(1, *e.Seconds))
	default:
		s += ", about " + (time.Duration(*e.Seconds) * time.Second).Round(time.Minute).String()
	}
	if e.USD != nil {
		s += fmt.Sprintf(", about $%.2f", *e.USD)
	}
	return s
}
