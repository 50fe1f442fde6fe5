package plan

import (
	"fmt"
	"strings"
)

// A RowError says where in a plan something is wrong. Err says what.
type RowError struct {
	At  Position
	Err error
}

func (e *RowError) Error() string { return e.At.String() + ": " + e.Err.Error() }

func (e *RowError) Unwrap() error { return e.Err }

// String names the place as people read it: "products.csv, row 3 (line 4), column steps".
func (p Position) String() string {
	var parts []string
	if p.File != "" {
		parts = append(parts, p.File)
	}
	if p.Row > 0 {
		row := fmt.Sprintf("row %d", p.Row)
		if p.Line > 0 {
			row += fmt.Sprintf(" (line %d)", p.Line)
		}
		parts = append(parts, row)
	} else if p.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", p.Line))
	}
	if p.Column != "" {
		parts = append(parts, "column "+p.Column)
	}
	return strings.Join(parts, ", ")
}
