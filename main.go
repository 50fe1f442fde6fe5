// Command easel turns ComfyUI workflows into typed commands.
package main

import (
	"os"

	"github.com/seed-7d77cb5c/easel/cmd"
)

// Set by the release build.
var version, commit, date string

func main() {
	os.Exit(cmd.Main(cmd.Build{Version: version, Commit: commit, Date: date}))
}
