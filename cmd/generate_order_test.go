package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// ordersOf are the orders of a command line of generate.
func ordersOf(t *testing.T, args ...string) []plan.Order {
	t.Helper()
	streams, _, _, _ := term.Test()
	home := t.TempDir()
	a := newApp(t.Context(), streams, Build{}, home, []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home})
	o := &generateOptions{app: a}
	c := &cobra.Command{Use: "generate"}
	o.addFlags(c)
	if err := o.aim(c, append([]string{"generate"}, args...), a.resolveTarget); err != nil {
		t.Fatal(err)
	}
	if err := c.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	o.words = c.Flags().Args()[1:]
	orders, err := o.orders()
	if err != nil {
		t.Fatal(err)
	}
	return orders
}

// spelled is an order with values as text in the order of their names, whoever
// gave them.
func spelled(o plan.Order) plan.Order {
	o.Values = slices.Clone(o.Values)
	for i, v := range o.Values {
		if v.JSON != nil {
			v.Text = plan.JSONText(v.JSON)
		}
		o.Values[i] = plan.Value{Name: v.Name, Text: v.Text}
	}
	slices.SortFunc(o.Values, func(a, b plan.Value) int { return strings.Compare(a.Name, b.Name) })
	return o
}

// The same intent gives the same orders, by flags or by --request.
func TestFlagsAndRequestGiveTheSameOrders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ flags, request string }{
		{
			"flux_single --prompt fox --steps 20 --seed 18446744073709551615 --count 2",
			`{"workflow_id": "flux_single", "prompt": "fox", "params": {"steps": 20, "seed": 18446744073709551615}, "count": 2}`,
		},
		{"qwen_batch ink -i a.png -i b.png", `{"prompt": "ink", "input_images": ["a.png", "b.png"]}`},
		{
			"qwen_inpaint hat -i a.png --mask-rect 1,2,3,4 --mask-rect 5%,5%,9%,9% --mask-color #ff00ff --mask-feather 8 --mask-invert",
			`{"prompt": "hat", "input_image": "a.png", "mask_rect": ["1,2,3,4", "5%,5%,9%,9%"], "mask_color": "#ff00ff", "mask_feather": 8, "mask_invert": true}`,
		},
		{"qwen_inpaint hat -i a.png --mask m.png --character milan", `{"prompt": "hat", "input_image": "a.png", "mask": "m.png", "character_id": "milan"}`},
		{"image_composite -i a.png -i overlay=b.png", `{"input_image": "a.png", "inputs": {"overlay": "b.png"}}`},
	} {
		t.Run(tt.flags, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(tt.flags)
			file := filepath.Join(t.TempDir(), "request.json")
			if err := os.WriteFile(file, []byte(tt.request), 0o600); err != nil {
				t.Fatal(err)
			}
			typed := ordersOf(t, args...)
			asked := ordersOf(t, args[0], "--request", file)
			if len(typed) != len(asked) {
				t.Fatalf("%d orders by flags, %d by request", len(typed), len(asked))
			}
			for i := range typed {
				if diff := cmp.Diff(spelled(typed[i]), spelled(asked[i])); diff != "" {
					t.Errorf("order %d (-flags +request):\n%s", i, diff)
				}
			}
		})
	}
}

// What a flag says is not taken from the request, part by part; each value
// knows who gave it.
func TestFlagsOverRequest(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "request.json")
	request := `{"input_image": "a.png", "prompt": "hat", "params": {"seed": 1}, "character_id": "milan", "count": 3, "mask_rect": "1,2,3,4", "mask_grow": 8}`
	if err := os.WriteFile(file, []byte(request), 0o600); err != nil {
		t.Fatal(err)
	}
	orders := ordersOf(t, "qwen_inpaint", "--request", file, "-i", "mine.png", "--count", "2", "--mask-grow", "0", "--set", "seed=5", "--seed-mode", "fixed")
	if len(orders) != 2 {
		t.Fatalf("%d orders, want 2", len(orders))
	}
	o := orders[0]
	origins := map[string]registry.Origin{}
	for _, v := range o.Values {
		origins[v.Name] = max(origins[v.Name], v.Origin)
		if v.Text == "a.png" {
			t.Errorf("the picture of the request is still there: %+v", v)
		}
	}
	want := map[string]registry.Origin{"image": registry.FromFlag, "prompt": registry.FromParams, "seed": registry.FromSweep}
	if diff := cmp.Diff(want, origins); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
	if spec := o.Mask.Spec(); len(spec.Rects) != 1 || spec.Grow != 0 || o.Character != "milan" {
		t.Errorf("mask %+v, character %s", spec, o.Character)
	}
}

// Options need no command line.
func TestOptionsWithoutACommandLine(t *testing.T) {
	t.Parallel()
	streams, _, _, _ := term.Test()
	a := newApp(t.Context(), streams, Build{}, t.TempDir(), []string{"HOME=" + t.TempDir()})
	target, err := a.resolveTarget("flux_single")
	if err != nil {
		t.Fatal(err)
	}
	o := &generateOptions{app: a, target: target, words: []string{"a", "fox"}, count: 2}
	orders, err := o.orders()
	if err != nil || len(orders) != 2 || orders[0].Values[0].Text != "a fox" {
		t.Errorf("got %v, %v", orders, err)
	}
}
