// Package editor reads workflows in the format of ComfyUI's editor and makes
// of them what the editor itself would submit: an API-format graph. It reads
// every layout since litegraph 0.4, with subgraphs, group nodes, primitive
// nodes, reroutes, bypassed and muted nodes.
//
// What a widget is, which values follow it and which inputs a node has is
// known only from the node definitions of a server (GET /object_info), so a
// faithful conversion needs those of the server that will run the graph. Nodes
// without a definition are converted from what the file holds, and the result
// says so for each of them.
//
// The rules were found by running published workflows through the editor's
// releases up to 1.58 and comparing.
package editor
