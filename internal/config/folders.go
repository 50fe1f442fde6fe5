package config

import (
	"errors"
	"path/filepath"
	"runtime"
)

// findFolders decides where easel keeps its files: XDG_* when they are set to
// absolute paths, as their specification demands, else the system's folders.
func (c *Config) findFolders() error {
	home := c.home()
	var config, data, cache string
	switch runtime.GOOS {
	case "windows":
		config, data = c.getenv("AppData"), c.getenv("LocalAppData")
		cache = join(data, "cache")
	case "darwin", "ios":
		config = join(home, "Library", "Application Support")
		data, cache = config, join(home, "Library", "Caches")
	default:
		config, data, cache = join(home, ".config"), join(home, ".local", "share"), join(home, ".cache")
	}
	for _, f := range []struct {
		to            *string
		variable, dir string
	}{
		{&c.ConfigDir, "XDG_CONFIG_HOME", config},
		{&c.DataDir, "XDG_DATA_HOME", data},
		{&c.CacheDir, "XDG_CACHE_HOME", cache},
	} {
		dir := f.dir
		if xdg := c.getenv(f.variable); filepath.IsAbs(xdg) {
			dir = xdg
		}
		if dir == "" {
			return errors.New("cannot tell where to keep settings and history: neither the home folder nor " + f.variable + " is set")
		}
		*f.to = filepath.Join(dir, "easel")
	}
	return nil
}

func (c *Config) home() string {
	if runtime.GOOS == "windows" {
		return c.getenv("USERPROFILE")
	}
	return c.getenv("HOME")
}

// join is filepath.Join that keeps an unknown folder unknown.
func join(base string, parts ...string) string {
	if base == "" {
		return ""
	}
	return filepath.Join(append([]string{base}, parts...)...)
}
