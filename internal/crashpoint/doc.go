// Package crashpoint marks the instants between two durable steps at which the
// drills kill the process. In a release every mark is an empty function that
// the compiler removes; a build with the tag crashpoints dies at the mark that
// EASEL_CRASH_AT names.
package crashpoint

// The marks, in the order that one run passes them.
const (
	Recorded   = "recorded"   // the run is in the history, the backend has not heard of it
	Accepted   = "accepted"   // the backend took it, the history does not say so yet
	Submitted  = "submitted"  // the history says so
	Started    = "started"    // the backend executes it
	Ended      = "ended"      // the backend is done, nothing is downloaded
	Downloaded = "downloaded" // an output is here under a temporary name, not synced
	Synced     = "synced"     // it is on disk under a temporary name
	Renamed    = "renamed"    // it has its name, the folder is not synced
	Stored     = "stored"     // it is durable, its record is missing
	Kept       = "kept"       // its record is there, the history does not know
	Finished   = "finished"   // the history knows, nobody was told
)

// The marks of an output that waits in the spool.
const (
	Spooling  = "spooling"  // the output is on disk, and nothing says where it goes
	Spooled   = "spooled"   // it waits
	Delivered = "delivered" // it has arrived, and still waits for all that is known here
)

// OfSpool are the marks of the spool.
func OfSpool() []string { return []string{Spooling, Spooled, Delivered} }

// The marks that only the items of a batch pass.
const (
	Noted   = "noted"   // the ledger knows that the backend has ended the run, nothing is downloaded
	Claimed = "claimed" // the ledger knows the name that an output is about to get
	Closing = "closing" // all files are durable and the ledger knows them, the item is not committed
)

// Withdrawn is a mark of a batch on several backends: a run that waited is off its
// backend, to be made by another, and the ledger still says that it is there.
const Withdrawn = "withdrawn"

// Queued is a mark of `serve`: jobs are on disk, and who asked for them was not told.
const Queued = "queued"

// All are the marks in their order.
func All() []string {
	return []string{Recorded, Accepted, Submitted, Started, Ended, Downloaded, Synced, Renamed, Stored, Kept, Finished}
}

// Batch are the marks that an item of a batch passes, in their order.
func Batch() []string {
	return []string{
		Recorded, Accepted, Submitted, Started, Ended, Noted, Downloaded, Claimed, Synced, Renamed, Stored, Kept, Finished, Closing,
	}
}
