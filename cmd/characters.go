package cmd

import (
	"github.com/spf13/cobra"
)

func newCharactersCmd(a *app) *cobra.Command {
	return group("characters", "LoRA, words, defaults and a reference picture under a name",
		"  easel characters list\n  easel generate qwen_single \"in a library\" --character milan --image portrait.png",
		newCharactersListCmd(a),
		newCharactersShowCmd(a),
		newCharactersAddCmd(a),
		newCharactersRemoveCmd(a),
	)
}
