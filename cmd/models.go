package cmd

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// modelsOptions say which of the things that a backend has are listed.
type modelsOptions struct {
	app        *app
	what       string // a folder, samplers, schedulers, Class.input; "" = all model folders
	samplers   bool
	schedulers bool
	search     string
	backend    string
}

func newModelsCmd(a *app) *cobra.Command {
	o := &modelsOptions{app: a}
	c := &cobra.Command{
		Use:   "models [FOLDER]",
		Short: "List what the backend has: model files, samplers, schedulers",
		Long: `List the model files of the backend, all or those of a FOLDER (checkpoints, loras,
vae, upscale_models, ...), by the names that parameters take. FOLDER may also be
samplers, schedulers, or any input of a node that has a list: KSampler.scheduler.`,
		Example: `  easel models
  easel models loras --search milan
  easel models samplers --backend studio
  easel models checkpoints --jq '.[].name'
  easel models ImageScaleBy.upscale_method`,
		Args:              atMostOne("one folder"),
		ValidArgsFunction: firstWord(completeFolders),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.what = args[0]
			}
			return runModels(c.Context(), o)
		},
	}
	c.Flags().BoolVar(&o.samplers, "samplers", false, "list the samplers")
	c.Flags().BoolVar(&o.schedulers, "schedulers", false, "list the schedulers")
	c.Flags().StringVar(&o.search, "search", "", "only names with these `WORDS` in them")
	addBackendFlag(a, c, &o.backend)
	return c
}

func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return append(inventory.Folders(), inventory.Samplers, inventory.Schedulers), cobra.ShellCompDirectiveNoFileComp
}

// check makes one word of the two ways to ask.
func (o *modelsOptions) check() error {
	words := 0
	for word, asked := range map[string]bool{inventory.Samplers: o.samplers, inventory.Schedulers: o.schedulers, o.what: o.what != ""} {
		if asked {
			words++
			o.what = word
		}
	}
	if words > 1 {
		return usagef("ask one after the other", "models lists one thing at a time, a folder or --samplers or --schedulers")
	}
	return nil
}

func runModels(ctx context.Context, o *modelsOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	be, inv, err := o.app.openInventory(ctx, o.backend, 5*time.Second)
	if err != nil {
		return err
	}
	defer be.Close()
	inv.Memory = askAnew{inv.Memory} // who asks for a list wants the present one
	found, err := listModels(ctx, inv, o.what)
	if err != nil {
		return err
	}
	return o.print(be, found)
}

// listModels lists what a backend has, with the nearest names of what it has not.
func listModels(ctx context.Context, inv *inventory.Inventory, what string) ([]inventory.Item, error) {
	found, err := inv.List(ctx, what)
	if unknown, ok := errors.AsType[*inventory.UnknownError](err); ok {
		return nil, &invalidError{unknown.Error(), problem.NearestHint(unknown.Nearest, "easel models")}
	}
	return found, err
}

func (o *modelsOptions) print(be *backends.Backend, found []inventory.Item) error {
	a := o.app
	shown := []inventory.Item{}
	for _, item := range found {
		if hasWords(item.Name, o.search) {
			shown = append(shown, item)
		}
	}
	if a.global.json {
		return a.printJSON(shown)
	}
	t := term.NewTable(a.streams, "FOLDER", "NAME").Whole(0, 1)
	for _, item := range shown {
		t.Row(item.Folder, item.Name)
	}
	switch {
	case len(shown) > 0:
	case o.search != "" && len(found) > 0:
		a.note("%s has nothing like that; without --search there are %d", be.Name, len(found))
	case o.what != "":
		a.note("%s has no %s", be.Name, o.what)
	default:
		a.note("%s has no model files", be.Name)
	}
	return t.Flush()
}

// hasWords reports whether each word of a search is in a text, in any case.
func hasWords(text, search string) bool {
	text = strings.ToLower(text)
	for word := range strings.FieldsSeq(strings.ToLower(search)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
