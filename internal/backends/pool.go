package backends

import (
	"slices"
	"strings"
)

// Pool lists the members of a pool, "studio,pod://gpu,emulator": names and
// addresses mixed, what a flag gives or else the settings. It is nil when that is
// one backend. given says that the user wrote it on the command line. A member that
// there is not, or that no backend can be opened by, is an error at once.
func (o *Opener) Pool(flag string) (members []string, given bool, err error) {
	spec, given := flag, flag != ""
	if !given {
		spec = o.Config.Backend
	}
	if _, named := o.Config.Backends[spec]; named || !strings.Contains(spec, ",") {
		return nil, given, nil
	}
	for m := range strings.SplitSeq(spec, ",") {
		m = strings.TrimSpace(m)
		switch {
		case m == "":
			return nil, given, &FormError{Message: "a pool has a name or address on each side of a comma", Write: poolForm}
		case slices.Contains(members, m):
			return nil, given, &FormError{Message: "the pool has " + m + " twice", Write: poolForm}
		}
		if err := o.Check(m); err != nil {
			return nil, given, err
		}
		members = append(members, m)
	}
	return members, given, nil
}

// poolForm is how a pool is written.
const poolForm = "--backend NAME,NAME"

// Check refuses what no backend can be opened by.
func (o *Opener) Check(member string) error {
	if b, named := o.Config.Backends[member]; named {
		member = b.URL
	} else if !strings.Contains(member, "://") && member != comfyCloud {
		if _, ok := CutEmulator(member); !ok {
			return Unknown(o.Config, member)
		}
	}
	if _, ok := CutEmulator(member); ok {
		return nil
	}
	return CheckAddress(member)
}

// Asks reports whether a backend cannot be opened without asking somebody where it
// is: a pod, or a pool.
func (o *Opener) Asks(spec string) bool {
	if b, named := o.Config.Backends[spec]; named {
		spec = b.URL
	}
	return strings.HasPrefix(spec, "pod://") || strings.Contains(spec, ",")
}
