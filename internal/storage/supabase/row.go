package supabase

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// DefaultTable is the table of outputs that Migration makes.
const DefaultTable = "easel_outputs"

// A Row is one output in the user's database, for programs that look for results:
// what it is, what made it, and where it lies. Its key is run and output: the same
// again is the same row.
type Row struct {
	Run            string          `json:"run"`
	Output         int             `json:"output"` // position among the outputs of the run, from 1
	Workflow       string          `json:"workflow"`
	WorkflowDigest *string         `json:"workflow_digest"`
	Backend        string          `json:"backend"`
	Character      *string         `json:"character"`
	Item           *string         `json:"item"` // of a batch
	Seed           *string         `json:"seed"` // as text: JavaScript has no integers of 64 bits
	Prompt         *string         `json:"prompt"`
	Parameters     json.RawMessage `json:"parameters"` // an object
	Kind           string          `json:"kind"`
	MediaType      string          `json:"media_type"`
	Width          *int            `json:"width"`
	Height         *int            `json:"height"`
	Bytes          int64           `json:"bytes"`
	SHA256         string          `json:"sha256"`
	Bucket         *string         `json:"bucket"` // for storage.from(bucket); null elsewhere
	Key            *string         `json:"key"`    // for .download(key), .getPublicUrl(key), .createSignedUrl(key, 60)
	Path           string          `json:"path"`   // supabase://art/today/x.png
	URL            *string         `json:"url"`    // where everybody reads it
	Node           string          `json:"node"`
	Warnings       []string        `json:"warnings"`
	Easel          string          `json:"easel_version"`
	Started        *time.Time      `json:"started_at"`
	Finished       *time.Time      `json:"finished_at"`
}

// Columns are the columns of a row in the order of its fields.
func Columns() []string {
	var names []string
	for f := range reflect.TypeFor[Row]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// Place is the bucket of an address such as supabase://art/today/grüße.png, and the
// key under which the service keeps it; false for other addresses.
func Place(address string) (bucket, key string, ok bool) {
	rest, ok := strings.CutPrefix(address, "supabase://")
	bucket, name, _ := strings.Cut(rest, "/")
	return bucket, keyOf(name), ok && name != ""
}

// tables is what a table may be called: a name that needs no quotes, and perhaps a
// schema.
func isTable(name string) bool {
	return regexp.MustCompile(`^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$`).MatchString(name)
}

// CheckTable refuses names that a table cannot have here.
func CheckTable(name string) error {
	if !isTable(name) {
		return &SettingError{
			Reason: "the table " + quoted(name) + " cannot be",
			Hint:   "it is a name of a-z, 0-9 and _, perhaps with a schema before it: easel_outputs, art.outputs",
		}
	}
	return nil
}

func quoted(s string) string {
	data, _ := json.Marshal(s)
	return string(data)
}
