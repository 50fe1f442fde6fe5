//go:build crashpoints

package crashpoint

import "os"

// Here ends the process as SIGKILL does when EASEL_CRASH_AT names this point:
// nothing is flushed, closed or told to anybody.
func Here(name string) {
	if os.Getenv("EASEL_CRASH_AT") != name {
		return
	}
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // until the signal arrives
}
