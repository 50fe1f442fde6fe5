// Package served is the client of the HTTP API of `easel serve`: its jobs, and
// the whole queue as a comfy.Backend, so that what runs on a ComfyUI runs there
// in the same way. Graphs are bound here and travel whole; the server queues them
// as jobs, keeps them over crashes, and runs them on its own backends.
package served
