package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// plan turns the command line into requests, one per run.
func (o *generateOptions) plan(ctx context.Context) ([]run.Request, error) {
	wf := o.target.workflow
	params, err := wf.Parameters()
	if err != nil {
		return nil, err
	}
	if err := o.oneStdin(params); err != nil {
		return nil, err
	}
	args, err := o.arguments(params)
	if err != nil {
		return nil, err
	}
	person, err := o.person()
	if err != nil {
		return nil, err
	}
	var expand run.Expand
	if o.dynamic {
		if expand, err = o.app.expandDynamic(); err != nil {
			return nil, err
		}
	}
	base := run.Request{
		Workflow: wf, Character: person, Timeout: o.timeout,
		Naming: o.output.naming(), Sidecar: o.output.sidecar(), Embed: o.output.embed(),
		Preview: o.wantsPreview(), Mask: o.mask.request(), Expand: expand,
	}
	perImage, shared, err := o.imageRuns(params)
	if err != nil {
		return nil, err
	}
	args = append(args, shared...)
	var plan []run.Request
	for _, image := range perImage {
		req := base
		req.Args = append(append([]registry.Arg{}, args...), image...)
		counted, err := o.counted(req)
		if err != nil {
			return nil, err
		}
		plan = append(plan, counted...)
	}
	if o.target.again != nil {
		o.target.again.adjust(o, plan)
	}
	return plan, nil
}

// oneStdin refuses a second input from stdin, which would be the first one's
// bytes again.
func (o *generateOptions) oneStdin(params []*registry.Parameter) error {
	var readers []string
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

// arguments gathers values from every place but --image, weakest first.
func (o *generateOptions) arguments(params []*registry.Parameter) ([]registry.Arg, error) {
	args := append([]registry.Arg{}, o.target.preset...)
	if o.dynamic && o.target.again != nil {
		args = append(args, o.target.again.templates()...)
	}
	asked, err := o.useRequest(params)
	if err != nil {
		return nil, err
	}
	args = append(args, asked...)
	if o.params != "" {
		more, err := o.app.readParams(o.params)
		if err != nil {
			return nil, err
		}
		args = append(args, more...)
	}
	for _, s := range o.sets {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usagef("write --set steps=30 or --set 'KSampler.steps=30'", "--set %q has no name=value", s)
		}
		args = append(args, registry.Arg{Name: name, Text: value, Origin: registry.FromSet})
	}
	flags, err := spreadMedia(o.flags, params, o.target.word)
	if err != nil {
		return nil, err
	}
	return o.withWords(append(args, flags...), params)
}

// withWords makes the words after WORKFLOW the prompt.
func (o *generateOptions) withWords(args []registry.Arg, params []*registry.Parameter) ([]registry.Arg, error) {
	if len(o.words) == 0 {
		return args, nil
	}
	prompt := byRole(params, registry.RolePrompt)
	if prompt == nil {
		for _, w := range o.words {
			if _, err := os.Stat(o.app.path(w)); err == nil {
				return nil, usagef("pass it as --image "+w, "%s takes no prompt, and %q is a file", o.target.word, w)
			}
		}
		return nil, usagef("easel workflows show "+o.target.word+" lists its parameters", "%s takes no prompt", o.target.word)
	}
	for _, a := range o.flags {
		if a.Name == prompt.Name {
			return nil, usagef("use one of them", "the prompt is given twice: as words and with --%s", prompt.Name)
		}
	}
	return append(args, registry.Arg{Name: prompt.Name, Text: strings.Join(o.words, " "), Origin: registry.FromFlag}), nil
}

func byRole(params []*registry.Parameter, role registry.Role) *registry.Parameter {
	for _, p := range params {
		if p.Role == role {
			return p
		}
	}
	return nil
}

func (o *generateOptions) person() (*registry.Character, error) {
	id := o.character
	if id == "" {
		id = o.target.person
	}
	if id == "" {
		return nil, nil
	}
	reg, err := o.app.registry()
	if err != nil {
		return nil, err
	}
	return reg.Character(id)
}

