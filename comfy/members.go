package comfy

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-7d77cb5c/easel/comfy/internal/scan"
)

// eachMember calls f for the members of a JSON object in their order. Values
// are parts of data.
func eachMember(data []byte, f func(key string, value json.RawMessage) error) error {
	var syntax *json.SyntaxError
	if !json.Valid(data) && errors.As(json.Unmarshal(data, new(json.RawMessage)), &syntax) {
		return fmt.Errorf("its JSON is broken at byte %d of %d", syntax.Offset, len(data))
	}
	return members(data, f)
}

// members is eachMember for data that is known to be valid.
func members(data []byte, f func(key string, value json.RawMessage) error) error {
	return scan.Members(data, f)
}
