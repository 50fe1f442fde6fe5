// Package pyval holds JSON values the way ComfyUI's Python holds them: objects
// keep their order, integers have no width, NaN and Infinity are numbers, and
// text, conversion and comparison follow Python's rules. Error messages and
// coercions of the server are visible to clients, so the emulator needs them
// exactly.
//
// A value is one of nil, bool, int64, *big.Int (beyond int64), float64,
// string, []any and *Object. The encoder takes a few Go types more, see Append.
package pyval
