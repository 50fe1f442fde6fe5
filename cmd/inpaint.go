package cmd

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// newInpaintCmd builds `inpaint`: generate with a picture first, and the flags
// of the workflow that --workflow or the configuration names.
func newInpaintCmd(a *app, args []string) (*cobra.Command, error) {
	opts := &generateOptions{app: a}
	c := &cobra.Command{
		Use:   "inpaint IMAGE [PROMPT...]",
		Short: "Repaint a part of a picture and leave the rest as it is",
		Long: `Repaint the masked part of a picture. Words after IMAGE say what it shows then.

A mask is a file (white is repainted), drawn by the flags below, or both: the
parts are united. Outside the mask the result is the original, pixel by pixel,
at its own size; where the seam shows, --mask-feather blends both along it. Of a
picture larger than the model paints well, it gets what is around a small mask,
at full detail; --mask-whole gives it the whole, scaled down. Flags of the
workflow's parameters work as with generate; --workflow or the setting
inpaint.workflow choose the workflow.`,
		Example: `  easel inpaint photo.jpg "a straw hat" --mask hat.png
  easel inpaint photo.jpg "a red door" --mask-rect 40%,30%,20%,60% --mask-feather 8
  easel inpaint photo.jpg "more beach" --expand left=256,bottom=10% --mask-feather 16 -w flux_inpaint
  easel inpaint photo.jpg --mask-ellipse 100,80,200,200 --mask-preview mask.png --dry-run`,
		ValidArgsFunction: firstWord(cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("easel inpaint photo.jpg \"a straw hat\" --mask hat.png", "inpaint needs a picture")
			}
			image, err := opts.pictureParameter()
			if err != nil {
				return err
			}
			opts.picture = []plan.File{{Type: registry.TypeImage, Parameter: image, Path: args[0], Origin: registry.FromFlag}}
			opts.words = args[1:]
			return runGenerate(c.Context(), opts)
		},
	}
	opts.addFlags(c)
	addWorkflowFlag(c.Flags())
	_ = c.RegisterFlagCompletionFunc("workflow", a.completeWorkflows)
	id, meant := inpaintWorkflow(a, args)
	if !meant {
		return c, nil
	}
	if id == "" {
		cfg, err := a.config()
		if err != nil {
			return nil, err
		}
		id = cfg.Inpaint.Workflow
	}
	return c, opts.aimAt(c, args, id, a.resolveTarget)
}

func addWorkflowFlag(f *pflag.FlagSet) *string {
	return f.StringP("workflow", "w", "", "the `WORKFLOW` to use (default from the setting inpaint.workflow: qwen_inpaint)")
}

// inpaintWorkflow finds --workflow before the flags of that workflow are known,
// and reports whether the command line is for inpaint at all.
func inpaintWorkflow(a *app, args []string) (id string, meant bool) {
	var workflow *string
	words, _ := scanWords(a, args, func(f *pflag.FlagSet) { workflow = addWorkflowFlag(f) })
	return *workflow, len(words) > 0 && words[0] == "inpaint"
}

// pictureParameter is the parameter that takes the picture to repaint.
func (o *generateOptions) pictureParameter() (string, error) {
	params, err := o.target.workflow.Parameters()
	if err != nil {
		return "", err
	}
	p := plan.WithRole(params, registry.RoleImage)
	if p == nil || plan.WithRole(params, registry.RoleMask) == nil {
		return "", &invalidError{
			"workflow " + o.target.workflow.ID + " takes no picture with a mask",
			"those that do are among: easel workflows list --category editing",
		}
	}
	return p.Name, nil
}
