package plan

import (
	"fmt"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
)

// combos are the points of the sweeps that are left to a row.
func (g *gathering) combos(first *section, row *rows.Row) ([]*combo, error) {
	var decided uint64 // sweeps, the zipped ones behind the others
	all := slices.Concat(g.Sweeps, g.Zip)
	if len(all) > 64 {
		return nil, factf("", "a batch has at most 64 sweeps")
	}
	for i, s := range all {
		if g.decides(first, row, s.Name) {
			decided |= 1 << i
		}
	}
	if known, ok := g.combosOf[decided]; ok {
		return known, nil
	}
	var product, zip [][]point
	for i, s := range all {
		if decided>>i&1 == 1 {
			continue
		}
		p, err := g.parameter(first, s.Name)
		if err != nil {
			return nil, err
		}
		points, err := s.points(p)
		if err != nil {
			return nil, err
		}
		if i < len(g.Sweeps) {
			product = append(product, points)
			continue
		}
		if len(zip) > 0 && len(points) != len(zip[0]) {
			return nil, &SweepError{Name: s.Name, Text: s.written(), Reason: fmt.Sprintf("has %d values to be paired with %d of %s", len(points), len(zip[0]), zip[0][0].axis.Name)}
		}
		zip = append(zip, points)
	}
	made, err := combos(product, zip)
	if err != nil {
		return nil, err
	}
	g.combosOf[decided] = made
	return made, nil
}

// decides reports whether a row itself says what a sweep would.
func (g *gathering) decides(first *section, row *rows.Row, sweep string) bool {
	if row == nil {
		return false
	}
	if sweep == columnWorkflow || sweep == columnCharacter {
		return g.word(row, sweep) != ""
	}
	if first == nil {
		return false
	}
	name := sweep
	if p := first.workflow.Parameter(sweep); p != nil {
		name = p.Name
	}
	for i, r := range first.reads[row.Columns] {
		if r.name != "" && row.Cells[i] != "" && SameName(r.name, name) {
			return true
		}
	}
	return false
}
