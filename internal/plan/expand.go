package plan

import (
	"encoding/json"
	"math/big"
	"strconv"

	"github.com/seed-7d77cb5c/easel/registry"
)

// MostRuns bounds the runs of one order: all are prepared before the first
// starts, at about 20 KB each.
const MostRuns = 10_000

// Expand makes of an order the orders of its runs, in their order: one per
// picture where the workflow takes batches, and each of them Count times.
func (c *Catalog) Expand(o Order) ([]Order, error) {
	if o.Count > MostRuns {
		return nil, &TooManyRunsError{Most: MostRuns, Asked: o.Count}
	}
	wf, err := c.Workflow(o)
	if err != nil {
		return nil, err
	}
	perRun, shared, err := o.assign(wf)
	if err != nil {
		return nil, err
	}
	single := o.with(shared...)
	single.Files, single.Count, single.SeedMode = nil, 0, ""
	var runs []Order
	for _, values := range perRun {
		seeds, err := c.seeds(single.with(values...), o.Count, o.SeedMode)
		if err != nil {
			return nil, err
		}
		runs = append(runs, seeds...)
	}
	return runs, nil
}

// seeds repeats an order of one run count times, with seeds by the mode.
func (c *Catalog) seeds(o Order, count int, mode SeedMode) ([]Order, error) {
	if count <= 1 {
		return []Order{o}, nil
	}
	req, err := c.Resolve(o)
	if err != nil {
		return nil, err
	}
	call, err := req.Resolve()
	if err != nil {
		return nil, err
	}
	o.ID = "" // it was of one run
	param := call.SeedParameter()
	runs := make([]Order, count)
	for i := range runs {
		runs[i] = o
		if param == nil || mode == SeedRandom {
			continue
		}
		seed, _ := call.Seed()
		if mode != SeedFixed {
			seed = wrapSeed(seed, uint64(i), param)
		}
		runs[i] = o.with(Value{Name: param.Name, JSON: json.RawMessage(strconv.FormatUint(seed, 10)), Origin: registry.FromSweep})
	}
	return runs, nil
}

// wrapSeed counts up from seed and wraps within the parameter's range.
func wrapSeed(seed, step uint64, p *registry.Parameter) uint64 {
	lo, hi := p.SeedRange()
	low := new(big.Int).SetUint64(lo)
	size := new(big.Int).Sub(new(big.Int).SetUint64(hi), low)
	size.Add(size, big.NewInt(1))
	v := new(big.Int).SetUint64(seed)
	v.Sub(v, low).Add(v, new(big.Int).SetUint64(step)).Mod(v, size).Add(v, low)
	return v.Uint64()
}