// imageRuns gives the --image files to image parameters: by NAME=FILE, else in
// order. On a workflow that supports batches each file is a run of its own.
func (o *generateOptions) imageRuns(params []*registry.Parameter) (perRun [][]registry.Arg, shared []registry.Arg, err error) {
	var slots []*registry.Parameter
	for _, p := range params {
		if p.Type == registry.TypeImage {
			slots = append(slots, p)
		}
	}
	var loose []string
	taken := map[string]bool{}
	for _, given := range o.images {
		if p, file, ok := cutSlot(slots, given); ok {
			shared = append(shared, registry.Arg{Name: p.Name, Text: file, Origin: registry.FromFlag})
			taken[p.Name] = true
			continue
		}
		loose = append(loose, given)
	}
	free := slots[:0:0]
	for _, p := range slots {
		if !taken[p.Name] {
			free = append(free, p)
		}
	}
	wf := o.target.workflow
	if wf.SupportsBatch && len(free) > 0 && len(loose) > 0 {
		if limit := wf.MaxBatchSize; limit > 0 && len(loose) > limit {
			return nil, nil, &invalidError{
				fmt.Sprintf("%s takes at most %d images at once, but %d were given", wf.ID, limit, len(loose)),
				"split them over several commands",
			}
		}
		for _, file := range loose {
			perRun = append(perRun, []registry.Arg{{Name: free[0].Name, Text: file, Origin: registry.FromFlag}})
		}
		return perRun, shared, nil
	}
	if len(loose) > len(free) && (len(free) != 1 || !free[0].List) {
		return nil, nil, &invalidError{
			fmt.Sprintf("%s takes %d %s, but %d were given", wf.ID, len(slots), plural(len(slots), "image"), len(o.images)),
			"easel workflows show " + o.target.word + " lists its inputs",
		}
	}
	for i, file := range loose {
		shared = append(shared, registry.Arg{Name: free[min(i, len(free)-1)].Name, Text: file, Origin: registry.FromFlag})
	}
	return [][]registry.Arg{nil}, shared, nil
}

// cutSlot splits NAME=FILE when one of the slots has that name.
func cutSlot(slots []*registry.Parameter, given string) (*registry.Parameter, string, bool) {
	name, file, ok := strings.Cut(given, "=")
	if !ok {
		return nil, "", false
	}
	for _, p := range slots {
		if p.Name == name || p.Name == strings.ReplaceAll(name, "-", "_") {
			return p, file, true
		}
	}
	return nil, "", false
}

// maxCount bounds the runs of one command: all are prepared before the first
// starts, at about 20 KB each.
const maxCount = 10_000

// counted repeats a request --count times with seeds by --seed-mode.
func (o *generateOptions) counted(req run.Request) ([]run.Request, error) {
	switch {
	case o.count == 1:
		return []run.Request{req}, nil
	case o.count > maxCount:
		return nil, usagef("run the command again for more", "a command makes at most %d runs, not %d", maxCount, o.count)
	}
	call, err := req.Resolve()
	if err != nil {
		return nil, err
	}
	param := call.SeedParameter()
	plan := make([]run.Request, o.count)
	for i := range plan {
		plan[i] = req
		if param == nil || o.seedMode == "random" {
			continue
		}
		seed, _ := call.Seed()
		if o.seedMode == "increment" {
			seed = wrapSeed(seed, uint64(i), param)
		}
		plan[i].Args = append(append([]registry.Arg{}, req.Args...), registry.Arg{
			Name: param.Name, JSON: json.RawMessage(strconv.FormatUint(seed, 10)), Origin: registry.FromSweep,
		})
	}
	return plan, nil
}

// wrapSeed counts up from seed and wraps within the parameter's range.
func wrapSeed(seed, step uint64, p *registry.Parameter) uint64 {
	lo, hi := p.SeedRange()
	low := new(big.Int).SetUint64(lo)
	size := new(big.Int).Sub(new(big.Int).SetUint64(hi), low)
	size.Add(size, big.NewInt(1))
	v := new(big.Int).SetUint64(seed)
	v.Sub(v, low).Add(v, new(big.Int).SetUint64(step)).Mod(v, size).Add(v, low)
	return v.Uint64()
}

// readParams reads --params: an object of parameter names and values, in JSON
// or YAML, integers exact.
func (a *app) readParams(name string) ([]registry.Arg, error) {
	data, err := a.readFile("--params", name)
	if err != nil {
		return nil, err
	}
	object, err := registry.DecodeObject(name, data)
	if err != nil {
		return nil, err
	}
	var args []registry.Arg
	for _, m := range object {
		args = append(args, registry.Arg{Name: m.Name, JSON: m.JSON, Origin: registry.FromParams})
	}
	return args, nil
}

// jsonText is the string in a value, or its JSON.
func jsonText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(bytes.TrimSpace(raw))
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
