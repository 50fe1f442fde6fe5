package cmd

import (
	"encoding/json"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/plan"
)

// jsonText is a value as people write it.
func jsonText(raw json.RawMessage) string { return plan.JSONText(raw) }

// listText is a value as people write it, a list with commas.
func listText(raw json.RawMessage) string {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return jsonText(raw)
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = jsonText(item)
	}
	return strings.Join(texts, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
