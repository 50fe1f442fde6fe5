// Package config reads easel's settings once, into a typed Config that knows
// where each value came from, and edits the files that hold them. It is the
// only importer of viper, on an instance of its own, and imports nothing of
// ours.
//
// Viper merges the scalar settings: defaults, the user's file, the project's
// file, EASEL_* variables, flags. The maps under backends and presets are read
// here, because viper lower-cases their keys and reads integers as floats.
package config

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/viper"
)

// A Config holds the settings of one process.
type Config struct {
	Backend    string        // where to run; empty asks this machine
	Out        string        // where outputs go
	Name       string        // template of their names
	Provenance string        // sidecar, embedded, both or none
	Format     string        // of pictures: png, jpg, jpg:90; empty as they come
	Preview    string        // auto, always or never
	Reconnect  time.Duration // how long a lost server is waited for
	Timeout    time.Duration // of one run; 0 = none
	LogLevel   string        // debug, info, warn or error
	Workflow   string        // of a prompt without one; "" = none
	Inpaint    Inpaint
	Spool      Spool
	Supabase   Supabase
	S3         S3
	Registry   []string // further registry files or folders, absolute

	// AllowOrigins are origins (scheme://host:port) that may get secrets
	// although only a project names them.
	AllowOrigins []string

	Backends map[string]Backend // by name, as written
	Presets  map[string]Preset  // by name, as written

	// Models are files to take where a backend lacks a workflow's own, by folder as
	// written: checkpoint, vae. None is empty.
	Models map[string]string

	ConfigDir, DataDir, CacheDir string // easel's own folders; they may not exist yet

	UserFile    string // the user's file, or the one of --config
	ProjectFile string // easel.yaml in the working directory

	// Exposed are project files with secrets that others can read: worth a
	// warning, since every checkout is readable.
	Exposed []*ExposedError

	origins      map[string]Origin
	values       map[string]string  // every setting as text
	userBackends map[string]Backend // what the user's file says, before the project's
	getenv       func(string) string
}

// Inpaint are the settings of the inpaint command.
type Inpaint struct {
	Workflow string
}

// Spool are the settings of outputs that wait for a place that is away.
type Spool struct {
	Limit int64 // bytes; 0 = none waits
}

// Supabase are the settings of rows about outputs in the user's database.
type Supabase struct {
	Rows  string // off, rest or postgres
	Table string
}

// S3 are the settings of buckets; what is "" is left to the AWS configuration.
type S3 struct {
	Endpoint, Region, Profile, PathStyle, StorageClass, ACL, Encryption, CacheControl, Checksums string
}

// Options say where to look for settings.
type Options struct {
	ConfigFile string            // --config: instead of the user's file, and must exist
	WorkDir    string            // where easel.yaml is looked for; empty is "."
	Flags      map[string]string // settings given as flags, by key

	Environ []string // nil is the process's environment
}

// Load reads the settings. Files that are missing are fine, except one that
// was asked for by name. Errors are *FileError, *ValueError, *KeyError, or say
// that a file or the home folder cannot be found.
func Load(opts Options) (*Config, error) {
	cfg := &Config{
		getenv:  environment(opts),
		origins: map[string]Origin{}, values: map[string]string{},
		Backends: map[string]Backend{}, Presets: map[string]Preset{}, Models: map[string]string{}, userBackends: map[string]Backend{},
	}
	if err := cfg.findFolders(); err != nil {
		return nil, err
	}
	v := viper.NewWithOptions(viper.WithLogger(quietLog()))
	for _, k := range keys() {
		v.SetDefault(k.Name, k.Default)
	}
	if err := cfg.readFiles(v, opts); err != nil {
		return nil, err
	}
	if err := cfg.readEnv(v, opts.Environ, opts.WorkDir); err != nil {
		return nil, err
	}
	if err := cfg.readFlags(v, opts); err != nil {
		return nil, err
	}
	cfg.fill(v)
	return cfg, nil
}

