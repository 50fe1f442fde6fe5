package config

import "fmt"

// Kind is a kind of place that a setting comes from.
type Kind string

// The kinds, later ones win.
const (
	Default Kind = "default"
	User    Kind = "user"    // the user's file, or the one of --config
	Project Kind = "project" // easel.yaml in the working directory
	Plan    Kind = "plan"    // a batch's; it can name backends and nothing else here
	Env     Kind = "env"
	Flag    Kind = "flag"
)

// An Origin is where a setting comes from.
type Origin struct {
	Kind Kind   `json:"kind"`
	Path string `json:"path,omitempty"` // of the file, or the name of the variable or flag
	Line int    `json:"line,omitempty"` // in the file, from 1
}

func (o Origin) String() string {
	switch {
	case o.Line > 0:
		return fmt.Sprintf("%s %s:%d", o.Kind, o.Path, o.Line)
	case o.Path != "":
		return fmt.Sprintf("%s %s", o.Kind, o.Path)
	}
	return string(o.Kind)
}

// trusted reports whether the user said so, and not a file that may have come
// with a cloned repository.
func (o Origin) trusted() bool { return o.Kind != Project && o.Kind != Plan }

// Origin says where a setting comes from.
func (c *Config) Origin(key string) Origin {
	if o, ok := c.origins[key]; ok {
		return o
	}
	return Origin{Kind: Default}
}
