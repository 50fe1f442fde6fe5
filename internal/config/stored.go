package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/zalando/go-keyring"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// Names of secrets that belong to a service and to no backend.
const (
	SecretRunPod = "runpod" // RUNPOD_API_KEY
	SecretComfy  = "comfy"  // COMFY_API_KEY
)

// keyringService is what easel is called in the system's keyring.
const keyringService = "easel"

// A StoredSecret is one that was given to easel to keep.
type StoredSecret struct {
	Name    string
	Keyring bool   // it is in the system's keyring, and else in the file
	Origin  string // the only place that it goes to, "" of a service's
}

// stored is one entry of the file of secrets, which only its owner can read.
type stored struct {
	Keyring bool   `json:"keyring,omitempty"`
	Secret  string `json:"secret,omitempty"`
	Origin  string `json:"origin,omitempty"`
}

// SecretsFile holds what auth set keeps: the secrets, or where they are.
func (c *Config) SecretsFile() string { return filepath.Join(c.ConfigDir, "secrets.json") }

func (c *Config) readStored() (map[string]stored, error) {
	path := c.SecretsFile()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]stored{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the secrets: %w", err)
	}
	all := map[string]stored{}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, &FileError{Path: path, Problems: []Problem{{Message: "it is not what easel auth set writes"}}, Err: err}
	}
	if readableByOthers(path) {
		return nil, &ExposedError{Path: path}
	}
	return all, nil
}

func (c *Config) writeStored(all map[string]stored) error {
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.ConfigDir, 0o700); err != nil {
		return err
	}
	return atomicfile.Write(c.SecretsFile(), append(data, '\n'), atomicfile.Options{Mode: 0o600})
}

// Secrets lists what is kept, by name, without the secrets.
func (c *Config) Secrets() ([]StoredSecret, error) {
	all, err := c.readStored()
	if err != nil {
		return nil, err
	}
	var list []StoredSecret
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, StoredSecret{Name: name, Keyring: all[name].Keyring, Origin: all[name].Origin})
	}
	return list, nil
}

// SetSecret keeps a secret: in the system's keyring where there is one and file is
// false, else in a file that only its owner can read. One for a backend of the
// user's goes to the address that this has now, and to no other.
func (c *Config) SetSecret(name string, secret Secret, file bool) (StoredSecret, error) {
	kept := StoredSecret{Name: name}
	if name != SecretRunPod && name != SecretComfy {
		b, known := c.userBackends[name]
		if !known {
			return kept, &UnknownSecretError{Name: name}
		}
		kept.Origin = originOf(b.URL)
	}
	all, err := c.readStored()
	if err != nil {
		return kept, err
	}
	kept.Keyring = !file && c.hasKeyring() && keyring.Set(keyringService, name, secret.Reveal()) == nil
	s := stored{Keyring: kept.Keyring, Origin: kept.Origin}
	if !kept.Keyring {
		s.Secret = secret.Reveal()
	}
	if all[name].Keyring && !kept.Keyring {
		_ = keyring.Delete(keyringService, name) // the file's counts from now on
	}
	all[name] = s
	return kept, c.writeStored(all)
}

// RemoveSecret forgets one; false when there was none.
func (c *Config) RemoveSecret(name string) (bool, error) {
	all, err := c.readStored()
	if err != nil {
		return false, err
	}
	s, known := all[name]
	if !known {
		return false, nil
	}
	if s.Keyring {
		if err := keyring.Delete(keyringService, name); err != nil && !errors.Is(err, keyring.ErrNotFound) {
			return false, fmt.Errorf("remove %s from the keyring: %w", name, err)
		}
	}
	delete(all, name)
	return true, c.writeStored(all)
}

// UnknownSecretError means that a secret is for nothing that easel knows.
type UnknownSecretError struct{ Name string }

func (e *UnknownSecretError) Error() string {
	return fmt.Sprintf("%q is neither runpod, comfy nor a backend of your settings", e.Name)
}

// keptSecret gives the secret of a service, or of a backend at its address; an empty
// one when none is kept.
func (c *Config) keptSecret(name, origin string) (Secret, error) {
	if c.ConfigDir == "" {
		return Secret{}, nil
	}
	all, err := c.readStored()
	if err != nil {
		return Secret{}, err
	}
	s, known := all[name]
	if !known || s.Origin != origin {
		return Secret{}, nil
	}
	if !s.Keyring {
		return NewSecret(s.Secret), nil
	}
	text, err := keyring.Get(keyringService, name)
	if err != nil {
		return Secret{}, &KeyringError{Name: name, Variable: variableOf(name), Err: err}
	}
	return NewSecret(text), nil
}

// variableOf is the variable of the environment that wins over what is kept.
func variableOf(name string) string {
	switch name {
	case SecretRunPod:
		return "RUNPOD_API_KEY"
	case SecretComfy:
		return "COMFY_API_KEY"
	}
	return tokenVariable(name)
}

// KeyringError means that the system's keyring does not give a secret that is in it.
type KeyringError struct {
	Name     string
	Variable string // of the environment, which is asked first
	Err      error
}

func (e *KeyringError) Error() string {
	return fmt.Sprintf("the keyring does not give the secret of %s: %s", e.Name, e.Err)
}
func (e *KeyringError) Unwrap() error { return e.Err }
