// Package drill proves easel's promises about faults: it starts the real binary
// and real servers, breaks networks, disks and processes at chosen and at random
// moments, and compares what the user was told with what is on disk and with
// what the server executed. docs/reliability.md lists the promises.
//
// The quick form runs with the other tests; -tags drill runs the long one.
package drill
