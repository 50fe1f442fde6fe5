//go:build drill

package drill

// long selects the long form of a drill.
const long = true
