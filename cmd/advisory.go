package cmd

import "github.com/seed-7d77cb5c/easel/comfy"

// An advisory is something known about all servers before a version.
type advisory struct {
	fixed   string // first version without it
	message string
	hole    bool // it lets others in, and is not only an ability that lacks
}

// advisories are what `doctor` and `backends test` say about old versions. The
// holes are those of CISA VA-26-238-01 and of the CVE entries that are named.
func advisories() []advisory {
	return []advisory{
		{"0.3.45", "it chooses the ids of runs itself, so a lost answer may mean a run that nobody collects", false},
		{"0.3.57", "it cannot stop one running job: a cancel only works while a run is queued", false},
		{"0.3.76", "known hole: whoever reaches it can write the settings of ComfyUI-Manager (CVE-2025-67303)", true},
		{"0.28.0", "known holes: scripts in uploaded files run in its pages, and paths outside of its folders can be read (CVE-2026-56670 to CVE-2026-56674)", true},
	}
}

// about lists the advisories that a server's version has not fixed. A server
// that does not say its version has none that are known.
func about(info comfy.Info) []advisory {
	if info.Version == "" {
		return nil
	}
	var found []advisory
	for _, a := range advisories() {
		if !comfy.AtLeast(info.Version, a.fixed) {
			found = append(found, a)
		}
	}
	return found
}
