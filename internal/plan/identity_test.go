package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed-7d77cb5c/easel/registry"
	"pgregory.net/rapid"
)

// Ids and seeds follow from what a row says and not from where it stands; equal
// rows are told apart, and every order has its seed.
func TestIdsAndSeedsAreStable(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	prompts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 8)
	modes := rapid.SampledFrom([]SeedMode{"", SeedIncrement, SeedFixed})
	rapid.Check(t, func(t *rapid.T) {
		list, mode, count := prompts.Draw(t, "prompts"), modes.Draw(t, "mode"), rapid.IntRange(1, 3).Draw(t, "count")
		read := func(list []string) map[string]uint64 {
			d := Draft{Order: Order{Workflow: "flux_single", SeedMode: mode, Count: count}, Sources: []Source{{Name: "-", Format: "txt"}}}
			b, err := c.Plan(t.Context(), d, PlanOptions{Open: reader(map[string]string{"-": strings.Join(list, "\n")}, "")})
			if err != nil {
				t.Fatal(err)
			}
			seeds := map[string]uint64{}
			for i := range b.Items {
				item := &b.Items[i]
				seed, ok := item.Seed()
				if !ok {
					t.Fatal("no seed")
				}
				req, err := c.Resolve(item.Order())
				if err != nil {
					t.Fatal(err)
				}
				call, err := req.Resolve()
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := call.Seed(); got != seed {
					t.Fatalf("the order has seed %d, the item %d", got, seed)
				}
				seeds[item.ID] = seed
			}
			if len(seeds) != len(list)*count {
				t.Fatalf("%d ids for %d items", len(seeds), len(list)*count)
			}
			return seeds
		}
		want := read(list)
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		if diff := cmp.Diff(want, read(shuffled)); diff != "" {
			t.Error(diff)
		}
	})
}

// A digest changes with what is made, and a given id does not.
func TestDigests(t *testing.T) {
	t.Parallel()
	read := func(table string, change func(*Draft)) *Item {
		d := flux("r.csv")
		if change != nil {
			change(&d)
		}
		b, err := planned(t, d, map[string]string{"r.csv": table})
		if err != nil {
			t.Fatal(err)
		}
		return &b.Items[0]
	}
	base := read("id,prompt,steps\nx,a,12\n", nil)
	for name, item := range map[string]*Item{
		"a value": read("id,prompt,steps\nx,a,13\n", nil),
		"a seed":  read("id,prompt,steps,seed\nx,a,12,5\n", nil),
		"a name":  read("id,prompt,steps,name\nx,a,12,hero\n", nil),
		"a default": read("id,prompt,steps\nx,a,12\n", func(d *Draft) {
			d.Order.Values = []Value{{Name: "guidance", Text: "2", Origin: registry.FromPlan}}
		}),
		"seed mode": read("id,prompt,steps\nx,a,12\n", func(d *Draft) { d.Order.SeedMode = SeedFixed }),
	} {
		if item.ID != base.ID || item.Digest == base.Digest {
			t.Errorf("%s: id %s, digest the same: %v", name, item.ID, item.Digest == base.Digest)
		}
	}
	for name, item := range map[string]*Item{
		"another spelling": read("steps,id,prompt\n+12,x,a\n", nil),
		"a weaker value": read("id,prompt,steps\nx,a,12\n", func(d *Draft) {
			d.Order.Values = []Value{{Name: "steps", Text: "2", Origin: registry.FromPlan}}
		}),
	} {
		if item.ID != base.ID || item.Digest != base.Digest {
			t.Errorf("%s changes what is made: %s, %s", name, told(item), told(base))
		}
	}
}

// A seed that is to be drawn is left to whoever keeps it.
func TestSeedModeRandom(t *testing.T) {
	t.Parallel()
	d := Draft{Order: fox()}
	d.Order.SeedMode = SeedRandom
	b, err := planned(t, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	item := &b.Items[0]
	seeds, ok := item.Draws()
	if !ok {
		t.Fatal("nothing to draw")
	}
	if drawn := seeds.Draw(); drawn < seeds.Low || drawn > seeds.High {
		t.Error(drawn)
	}
	c := catalog(t)
	req, err := c.Resolve(item.OrderWith(18446744073709551615))
	if err != nil {
		t.Fatal(err)
	}
	call, err := req.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if seed, _ := call.Seed(); seed != 18446744073709551615 || call.SeedDrawn() {
		t.Error(seed, call.SeedDrawn())
	}
}
