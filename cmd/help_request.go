package cmd

import (
	_ "embed"
)

// requestSchema is the JSON Schema of --request.
//
//go:embed request.schema.json
var requestSchema string

const requestTopic = `A request is one run, or count runs, as JSON: what --request reads from a file
or stdin, what the HTTP API takes, and what example_payload of a workflow holds.

  {
    "workflow_id": "flux_single",
    "prompt": "a lighthouse at dusk",
    "params": {"steps": 20, "seed": "18446744073709551615"},
    "count": 2
  }

  easel generate --request request.json
  easel generate flux_single --request - < request.json
  easel workflows show qwen_single --jq .example_payload > request.json

workflow_id may be left out where the command names the workflow. Files are
relative to the working directory. A flag wins over the request (easel help
parameters). Unknown keys are refused.

The JSON Schema, which easel help request --json prints alone:

`

const parametersTopic = `Where the value of a parameter comes from. The first of these that has one wins:

  1. a flag              --steps 30, words behind WORKFLOW, --image, --lora
  2. --set               --set steps=30, --set KSampler.steps=30
  3. --params, --request a file, or - for stdin
  4. a preset            easel generate @portrait
  5. a character         --character milan, or that of the preset
  6. the workflow        its default in the registry
  7. the graph           what stands in its file

A character lays its words around the prompt and adds to the negative prompt,
wherever these come from; its LoRA stays when --lora adds others. --character
wins over the character of a preset.

  easel generate @portrait "a sailor" --steps 8      # the flag, then the preset
  easel workflows show @portrait                     # what the preset sets
  easel generate @portrait "a sailor" --dry-run --jq .parameters
`
