package cmd

import (
	"os"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// orders are the runs that the command line asks for.
func (o *generateOptions) orders() ([]plan.Order, error) {
	asked, err := o.asked()
	if err != nil {
		return nil, err
	}
	if o.target.again != nil {
		return o.target.again.Runs(o.app.catalog, asked)
	}
	return o.app.catalog.Expand(asked.Over(o.target.order))
}

// requests are the orders as the engine takes them.
func (o *generateOptions) requests(orders []plan.Order) ([]run.Request, error) {
	requests := make([]run.Request, len(orders))
	for i, order := range orders {
		req, err := o.app.catalog.Resolve(order)
		if err != nil {
			return nil, err
		}
		req.Preview = o.show.wanted(o.app)
		requests[i] = req
	}
	return requests, nil
}

// asked is what the command line itself says: flags, words and what --set,
// --params and --request give, without what WORKFLOW stands for.
func (o *generateOptions) asked() (plan.Order, error) {
	params, err := o.target.workflow.Parameters()
	if err != nil {
		return plan.Order{}, err
	}
	if err := o.checkStdin(params); err != nil {
		return plan.Order{}, err
	}
	asked := plan.Order{
		Character: o.character, Mask: o.mask.given(o.changed), Dynamic: o.dynamic,
		Naming: o.output.naming(), Provenance: o.output.record(), Format: o.output.pictures(), Strip: o.output.public || o.output.strip, Timeout: o.timeout, SeedMode: plan.SeedMode(o.seedMode),
	}
	if o.changed("count") || o.request == "" {
		asked.Count = o.count
	}
	if asked.Values, err = o.values(params); err != nil {
		return plan.Order{}, err
	}
	asked.Files = o.files(params)
	o.addFlagValues(&asked, params)
	if err := o.addWords(&asked, params); err != nil {
		return plan.Order{}, err
	}
	if o.request == "" {
		return asked, nil
	}
	r, err := o.app.readRequest(o.request)
	if err != nil {
		return plan.Order{}, err
	}
	below, err := r.Order(o.target.workflow)
	if err != nil {
		return plan.Order{}, err
	}
	below.Workflow = "" // it is that of the target, which may be a preset or a recorded graph
	return asked.Over(below), nil
}

// checkStdin refuses a second input from stdin, which would be the first one's
// bytes again.
func (o *generateOptions) checkStdin(params []*registry.Parameter) error {
	var readers []string
	for _, f := range o.picture {
		if f.Path == "-" {
			readers = append(readers, "--image")
		}
	}
	for _, image := range o.images {
		if image == "-" || strings.HasSuffix(image, "=-") {
			readers = append(readers, "--image")
		}
	}
	for _, flag := range o.flags {
		i := slices.IndexFunc(params, func(p *registry.Parameter) bool { return p.Name == flag.Name })
		if flag.Text == "-" && i >= 0 && params[i].Type.File() {
			readers = append(readers, "--"+flag.Name)
		}
	}
	if len(readers) > 1 {
		return usagef("put one of them into a file", "%s and %s both read stdin", readers[0], readers[1])
	}
	return nil
}

// values are what --params and --set give.
func (o *generateOptions) values(params []*registry.Parameter) ([]plan.Value, error) {
	var values []plan.Value
	if o.params != "" {
		given, err := o.app.readParams(o.params)
		if err != nil {
			return nil, err
		}
		values = append(values, given...)
	}
	for _, s := range o.sets {
		name, text, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usagef("write --set steps=30 or --set 'KSampler.steps=30'", "--set %q has no name=value", s)
		}
		values = append(values, plan.Value{Name: name, Text: text, Origin: registry.FromSet})
	}
	return values, nil
}

// files are the files of --image.
func (o *generateOptions) files(params []*registry.Parameter) []plan.File {
	files := slices.Clone(o.picture)
	for _, given := range o.images {
		files = append(files, plan.FileFlag(params, registry.TypeImage, given))
	}
	return files
}

// addFlagValues adds the flags of parameters. That of the first video or sound
// takes the files of all, as --image does.
func (o *generateOptions) addFlagValues(asked *plan.Order, params []*registry.Parameter) {
	first := map[string]registry.ParamType{}
	for _, typ := range []registry.ParamType{registry.TypeVideo, registry.TypeAudio} {
		if i := slices.IndexFunc(params, func(p *registry.Parameter) bool { return p.Type == typ }); i >= 0 {
			first[params[i].Name] = typ
		}
	}
	for _, v := range o.flags {
		if typ, ok := first[v.Name]; ok {
			asked.Files = append(asked.Files, plan.FileFlag(params, typ, v.Text))
			continue
		}
		asked.Values = append(asked.Values, v)
	}
}

// addWords makes the words after WORKFLOW the prompt.
func (o *generateOptions) addWords(asked *plan.Order, params []*registry.Parameter) error {
	if len(o.words) == 0 {
		return nil
	}
	word := o.target.word
	prompt := plan.WithRole(params, registry.RolePrompt)
	if prompt == nil {
		for _, w := range o.words {
			if _, err := os.Stat(o.app.path(w)); err == nil {
				return usagef("pass it as --image "+w, "%s takes no prompt, and %q is a file", word, w)
			}
		}
		return usagef("easel workflows show "+word+" lists its parameters", "%s takes no prompt", word)
	}
	if slices.ContainsFunc(o.flags, func(v plan.Value) bool { return v.Name == prompt.Name }) {
		return usagef("use one of them", "the prompt is given twice: as words and with --%s", prompt.Name)
	}
	text := strings.Join(o.words, " ")
	if text == "-" { // as --prompt - does
		var err error
		if text, err = o.app.expandText("the prompt", text); err != nil {
			return err
		}
	}
	asked.Values = append(asked.Values, plan.Value{Name: prompt.Name, Text: text, Origin: registry.FromFlag})
	return nil
}
