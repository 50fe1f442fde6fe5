package cmd

import (
	"cmp"
	"encoding/json"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

func rowName(r supabase.Row) string { return supabase.RowName(r) }

// rowOf is the row about a stored output.
func rowOf(rec run.Record, out run.Output) supabase.Row {
	at := cmp.Or(out.Destination, out.Path)
	row := supabase.Row{
		Run: rec.Run, Output: rec.File.Output, Workflow: rec.Workflow, WorkflowDigest: text(rec.WorkflowDigest), Backend: rec.Backend,
		Character: text(rec.Character), Kind: string(out.Kind), MediaType: out.MediaType, Width: out.Width, Height: out.Height, Bytes: out.Bytes,
		SHA256: out.SHA256, Path: at, URL: out.URL, Node: out.Node, Warnings: append([]string{}, rec.Warnings...), Easel: rec.Easel,
		Started: rec.Started, Finished: rec.Finished,
	}
	if rec.Seed != nil {
		seed := rec.Seed.String()
		row.Seed = &seed
	}
	if rec.Member != nil {
		row.Item = &rec.Member.Item
	}
	if bucket, key, ok := supabase.Place(at); ok {
		row.Bucket, row.Key = &bucket, &key
	}
	row.Parameters, _ = json.Marshal(rec.Parameters) // values that are JSON already
	for _, p := range rec.Parameters {
		if p.Name == "prompt" {
			prompt := jsonText(p.JSON)
			row.Prompt = &prompt
		}
	}
	return row
}
