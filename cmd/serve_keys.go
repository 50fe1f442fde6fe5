package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newServeKeysCmd(a *app) *cobra.Command {
	o := &keyOptions{app: a, database: databaseOptions{app: a}}
	c := group("keys", "Make and remove the keys of easel serve",
		"  easel serve keys\n  easel serve keys add laptop",
		newServeKeysAddCmd(o), newServeKeysListCmd(o), newServeKeysRemoveCmd(o))
	c.Long = `Make, list and remove the keys that let programs use easel serve from other
machines. Without a word after it, the keys are listed.`
	o.database.addFlags(c.Flags())
	return c
}

// keyOptions are those of the commands that make and remove keys.
type keyOptions struct {
	app      *app
	database databaseOptions
	scopes   []string
}

func newServeKeysAddCmd(o *keyOptions) *cobra.Command {
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a key and print it, this once",
		Long: `Make a key and print it as the last line. The database keeps its hash only:
who loses it makes another one.`,
		Example: "  easel serve keys add laptop\n  easel serve keys add admin --scope generate,manage",
		Args:    exactArgs("NAME"),
		RunE:    func(c *cobra.Command, args []string) error { return runServeKeysAdd(c.Context(), o, args[0]) },
	}
	o.database.addFlags(c.Flags())
	c.Flags().StringSliceVar(&o.scopes, "scope", []string{string(jobs.ScopeGenerate)}, "what it allows: `generate|manage|graphs` (repeatable)")
	return c
}

func runServeKeysAdd(ctx context.Context, o *keyOptions, name string) error {
	scopes := make([]jobs.Scope, len(o.scopes))
	for i, s := range o.scopes {
		if scopes[i] = jobs.Scope(s); !scopes[i].Valid() {
			return usagef("there are generate, manage and graphs", "no scope is called %q", s)
		}
	}
	if strings.TrimSpace(name) == "" || len(name) > 100 {
		return usagef("easel serve keys add laptop", "the name of a key is a word or two")
	}
	db, err := o.database.open(ctx, jobs.Options{})
	if err != nil {
		return err
	}
	defer db.Close(ctx) // the key is written
	key, secret, err := db.AddKey(ctx, name, scopes)
	if errors.Is(err, jobs.ErrState) {
		return &invalidError{fmt.Sprintf("there is a key %q already", name), "easel serve keys remove " + name + " makes it invalid"}
	}
	if err != nil {
		return err
	}
	if o.app.global.json {
		return o.app.printJSON(struct {
			Name   string       `json:"name"`
			Scopes []jobs.Scope `json:"scopes"`
			Key    string       `json:"key"`
		}{key.Name, key.Scopes, secret})
	}
	o.app.note("the key %s, which is shown this once:", name)
	_, err = fmt.Fprintln(o.app.streams.Out, secret)
	return err
}

func newServeKeysListCmd(o *keyOptions) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the keys, by name",
		Example: "  easel serve keys list",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return runServeKeysList(c.Context(), o) },
	}
	o.database.addFlags(c.Flags())
	return c
}

func runServeKeysList(ctx context.Context, o *keyOptions) error {
	db, err := o.database.open(ctx, jobs.Options{})
	if err != nil {
		return err
	}
	defer db.Close(ctx) // nothing was written
	keys, err := db.Keys(ctx)
	if err != nil {
		return err
	}
	if o.app.global.json {
		type view struct {
			Name     string       `json:"name"`
			Scopes   []jobs.Scope `json:"scopes"`
			Created  string       `json:"created_at"`
			LastUsed *string      `json:"last_used_at"`
		}
		views := make([]view, len(keys))
		for i, k := range keys {
			views[i] = view{Name: k.Name, Scopes: slices.Clone(k.Scopes), Created: k.Created.UTC().Format("2006-01-02T15:04:05Z")}
			if !k.LastUsed.IsZero() {
				at := k.LastUsed.UTC().Format("2006-01-02T15:04:05Z")
				views[i].LastUsed = &at
			}
		}
		return o.app.printJSON(views)
	}
	t := term.NewTable(o.app.streams, "NAME", "SCOPES", "MADE", "LAST USED")
	for _, k := range keys {
		words := make([]string, len(k.Scopes))
		for i, s := range k.Scopes {
			words[i] = string(s)
		}
		used := "never"
		if !k.LastUsed.IsZero() {
			used = k.LastUsed.Format("2006-01-02 15:04")
		}
		t.Row(k.Name, strings.Join(words, " "), k.Created.Format("2006-01-02 15:04"), used)
	}
	return t.Flush()
}

func newServeKeysRemoveCmd(o *keyOptions) *cobra.Command {
	c := &cobra.Command{
		Use:     "remove NAME",
		Short:   "Make a key invalid",
		Example: "  easel serve keys remove laptop",
		Args:    exactArgs("NAME"),
		RunE:    func(c *cobra.Command, args []string) error { return runServeKeysRemove(c.Context(), o, args[0]) },
	}
	o.database.addFlags(c.Flags())
	return c
}

func runServeKeysRemove(ctx context.Context, o *keyOptions, name string) error {
	db, err := o.database.open(ctx, jobs.Options{})
	if err != nil {
		return err
	}
	defer db.Close(ctx) // it is removed
	err = db.RemoveKey(ctx, name)
	if errors.Is(err, jobs.ErrNotFound) {
		return &invalidError{fmt.Sprintf("there is no key %q", name), "easel serve keys list shows them"}
	}
	return err
}
