package cmd

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// paramFlag is the flag of one parameter. It keeps the text; the registry
// coerces and checks all values together, so that all problems show at once.
type paramFlag struct {
	param *registry.Parameter
	opts  *generateOptions
	text  string
}

func (f *paramFlag) String() string { return f.text }

// Type is the word that help shows after the flag.
func (f *paramFlag) Type() string { return typeWord(f.param) }

func (f *paramFlag) Set(s string) error {
	f.text = s
	if f.param.Type == registry.TypeText || f.param.Type == registry.TypeString {
		var err error
		if s, err = f.opts.app.expandText("--"+strings.ReplaceAll(f.param.Name, "_", "-"), s); err != nil {
			return err
		}
	}
	f.opts.flags = append(f.opts.flags, plan.Value{Name: f.param.Name, Text: s, Origin: registry.FromFlag})
	return nil
}

// IsBoolFlag lets --tiled mean --tiled=true.
func (f *paramFlag) IsBoolFlag() bool { return f.param.Type == registry.TypeBool }

func typeWord(p *registry.Parameter) string {
	word := string(p.Type)
	switch {
	case len(p.Choices) > 0 && len(strings.Join(p.Choices, "|")) <= 40:
		word = strings.Join(p.Choices, "|")
	case p.Type.File():
		word = "file"
	case p.Type == registry.TypeText:
		word = "text"
	}
	if p.List && p.Splits() {
		word += ",..."
	}
	return word
}

// addParameterFlags gives the command a flag per parameter of the workflow.
func (o *generateOptions) addParameterFlags(c *cobra.Command) error {
	params, err := o.target.workflow.Parameters()
	if err != nil {
		return err
	}
	f, reserved := c.Flags(), reservedFlags()
	for _, p := range params {
		if p.Type == registry.TypeImage {
			o.addImageFlag(f)
		}
		if p.Name == "image" {
			continue // --image takes it
		}
		name := flagName(reserved, p.Name)
		if f.Lookup(name) != nil {
			name = "param-" + name // a flag of inpaint or rerun
		}
		flag := f.VarPF(&paramFlag{param: p, opts: o}, name, "", paramUsage(p))
		flag.Annotations = map[string][]string{paramAnnotation: {p.Name}}
		if p.Type == registry.TypeBool {
			flag.NoOptDefVal = "true"
		}
		if len(p.Choices) > 0 {
			completeWords(c, name, p.Choices...)
		} else if !p.Type.File() {
			_ = c.RegisterFlagCompletionFunc(name, o.app.completeChoices(o.target.workflow, p))
		}
	}
	if p := plan.WithRole(params, registry.RoleMask); p != nil {
		o.addMaskFlags(f, p)
	}
	for _, p := range params { // a standard input has its own flag too, whatever it is called here
		name := strings.ReplaceAll(string(p.Role), "_", "-")
		if p.Type == registry.TypeVideo || p.Type == registry.TypeAudio {
			name = string(p.Type) // the first one's
		}
		if name != "" && f.Lookup(name) == nil && reserved.Lookup(name) == nil {
			f.VarPF(&paramFlag{param: p, opts: o}, name, "", paramUsage(p)).Hidden = true
		}
	}
	return nil
}

// paramAnnotation marks the flags that are parameters, for help.
const paramAnnotation = "easel_parameter"

// flagName is the flag of a parameter: its own name, or --param-NAME when every
// workflow has a flag of that name.
func flagName(reserved *pflag.FlagSet, param string) string {
	name := strings.ReplaceAll(param, "_", "-")
	if reserved.Lookup(name) != nil {
		return "param-" + name
	}
	return name
}

// addImageFlag adds --image once, whatever the image parameters are called.
func (o *generateOptions) addImageFlag(f *pflag.FlagSet) {
	if f.Lookup("image") == nil {
		flag := f.VarPF(&listFlag{&o.images, "file"}, "image", "i", "input image: a file, a URL, or - for stdin; NAME=FILE when there are several (repeatable)")
		flag.Annotations = map[string][]string{paramAnnotation: {"image"}}
	}
}

// A listFlag collects every use of a flag, unsplit.
type listFlag struct {
	values *[]string
	word   string
}

func (l *listFlag) String() string     { return strings.Join(*l.values, ",") }
func (l *listFlag) Type() string       { return l.word }
func (l *listFlag) Set(s string) error { *l.values = append(*l.values, s); return nil }

// paramUsage is the one line that help and completion show for a parameter.
func paramUsage(p *registry.Parameter) string {
	parts := []string{}
	if d := strings.TrimSuffix(p.Description, "."); d != "" {
		parts = append(parts, d)
	} else if p.Label != "" {
		parts = append(parts, p.Label)
	}
	if r := rangeOf(p); r != "" {
		parts = append(parts, r)
	}
	text := strings.Join(parts, ", ")
	if p.List && !p.Splits() {
		text += " (repeatable)"
	}
	if d := defaultOf(p); d != "" {
		text += " (default " + d + ")"
	} else if p.Required {
		text += " (required)"
	}
	return text
}

// rangeOf is the allowed range as text: "1 to 100 steps", "" without limits.
func rangeOf(p *registry.Parameter) string {
	var s string
	switch {
	case p.Min != "" && p.Max != "":
		s = p.Min.String() + " to " + p.Max.String()
	case p.Min != "":
		s = "at least " + p.Min.String()
	case p.Max != "":
		s = "at most " + p.Max.String()
	default:
		return ""
	}
	if p.Unit != "" {
		s += " " + p.Unit
	}
	if step := p.SizeStep(); step != "" {
		s += " in steps of " + step
	}
	return s
}

// defaultOf is the default as the user would type it.
func defaultOf(p *registry.Parameter) string {
	if len(p.Default) == 0 || string(p.Default) == "null" {
		if p.Type == registry.TypeSeed {
			return "random"
		}
		return ""
	}
	s := jsonText(p.Default)
	if p.List {
		s = strings.Join(registry.Value{JSON: p.Default}.Texts(), ", ")
	}
	if p.Type == registry.TypeSeed && s == "-1" {
		return "random"
	}
	if s == "" {
		return ""
	}
	if len(s) > 60 {
		return "a text"
	}
	return s
}

// completeWords completes a flag from a fixed list.
func completeWords(c *cobra.Command, flag string, words ...string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// reservedFlags are the flags that generate has for every workflow.
func reservedFlags() *pflag.FlagSet {
	scan := &generateOptions{app: &app{}}
	f := pflag.NewFlagSet("reserved", pflag.ContinueOnError)
	f.BoolP("help", "h", false, "")
	scan.app.addGlobals(f)
	scan.addRunFlags(f)
	return f
}
