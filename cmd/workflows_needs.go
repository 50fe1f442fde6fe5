package cmd

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newWorkflowsNeedsCmd(a *app) *cobra.Command {
	script := ""
	c := &cobra.Command{
		Use:   "needs WORKFLOW...",
		Short: "Print the models that workflows need, or a script that downloads them",
		Long: `Print the model files that workflows need: folder below ComfyUI's models folder,
file, size, and where each is offered. With --script, print a shell or PowerShell
script that downloads them with curl into the right folders. It goes on where it
was stopped and skips what is there. COMFYUI names ComfyUI's folder; HF_TOKEN is
sent to huggingface.co for models behind a licence.`,
		Example: `  easel workflows needs flux_single
  easel workflows needs flux_single qwen_single --script sh | COMFYUI=/srv/comfyui sh
  easel workflows needs flux_single --script ps1 > get-models.ps1`,
		ValidArgsFunction: a.completeIDs,
		RunE:              func(_ *cobra.Command, args []string) error { return runWorkflowsNeeds(a, args, script) },
	}
	c.Flags().StringVar(&script, "script", "", "print a script for a `SHELL`: sh or ps1")
	completeWords(c, "script", "sh", "ps1")
	return c
}

func runWorkflowsNeeds(a *app, ids []string, script string) error {
	if len(ids) == 0 {
		return usagef("easel workflows list shows them", "workflows needs takes at least one workflow")
	}
	reg, err := a.registry()
	if err != nil {
		return err
	}
	models := []registry.Model{}
	for _, id := range ids {
		wf, err := reg.Workflow(id)
		if err != nil {
			return err
		}
		for _, m := range wf.Models {
			if err := checkModel(wf, m); err != nil {
				return err
			}
			if !slices.ContainsFunc(models, func(o registry.Model) bool { return o.Folder == m.Folder && o.File == m.File }) {
				models = append(models, m)
			}
		}
	}
	switch script {
	case "":
	case "sh", "ps1":
		if a.global.json {
			return usagef("leave one of them out", "--script and --json both write to stdout")
		}
		text := shellScript(ids, models)
		if script == "ps1" {
			text = powerShellScript(ids, models)
		}
		_, err := fmt.Fprint(a.streams.Out, text)
		return err
	default:
		return usagef("it is sh or ps1", "unknown --script %q", script)
	}
	if a.global.json {
		return a.printJSON(models)
	}
	t := term.NewTable(a.streams, "FOLDER", "FILE", "SIZE", "FROM").Whole(0, 1, 3)
	for _, m := range models {
		from := m.URL
		if from == "" {
			from = m.Page
		}
		t.Row(m.Folder, m.File, gigabytes(m.SizeGB), from)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(models) == 0 {
		a.note("%s: no model is needed, or none is declared", strings.Join(ids, ", "))
	}
	return nil
}

// checkModel refuses an entry whose file would land outside of its folder, or
// whose download is no web address: a script is run without being read.
func checkModel(wf *registry.Workflow, m registry.Model) error {
	for _, p := range []string{m.Folder, m.File} {
		if p != path.Clean(p) || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../") || strings.ContainsAny(p, "\\:\n\r") {
			return &registry.FileError{Path: wf.Source.Path, Message: fmt.Sprintf("workflow %s: model %q in folder %q is not a path below the models folder", wf.ID, m.File, m.Folder)}
		}
	}
	for _, address := range []string{m.URL, m.Page} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(address, " \n\r")) {
			return &registry.FileError{Path: wf.Source.Path, Message: fmt.Sprintf("workflow %s: model %q: %q is not a web address", wf.ID, m.File, address)}
		}
	}
	return nil
}

func totalSize(models []registry.Model) string {
	total := 0.0
	for _, m := range models {
		total += m.SizeGB
	}
	if total == 0 {
		return "size not known"
	}
	return fmt.Sprintf("%.1f GB", total)
}

const shellHead = `#!/bin/sh
# Models of %s for ComfyUI (%s). Run it again to go on where it stopped.
# COMFYUI: ComfyUI's folder. HF_TOKEN: sent to huggingface.co only.
set -eu
root="${COMFYUI:-.}/models"
if [ ! -d "$root" ]; then
  echo "there is no folder $root: set COMFYUI to ComfyUI's folder" >&2
  exit 1
fi
get() { # FOLDER FILE ADDRESS
  to="$root/$1/$2"
  if [ -e "$to" ]; then echo "have $1/$2"; return; fi
  mkdir -p "$(dirname "$to")"
  echo "get $1/$2"
  token=
  case "$3" in
  https://huggingface.co/*) [ -z "${HF_TOKEN:-}" ] || token="header = \"Authorization: Bearer $HF_TOKEN\"" ;;
  esac # by stdin: what stands in arguments is seen by everybody on this machine
  printf '%%s\n' "$token" | curl --config - --fail --location --retry 5 --continue-at - --output "$to.part" --url "$3"
  mv "$to.part" "$to"
}
`

func shellScript(ids []string, models []registry.Model) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	var b strings.Builder
	fmt.Fprintf(&b, shellHead, term.Escape(strings.Join(ids, ", ")), totalSize(models))
	for _, m := range models {
		if m.URL == "" {
			fmt.Fprintf(&b, "echo %s >&2\n", quote(byHand(m)))
			continue
		}
		fmt.Fprintf(&b, "get %s %s %s\n", quote(m.Folder), quote(m.File), quote(m.URL))
	}
	return b.String()
}

const powerShellHead = `# Models of %s for ComfyUI (%s). Run it again to go on where it stopped.
# $env:COMFYUI: ComfyUI's folder. $env:HF_TOKEN: sent to huggingface.co only.
$ErrorActionPreference = 'Stop'
$base = if ($env:COMFYUI) { $env:COMFYUI } else { '.' }
$root = Join-Path $base 'models'
if (-not (Test-Path $root)) { throw "there is no folder $root; COMFYUI names ComfyUI's folder" }
function Get-Model($folder, $file, $from) {
  $to = Join-Path (Join-Path $root $folder) $file
  if (Test-Path $to) { Write-Output "have $folder/$file"; return }
  New-Item -ItemType Directory -Force -Path (Split-Path $to) | Out-Null
  Write-Output "get $folder/$file"
  $token = '' # by stdin: what stands in arguments is seen by everybody on this machine
  if ($env:HF_TOKEN -and $from.StartsWith('https://huggingface.co/')) { $token = 'header = "Authorization: Bearer {0}"' -f $env:HF_TOKEN }
  $token | & curl.exe --config - --fail --location --retry 5 --continue-at - --output "$to.part" --url $from
  if ($LASTEXITCODE -ne 0) { throw "download of $file failed" }
  Move-Item "$to.part" $to
}
`

func powerShellScript(ids []string, models []registry.Model) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	var b strings.Builder
	fmt.Fprintf(&b, powerShellHead, term.Escape(strings.Join(ids, ", ")), totalSize(models))
	for _, m := range models {
		if m.URL == "" {
			fmt.Fprintf(&b, "Write-Warning %s\n", quote(byHand(m)))
			continue
		}
		fmt.Fprintf(&b, "Get-Model %s %s %s\n", quote(m.Folder), quote(m.File), quote(m.URL))
	}
	return b.String()
}

// byHand is said about a model that has no download.
func byHand(m registry.Model) string {
	where := "no download is known"
	if m.Page != "" {
		where = "get it from " + m.Page
	}
	return fmt.Sprintf("%s/%s: %s and put it there yourself", m.Folder, m.File, where)
}