func environment(opts Options) func(string) string {
	environ := opts.Environ
	if environ == nil {
		return os.Getenv
	}
	return func(name string) string {
		for i := len(environ) - 1; i >= 0; i-- {
			if k, v, ok := strings.Cut(environ[i], "="); ok && k == name {
				return v
			}
		}
		return ""
	}
}

func (c *Config) readFiles(v *viper.Viper, opts Options) error {
	c.UserFile = filepath.Join(c.ConfigDir, "config.yaml")
	c.ProjectFile = filepath.Join(opts.WorkDir, "easel.yaml")
	if opts.ConfigFile != "" {
		c.UserFile = opts.ConfigFile
		if !filepath.IsAbs(c.UserFile) {
			c.UserFile = filepath.Join(opts.WorkDir, c.UserFile)
		}
	}
	for _, source := range []struct {
		kind Kind
		path string
	}{{User, c.UserFile}, {Project, c.ProjectFile}} {
		data, err := readFile(source.path)
		if errors.Is(err, fs.ErrNotExist) && (source.kind == Project || opts.ConfigFile == "") {
			continue
		} else if err != nil {
			return err
		}
		layer, err := readLayer(data, source.path, source.kind)
		if err != nil {
			return err
		}
		if err := c.apply(v, layer, source.path); err != nil {
			return err
		}
	}
	return nil
}

// apply lays what a file says over what is known.
func (c *Config) apply(v *viper.Viper, l *layer, path string) error {
	for key, value := range l.values {
		if list, ok := value.([]string); ok && key == "registry" {
			l.values[key] = c.absolute(list, filepath.Dir(path))
		}
	}
	if err := v.MergeConfigMap(nested(l.values)); err != nil {
		return &FileError{Path: path, Problems: []Problem{{Message: err.Error()}}, Err: err}
	}
	for key, origin := range l.origins {
		c.origins[key] = origin
	}
	for name, b := range l.backends {
		if l.kind == User {
			c.userBackends[name] = b
		}
		c.Backends[name] = b
	}
	for name, p := range l.presets {
		c.Presets[name] = p
	}
	maps.Copy(c.Models, l.models)
	if !l.hasSecrets() || !readableByOthers(path) {
		return nil
	}
	exposed := &ExposedError{Path: path}
	if l.kind == User {
		return exposed
	}
	// A project's secrets go only where it says itself.
	c.Exposed = append(c.Exposed, exposed)
	return nil
}

// nested turns "inpaint.workflow" into maps within maps, as viper merges them.
func nested(values map[string]any) map[string]any {
	tree := map[string]any{}
	for key, value := range values {
		parent, at := tree, strings.Split(key, ".")
		for _, part := range at[:len(at)-1] {
			child, ok := parent[part].(map[string]any)
			if !ok {
				child = map[string]any{}
				parent[part] = child
			}
			parent = child
		}
		parent[at[len(at)-1]] = value
	}
	return tree
}

// readEnv lays EASEL_* over the files. Viper could read them itself, but only
// from the process's environment, and without checking them.
func (c *Config) readEnv(v *viper.Viper, environ []string, workDir string) error {
	for _, k := range keys() {
		name := k.Env()
		text := c.getenv(name)
		if text == "" {
			continue
		}
		value, err := k.parse(text)
		if err != nil {
			return &ValueError{Source: name, Value: text, Message: err.Error()}
		}
		c.override(v, k, value, workDir, Origin{Kind: Env, Path: name})
	}
	const models = "EASEL_MODELS_"
	for _, name := range variables(environ) {
		folder, ok := strings.CutPrefix(name, models)
		if folder = strings.ToLower(folder); ok && isFolder(folder) && c.getenv(name) != "" {
			c.Models[folder], c.origins[modelsPrefix+folder] = c.getenv(name), Origin{Kind: Env, Path: name}
		}
	}
	return nil
}

// variables are the names of an environment; nil is the process's.
func variables(environ []string) []string {
	if environ == nil {
		environ = os.Environ()
	}
	names := make([]string, len(environ))
	for i, v := range environ {
		names[i], _, _ = strings.Cut(v, "=")
	}
	return names
}

