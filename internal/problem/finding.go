package problem

import (
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// OfFinding words what a backend refuses, with the commands and flags that help.
// address is how --backend names the backend; "" when it cannot.
func OfFinding(f preflight.Finding, address string) registry.Problem {
	p := f.Problem
	if f.Lists != nil {
		p.List = listing(*f.Lists, address)
	}
	var hints []string
	if o := f.Offer; o != nil {
		flag := "--set " + o.Target.String() + "="
		if o.Parameter != "" {
			flag = "--" + flagOf(o.Parameter) + " "
		}
		hints = append(hints, fmt.Sprintf("%s%s takes one that is there; %s shows all", flag, ShellQuote(o.Value), p.List))
	}
	if f.Needs != "" {
		hints = append(hints, fmt.Sprintf("easel workflows needs %s prints how to get it", f.Needs))
	}
	if f.Page != "" {
		hints = append(hints, "it is offered on "+f.Page)
	}
	if p.Hint != "" {
		hints = append(hints, p.Hint)
	}
	p.Hint = strings.Join(hints, "; ")
	return p
}

// OfLack is a lack in a word: "loras/milan.safetensors (or --lora: 3 there)".
func OfLack(l preflight.Lack) string {
	if l.Instead == "" {
		return l.What
	}
	return fmt.Sprintf("%s (or --%s: %d there)", l.What, flagOf(l.Instead), l.Models)
}

// listing is the command that lists what an input takes on a backend.
func listing(v preflight.Values, address string) string {
	words := "easel models " + v.Class + "." + v.Input
	switch {
	case v.Folder != "":
		words = "easel models " + v.Folder
	case v.Input == "sampler_name":
		words = "easel models samplers"
	case v.Input == "scheduler":
		words = "easel models schedulers"
	}
	if address != "" {
		words += " --backend " + address
	}
	return words
}

// flagOf is the flag of a parameter, without its dashes.
func flagOf(parameter string) string { return strings.ReplaceAll(parameter, "_", "-") }
