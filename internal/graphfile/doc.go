// Package graphfile reads the graph that a workflow file holds, whatever the
// file is: an API-format graph or a file of ComfyUI's editor, as JSON, wrapped in
// what a program sent to a server, pasted into a text, or inside a picture, a
// video, a sound, a 3D scene or a file of tensors. A file of the editor becomes
// the graph that the editor would submit, by the node definitions that it is
// given.
package graphfile
