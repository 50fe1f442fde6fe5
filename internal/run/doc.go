// Package run is the engine: one request to stored, verified outputs on any
// backend. The command line, batches and the job worker call the same Runner.
//
// A run has two halves with a durable record between them. Prepare resolves
// the request, reads its input files and binds the graph, without a network.
// Submit writes the record down and hands the graph over; Collect follows,
// downloads, verifies and stores. A process that died in between continues
// with Collect and the record (a Ticket).
//
// The package reports typed events to a sink and knows no command line, no
// HTTP server and no SQL.
package run
