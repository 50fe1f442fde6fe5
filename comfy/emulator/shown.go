package emulator

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// shown is what the node's run shows in the history, after the faults that
// spoil outputs; nil when it shows nothing.
func (r *nodeRun) shown() any {
	ui := r.call.UI
	if len(ui) == 0 {
		return nil
	}
	if !r.class.OutputNode {
		return ui
	}
	ui = maps.Clone(ui)
	if _, ok := r.e.in.faults.look(FaultTempOnly); ok {
		changeFiles(ui, func(f map[string]any) { f["type"] = "temp" })
	}
	if _, ok := r.fault(FaultHostileNames); ok {
		changeFiles(ui, r.e.in.giveHostileName)
	}
	if _, ok := r.fault(FaultOutside); ok {
		for key, items := range ui {
			ui[key] = append(slices.Clone(items), outside()...)
		}
	}
	if f, ok := r.e.in.faults.look(FaultManyOutputs); ok {
		multiply(ui, int(f.Bytes))
	}
	if _, ok := r.fault(FaultUnknownKind); ok {
		ui = unknownKind(ui)
	}
	if _, ok := r.fault(FaultTextOutput); ok {
		ui = map[string][]any{"text": {"a text in place of " + strings.Join(slices.Sorted(maps.Keys(ui)), ", ")}}
	}
	return ui
}

// changeFiles edits a copy of every file in the output.
func changeFiles(ui map[string][]any, edit func(f map[string]any)) {
	for key, items := range ui {
		items = slices.Clone(items)
		for i, item := range items {
			if f, ok := item.(map[string]any); ok && f["filename"] != nil {
				f = maps.Clone(f)
				edit(f)
				items[i] = f
			}
		}
		ui[key] = items
	}
}

// outside are files as nodes report them that save elsewhere.
func outside() []any {
	return []any{
		map[string]any{"filename": "a.png", "subfolder": "../elsewhere", "type": "output"},
		map[string]any{"filename": "/mnt/nas/b.png", "subfolder": "", "type": "output"},
	}
}

func multiply(ui map[string][]any, n int) {
	for key, items := range ui {
		if len(items) == 0 {
			continue
		}
		many := make([]any, n)
		for i := range many {
			many[i] = items[i%len(items)]
		}
		ui[key] = many
	}
}

// unknownKind puts the files where no documented node puts them, among values
// of every other shape.
func unknownKind(ui map[string][]any) map[string][]any {
	var files []any
	for _, key := range slices.Sorted(maps.Keys(ui)) {
		files = append(files, ui[key]...)
	}
	return map[string][]any{
		"easel_unknown": files,
		"easel_scalars": {nil, true, int64(7), 1.5, "text", []any{[]any{}}, map[string]any{"filename": nil}, map[string]any{"filename": int64(3)}},
	}
}

// giveHostileName gives a file the next hostile name. Asking /view for that name
// gives the real file.
func (in *instance) giveHostileName(f map[string]any) {
	text := func(key string) string { s, _ := f[key].(string); return s }
	real := savedFile{text("type"), path.Join(text("subfolder"), text("filename"))}
	in.mu.Lock()
	defer in.mu.Unlock()
	name, subfolder := hostileName(in.disguises)
	in.disguises++
	if in.hostileNames == nil {
		in.hostileNames = map[[2]string]savedFile{}
	}
	in.hostileNames[[2]string{name, subfolder}] = real
	f["filename"], f["subfolder"] = name, subfolder
}

// hostile finds the real file behind a hostile name.
func (in *instance) hostile(filename, subfolder string) (typ, name string, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	f, ok := in.hostileNames[[2]string{filename, subfolder}]
	return f.typ, f.name, ok
}

// hostileName walks through the attacks on file names, with each attack on
// subfolders in turn.
func hostileName(n int) (filename, subfolder string) {
	names, folders := hostileFilenames(), hostileSubfolders()
	return names[n%len(names)], folders[(n/len(names)+n)%len(folders)]
}

func hostileFilenames() []string {
	return []string{
		"../escaped.png", "../../../../tmp/easel-escaped.png", "/tmp/easel-absolute.png", "/etc/passwd", "....//....//x.png",
		"..\\..\\escaped.png", "C:\\Windows\\escaped.png", "C:escaped.png", "\\\\server\\share\\x.png", "//server/share/x.png",
		"a/b/c.png", "a\\b.png", "nul\x00byte.png", "line\nbreak.png", "carriage\rreturn.png", "tab\there.png",
		"\x1b[31mred\x1b[0m.png", "\x1b]52;c;ZWFzZWw=\x07.png", "\x1b]8;;http://example.invalid\x07link\x1b]8;;\x07.png", "bell\x07.png",
		"gpj.\u202eexe.png", "zero\u200bwidth.png", "bom\ufeff.png", "e\u0301.png", "\u00e9.png", "\uff0e\uff0e\uff0fx.png",
		"CON", "con.png", "NUL.png", "COM1.png", "aux", "LPT1.txt", "CLOCK$", "trailing.", "trailing ", " leading.png", "dots...png",
		".", "..", "...", ".bashrc", ".ssh", ".git", ".easel.json", "-rf", "--output=x", "-", "~", "~root", "$HOME.png", "`id`.png",
		"$(id).png", "%2e%2e%2fx.png", "%00.png", "x.png?y=z", "x.png#frag", "x.png;rm -rf", "a|b.png", "a>b.png", "a<b.png", "a:b.png",
		"a*b.png", "a?b.png", "a\"b.png", "a'b.png", "x.png:stream", "x.png::$DATA", "x.exe", "x.html", "x.svg", "x.sh", "x.png.exe",
		"x.jpg.png.html", strings.Repeat("a", 300) + ".png", strings.Repeat("\u00fc", 200) + ".png", strings.Repeat("a/", 200) + "x.png",
		"", " ", "\t", "x", "\U0001f600.png", "\u0000", "a\u2028b.png", "<script>alert(1)</script>.png", "<img src=x onerror=alert(1)>.png",
		"=cmd|' /C calc'!A0.png", "{name}.png", "{{.}}.png", "%s%n.png", "X.PNG", "x.png", "\u0130.png", "\u0131.png",
	}
}

func hostileSubfolders() []string {
	return []string{
		"", "..", "../..", "/", "/tmp", "../../../../tmp", "a/../../..", "..\\..", "C:\\", "\\\\server\\share", "a/b/c", ".", "./.",
		"\x1b[2J", "nul\x00", "line\nbreak", "~", ".git/hooks", "%2e%2e", strings.Repeat("d/", 150),
	}
}
