package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// The types of settings.
const (
	typeString   = "string"
	typeChoice   = "choice"
	typeDuration = "duration"
	typeFormat   = "picture format"
	typeSize     = "size"
	typePaths    = "list of paths"
	typeList     = "list"
)

// A Key describes one setting.
type Key struct {
	Name        string   `json:"key"` // as in the file, sections by dots: "inpaint.workflow"
	Type        string   `json:"type"`
	Choices     []string `json:"choices,omitempty"`
	Default     string   `json:"default"`
	Description string   `json:"description"`

	userOnly bool // a project's file must not set it
}

// Keys lists the settings in the order in which they are shown. The sections
// backends, presets and models are not settings but maps of the user's own names.
func Keys() []Key { return keys() }

func keys() []Key {
	return []Key{
		{Name: "backend", Type: typeString, Description: "where to run: a name from backends, emulator, or an address"},
		{Name: "out", Type: typeString, Default: "./outputs", Description: "folder or bucket for outputs"},
		{Name: "name", Type: typeString, Default: "{workflow}-{id}-{n}", Description: "template of output names"},
		{
			Name: "provenance", Type: typeChoice, Choices: []string{"sidecar", "embedded", "both", "none"}, Default: "sidecar",
			Description: "where the record of how a file was made goes",
		},
		{Name: "format", Type: typeFormat, Description: "store pictures as png, jpg or jpg:90; empty stores them as they come"},
		{
			Name: "preview", Type: typeChoice, Choices: []string{"auto", "always", "never"}, Default: "auto",
			Description: "pictures in the terminal while a run goes on",
		},
		{Name: "reconnect", Type: typeDuration, Default: "30s", Description: "how long a lost server is waited for"},
		{Name: "timeout", Type: typeDuration, Default: "0s", Description: "time limit of one run; 0s is none"},
		{
			Name: "log_level", Type: typeChoice, Choices: []string{"debug", "info", "warn", "error"}, Default: "warn",
			Description: "how much is logged to stderr",
		},
		{Name: "workflow", Type: typeString, Description: "workflow of easel generate \"a prompt\": of a first word with a space in it"},
		{Name: "inpaint.workflow", Type: typeString, Default: "qwen_inpaint", Description: "workflow of the inpaint command"},
		{Name: "registry", Type: typePaths, Description: "further registry files or folders; the last one wins"},
		{Name: "s3.endpoint", Type: typeString, userOnly: true, Description: "address of an S3 service that is not AWS, as AWS_ENDPOINT_URL_S3"},
		{Name: "s3.region", Type: typeString, Description: "region of buckets, as AWS_REGION"},
		{Name: "s3.profile", Type: typeString, userOnly: true, Description: "profile of ~/.aws for buckets, as AWS_PROFILE"},
		{
			Name: "s3.path_style", Type: typeChoice, Choices: []string{"auto", "true", "false"}, Default: "auto",
			Description: "whether the bucket is in the path; auto: at services that are not AWS",
		},
		{Name: "s3.storage_class", Type: typeString, Description: "storage class of objects, such as STANDARD_IA"},
		{Name: "s3.acl", Type: typeString, userOnly: true, Description: "canned ACL of objects, such as public-read"},
		{Name: "s3.encryption", Type: typeString, Description: "encryption of objects: AES256, aws:kms or aws:kms=KEY"},
		{Name: "s3.cache_control", Type: typeString, Description: "Cache-Control of objects"},
		{
			Name: "s3.checksums", Type: typeChoice, Choices: []string{"auto", "when_supported", "when_required"}, Default: "auto",
			Description: "whether a bucket gets checksums; auto: only at AWS",
		},
		{
			Name: "spool.limit", Type: typeSize, Default: "5GB",
			Description: "how much may wait on this machine for a store that is away; 0 lets nothing wait",
		},
		{
			Name: "supabase.rows", Type: typeChoice, Choices: []string{"off", "rest", "postgres"}, Default: "off",
			Description: "how a row about each output in a bucket is written: by the project's REST interface or its database",
		},
		{Name: "supabase.table", Type: typeString, Default: "easel_outputs", Description: "table of these rows: easel supabase migration makes it"},
		{
			Name: "allow_origins", Type: typeList, userOnly: true,
			Description: "origins that may get secrets although only a project's file names them",
		},
	}
}

