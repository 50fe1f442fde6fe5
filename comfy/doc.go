// Package comfy is ComfyUI as a library: API-format graphs, the contract that
// every place able to execute them fulfils (Backend), typed errors, node
// definitions, and a client for a self-hosted server over HTTP and one
// WebSocket.
//
// The package has no opinions: it does not log, print, read the environment or
// keep globals. Progress is a stream of events, failure is a typed error, and
// the polled state of a run is always the truth; the socket is only for speed
// and pictures.
//
// What it does not do: convert the editor's own files (package editor), know
// about workflows and parameters (package registry), or store anything.
package comfy
