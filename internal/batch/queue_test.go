package batch

import (
	"bytes"
	"fmt"
	"testing"
)

func TestGroupsByModels(t *testing.T) {
	t.Parallel()
	var csv bytes.Buffer
	csv.WriteString("id,prompt,ckpt\n")
	for i := range 18 {
		fmt.Fprintf(&csv, "i%02d,p%d,%c.safetensors\n", i, i%2, "abc"[i%3])
	}
	b := newBench(t, csv.String())
	p := b.plan()
	var items []*item
	for i := range p.Items {
		items = append(items, &item{Item: &p.Items[i]})
	}
	q := newQueue(items, Grouped)
	l := &lane{}
	var last, texts string
	switches, encodes := 0, 0
	for q.size > 0 {
		it := q.take(l, func(*item) bool { return true })
		if it.Group.Models != last {
			switches++
		}
		if it.Group.Texts != texts {
			encodes++
		}
		last, texts = it.Group.Models, it.Group.Texts
	}
	if switches != 3 || encodes > 6 {
		t.Errorf("%d switches of models, %d of texts", switches, encodes)
	}
	given := newQueue(items, AsGiven)
	for i := range items {
		if it := given.take(l, func(*item) bool { return true }); it != items[i] {
			t.Fatalf("place %d has item %s", i, it.ID)
		}
	}
}