// modelsPrefix begins the settings of the section models, which has a key of the
// user's own per folder of models.
const modelsPrefix = "models."

func isFolder(name string) bool {
	return name != "" && strings.Trim(name, nameLetters) == "" && !strings.Contains(name, ".")
}

func modelKey(folder string) Key {
	return Key{Name: modelsPrefix + folder, Type: typeString, Description: "model of that folder, where the backend lacks a workflow's own"}
}

// Env is the variable that mirrors the setting: EASEL_INPAINT_WORKFLOW.
func (k Key) Env() string {
	return "EASEL_" + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// KeyOf describes a setting: one of Keys, or models.FOLDER. It reports whether
// there is one of this name.
func KeyOf(name string) (Key, bool) {
	k, err := lookup(name)
	return k, err == nil
}

// lookup finds a setting by name.
func lookup(name string) (Key, error) {
	var names []string
	for _, k := range keys() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	if folder, ok := strings.CutPrefix(name, modelsPrefix); ok && isFolder(folder) {
		return modelKey(folder), nil
	}
	return Key{}, &KeyError{Key: name, Nearest: nearest.One(name, names)}
}

// parse reads a setting from a variable, a flag or a command line.
func (k Key) parse(text string) (any, error) {
	switch k.Type {
	case typePaths:
		return nonEmpty(filepath.SplitList(text)), nil
	case typeList:
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }), nil
	}
	return text, k.check(text)
}

// check says what is wrong with the text of a scalar setting.
func (k Key) check(text string) error {
	if text == "" && k.Default != "" {
		return errors.New("it cannot be empty; the default is " + k.Default)
	}
	switch k.Type {
	case typeChoice:
		if !slices.Contains(k.Choices, text) {
			return errors.New("it is one of " + strings.Join(k.Choices, ", "))
		}
	case typeFormat:
		kind, quality, given := strings.Cut(text, ":")
		n, err := strconv.Atoi(quality)
		jpeg := kind == "jpg" || kind == "jpeg"
		if text != "" && kind != "png" && !jpeg || given && (!jpeg || err != nil || n < 1 || n > 100) {
			return errors.New("it is png, jpg, or jpg:90 with a quality of 1 to 100")
		}
	case typeSize:
		_, err := parseSize(text)
		return err
	case typeDuration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("it is a duration like 30s, 5m or 1h30m")
		}
		if d < 0 {
			return errors.New("a duration cannot be negative")
		}
	}
	return nil
}

// parseSize reads a number of bytes, with a unit of thousands: 500MB, 5GB.
func parseSize(text string) (int64, error) {
	digits, unit := text, int64(1)
	for i, suffix := range []string{"KB", "MB", "GB", "TB"} {
		if rest, ok := strings.CutSuffix(strings.ToUpper(text), suffix); ok {
			digits, unit = rest, int64(math.Pow10(3*(i+1)))
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.ToUpper(digits), "B")), 64)
	if err != nil || !(n >= 0) || n*float64(unit) > 1<<60 {
		return 0, errors.New("it is a size like 500MB or 5GB, or 0")
	}
	return int64(n * float64(unit)), nil
}

func (k Key) isList() bool { return k.Type == typePaths || k.Type == typeList }

// text writes a merged value the way parse reads it.
func (k Key) text(value any) string {
	switch value := value.(type) {
	case []string:
		if k.Type == typePaths {
			return strings.Join(value, string(filepath.ListSeparator))
		}
		return strings.Join(value, ",")
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func nonEmpty(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// quietLog keeps viper from writing to the process's log.
func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
