package ledger

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// alive reports whether a process runs. One that has ended and that nobody has
// waited for yet does not.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	fields := statFields(pid)
	return len(fields) == 0 || (fields[0] != "Z" && fields[0] != "X")
}

// bootID names the present start of the machine; process ids of an earlier one
// mean nothing.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// started is the start of a process in clock ticks since boot, 0 if it is not
// known: field 22 of /proc/PID/stat.
func started(pid int) int64 {
	fields := statFields(pid)
	if len(fields) < 20 {
		return 0
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return 0
	}
	return ticks
}

// statFields are the fields of /proc/PID/stat from the third on, the state:
// those after the name, which may contain anything. It is empty where they
// cannot be read.
func statFields(pid int) []string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}
