package plan

import (
	"encoding/json"
	"fmt"
	"path"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An OrderError means an order with something in it that no order has.
type OrderError struct {
	Field  string // as its JSON calls it: "seed_mode"
	Reason string
}

func (e *OrderError) Error() string { return "the order's " + e.Field + " " + e.Reason }

// Check says what no order can have, as an *OrderError. Orders that this program
// made are right; one that came from outside, as a row of a queue or a file, is
// checked before anything is made of it. Whether its values fit the workflow is
// for Resolve to say.
func (o Order) Check() error {
	bad := func(field, format string, args ...any) error {
		return &OrderError{Field: field, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case o.Workflow == "" && o.File == "" && len(o.Graph) == 0:
		return bad("workflow", "is missing")
	case len(o.Graph) > 0 && !json.Valid(o.Graph):
		return bad("graph", "is no JSON")
	case o.SeedMode != "" && !o.SeedMode.Valid():
		return bad("seed_mode", "is %q; it is increment, random or fixed", o.SeedMode)
	case o.Provenance != "" && !o.Provenance.Valid():
		return bad("provenance", "is %q; it is none, sidecar, embedded or both", o.Provenance)
	case o.Count < 0 || o.Count > MostRuns:
		return bad("count", "is %d; it is at most %d", o.Count, MostRuns)
	case o.Timeout < 0:
		return bad("timeout_ns", "is below 0")
	}
	for _, v := range o.Values {
		switch {
		case v.Name == "":
			return bad("values", "have one without a name")
		case !utf8.ValidString(v.Name) || !utf8.ValidString(v.Text):
			return bad("values", "have a text that is not UTF-8: %q", v.Name)
		case len(v.JSON) > 0 && !json.Valid(v.JSON):
			return bad("values", "have one that is no JSON: %s", v.Name)
		case v.Origin < registry.FromLiteral || v.Origin > registry.FromRow:
			return bad("values", "have one of no known origin: %s", v.Name)
		}
	}
	for _, f := range o.Files {
		switch {
		case f.Type != registry.TypeImage && f.Type != registry.TypeVideo && f.Type != registry.TypeAudio:
			return bad("files", "have one of the type %q; it is image, video or audio", f.Type)
		case f.Path == "" || f.Path == "-":
			return bad("files", "have one without a name")
		}
	}
	if t := o.Naming.Template; t != "" {
		if _, err := storage.ParseTemplate(t); err != nil {
			return bad("naming", "cannot be used: %v", err)
		}
	}
	if f := o.Naming.Fixed; f != "" && (f != path.Base(f) || f == "." || f == "..") {
		return bad("naming", "has the name %q, which is not that of one file", f)
	}
	return nil
}
