package config

// hasKeyring reports whether somebody is there to keep secrets: without a session
// bus, as on servers, asking for one would only take time.
func (c *Config) hasKeyring() bool { return c.getenv("DBUS_SESSION_BUS_ADDRESS") != "" }
