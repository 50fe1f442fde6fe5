package registry

import (
	"fmt"
	"slices"
)

// originWords are the origins as files and programs write them, in their order.
func originWords() []string {
	return []string{"graph", "default", "character", "plan", "preset", "params", "set", "flag", "sweep", "row"}
}

// String is the origin in a word: "flag".
func (o Origin) String() string {
	if words := originWords(); o >= 0 && int(o) < len(words) {
		return words[o]
	}
	return fmt.Sprintf("Origin(%d)", int(o))
}

// MarshalText writes the origin as its word.
func (o Origin) MarshalText() ([]byte, error) {
	if o < 0 || int(o) >= len(originWords()) {
		return nil, fmt.Errorf("there is no origin %d", int(o))
	}
	return []byte(o.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (o *Origin) UnmarshalText(word []byte) error {
	i := slices.Index(originWords(), string(word))
	if i < 0 {
		return fmt.Errorf("there is no origin %q", word)
	}
	*o = Origin(i)
	return nil
}