func (c *Config) readFlags(v *viper.Viper, opts Options) error {
	for key, text := range opts.Flags {
		k, err := lookup(key)
		if err != nil {
			return err
		}
		flag := "--" + strings.NewReplacer(".", "-", "_", "-").Replace(key)
		value, err := k.parse(text)
		if err != nil {
			return &ValueError{Source: flag, Value: text, Message: err.Error()}
		}
		c.override(v, k, value, opts.WorkDir, Origin{Kind: Flag, Path: flag})
	}
	return nil
}

func (c *Config) override(v *viper.Viper, k Key, value any, workDir string, from Origin) {
	if list, ok := value.([]string); ok && k.Name == "registry" {
		value = c.absolute(list, workDir)
	}
	v.Set(k.Name, value)
	c.origins[k.Name] = from
}

// absolute makes paths absolute: against the folder of the file that names
// them, and ~ is the home folder.
func (c *Config) absolute(paths []string, dir string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		if p = c.ExpandHome(p); !filepath.IsAbs(p) {
			p = filepath.Join(dir, p)
		}
		if abs, err := filepath.Abs(p); err == nil {
			p = abs
		}
		out[i] = p
	}
	return out
}

// ExpandHome replaces a leading ~ by the home folder, as shells do, though not
// behind an equals sign: --out=~/art.
func (c *Config) ExpandHome(p string) string {
	if home := c.home(); home != "" && (p == "~" || strings.HasPrefix(p, "~/")) {
		return filepath.Clean(home) + p[1:] // a slash at the end stays: it says folder
	}
	return p
}

// fill takes the merged settings out of viper.
func (c *Config) fill(v *viper.Viper) {
	c.Backend = v.GetString("backend")
	c.Out = c.ExpandHome(v.GetString("out"))
	c.Name = v.GetString("name")
	c.Provenance = v.GetString("provenance")
	c.Format = v.GetString("format")
	c.Preview = v.GetString("preview")
	c.Reconnect = v.GetDuration("reconnect")
	c.Timeout = v.GetDuration("timeout")
	c.LogLevel = v.GetString("log_level")
	c.Workflow = v.GetString("workflow")
	c.Inpaint.Workflow = v.GetString("inpaint.workflow")
	c.Spool.Limit, _ = parseSize(v.GetString("spool.limit")) // checked before
	c.Supabase = Supabase{v.GetString("supabase.rows"), v.GetString("supabase.table")}
	c.S3 = S3{
		Endpoint: v.GetString("s3.endpoint"), Region: v.GetString("s3.region"), Profile: v.GetString("s3.profile"),
		PathStyle: v.GetString("s3.path_style"), StorageClass: v.GetString("s3.storage_class"), ACL: v.GetString("s3.acl"),
		Encryption: v.GetString("s3.encryption"), CacheControl: v.GetString("s3.cache_control"), Checksums: v.GetString("s3.checksums"),
	}
	c.Registry = v.GetStringSlice("registry")
	c.AllowOrigins = v.GetStringSlice("allow_origins")
	for _, k := range keys() {
		c.values[k.Name] = k.text(v.Get(k.Name))
	}
	maps.DeleteFunc(c.Models, func(_, file string) bool { return file == "" })
	for folder, file := range c.Models {
		c.values[modelsPrefix+folder] = file
	}
	c.values["backend"] = WithoutUser(c.values["backend"])
}

// Get returns a setting as text, the way Set takes it, and where it came from;
// an address comes without user and password.
// Besides the names of Keys it knows backends.NAME.url. An unknown key is a
// *KeyError.
func (c *Config) Get(key string) (string, Origin, error) {
	if rest, ok := strings.CutPrefix(key, "backends."); ok {
		name, isURL := strings.CutSuffix(rest, ".url")
		if b, known := c.Backends[name]; isURL && known {
			return WithoutUser(b.URL), b.Origin, nil
		}
	}
	k, err := lookup(key)
	if err != nil {
		return "", Origin{}, err
	}
	return c.values[k.Name], c.Origin(k.Name), nil
}
