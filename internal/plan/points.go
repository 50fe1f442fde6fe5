package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/seed-7d77cb5c/easel/registry"
)

// A Point is an order of one run, and where in sweeps it stands.
type Point struct {
	Order Order
	Axes  []Axis // outermost first; nil without sweeps
}

// Points makes of an order the orders of its runs: for each point of the sweeps
// what Expand makes. The last sweep changes fastest; those of zip are paired. A
// seed that nobody gave is drawn once for all points, so that two pictures
// differ in what was swept only.
func (c *Catalog) Points(o Order, product, zip []Sweep) ([]Point, error) {
	if len(product)+len(zip) == 0 {
		orders, err := c.Expand(o)
		if err != nil {
			return nil, err
		}
		points := make([]Point, len(orders))
		for i, one := range orders {
			points[i].Order = one
		}
		return points, nil
	}
	wf, err := c.Workflow(o)
	if err != nil {
		return nil, err
	}
	all, err := sweepCombos(wf, product, zip)
	if err != nil {
		return nil, err
	}
	if n := len(all) * max(o.Count, 1); n > MostRuns {
		return nil, &TooManyRunsError{Most: MostRuns, Asked: n}
	}
	at := func(combo *combo) Order {
		one := o.with(combo.values...)
		one.Workflow = cmp.Or(combo.workflow, o.Workflow)
		one.Character = cmp.Or(combo.character, o.Character)
		return one
	}
	if o, err = c.withSeed(o, at(all[0])); err != nil {
		return nil, err
	}
	var points []Point
	for _, combo := range all {
		orders, err := c.Expand(at(combo))
		if err != nil {
			return nil, err
		}
		for _, order := range orders {
			points = append(points, Point{order, combo.axes})
		}
		if len(points) > MostRuns {
			return nil, &TooManyRunsError{Most: MostRuns, Asked: len(points)}
		}
	}
	return points, nil
}

// withSeed is an order with the seed that is drawn for its first point, when
// nobody gave one.
func (c *Catalog) withSeed(o, first Order) (Order, error) {
	first.Count = 0
	runs, err := c.Expand(first)
	if err != nil {
		return o, err
	}
	req, err := c.Resolve(runs[0])
	if err != nil {
		return o, err
	}
	call, err := req.Resolve()
	if err != nil {
		return o, err
	}
	p := call.SeedParameter()
	if p == nil || !call.SeedDrawn() {
		return o, nil
	}
	seed, _ := call.Seed()
	return o.with(Value{Name: p.Name, JSON: json.RawMessage(strconv.FormatUint(seed, 10)), Origin: registry.FromParams}), nil
}

// sweepCombos are the points of sweeps of one workflow.
func sweepCombos(wf *registry.Workflow, product, zip []Sweep) ([]*combo, error) {
	pointsOf := func(s Sweep) ([]point, error) {
		if s.Name == columnWorkflow || s.Name == columnCharacter {
			return s.points(nil)
		}
		return s.points(wf.Parameter(s.Name))
	}
	var columns, paired [][]point
	for _, s := range product {
		points, err := pointsOf(s)
		if err != nil {
			return nil, err
		}
		columns = append(columns, points)
	}
	for _, s := range zip {
		points, err := pointsOf(s)
		if err != nil {
			return nil, err
		}
		if len(paired) > 0 && len(points) != len(paired[0]) {
			return nil, &SweepError{Name: s.Name, Text: s.written(), Reason: fmt.Sprintf("has %d values to be paired with %d of %s", len(points), len(paired[0]), paired[0][0].axis.Name)}
		}
		paired = append(paired, points)
	}
	return combos(columns, paired)
}
