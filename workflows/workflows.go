// Package workflows holds the built-in registry: entries, characters, graphs
// and the pictures of the examples.
//
// registry.json and characters.json stand at the root; a workflow_path such as
// "workflows/qwen/single.json" is qwen/single.json here, since the folder's own
// name is part of it. Pictures that an example_payload names lie in examples/.
package workflows

import (
	"embed"
	"io/fs"
)

//go:embed registry.json registry.extras.json characters.json */*.json examples/*
var files embed.FS

// FS returns the built-in files, read only.
func FS() fs.FS { return files }
