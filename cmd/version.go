package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what records and --version say; "dev" for a build from source
// that carries no version.
func (a *app) version() string {
	if v := a.build.Version; v != "" {
		return v
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  easel version\n  easel version --json",
		Args:    exactArgs(),
		RunE:    func(*cobra.Command, []string) error { return runVersion(a) },
	}
}

func runVersion(a *app) error {
	v := struct {
		Version  string `json:"version"`
		Commit   string `json:"commit,omitempty"`
		Date     string `json:"date,omitempty"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
	}{a.version(), a.build.Commit, a.build.Date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if a.global.json {
		return a.printJSON(v)
	}
	_, err := fmt.Fprintf(a.streams.Out, "easel %s (%s, %s)\n", v.Version, v.Go, v.Platform)
	return err
}
