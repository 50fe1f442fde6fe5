// Package emulator is a ComfyUI in process: the HTTP and WebSocket protocol of
// a real server with its quirks, one worker with queue, cache and history, and
// node classes that make real pictures where no model is needed and drawn ones
// where one is. Tests use it instead of mocks; people use it to try workflows
// on a machine without a GPU. It never passes for the real thing: its device
// says so, and /system_stats has "easel_emulator".
//
// A Server is an http.Handler, and its Client reaches it without a network.
// What goes wrong with servers, proxies and networks is a table of faults
// (Faults), switched on by Options.Faults, SetFaults or text (ParseFault).
// Requests and Executions tell afterwards what really happened.
//
// This package keeps protocol, execution, queue and faults. What a node declares
// and does is in internal/nodes; it draws with painter, on rasters, into the
// files of container, and holds values as Python does with pyval.
//
// Where the emulator and a real server differ, the emulator is wrong: with
// EASEL_TEST_COMFYUI=http://host:8188 the tests send the same requests to both
// (go test -p 1 ./comfy/emulator/..., for one server hears them all).
package emulator
