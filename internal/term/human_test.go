package term

import (
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9_949: "9.9 kB", 9_960: "10 kB", 999_499: "999 kB", 999_999: "1.0 MB",
		1_534_211: "1.5 MB", 24_000_000_000: "24 GB", -1500: "-1.5 kB", 1<<63 - 1: "9.2 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 s", time.Microsecond: "<1 ms", 812 * time.Millisecond: "812 ms", 999*time.Millisecond + 600*time.Microsecond: "1.0 s",
		3400 * time.Millisecond: "3.4 s", 9970 * time.Millisecond: "10 s", 59_600 * time.Millisecond: "1 min",
		125 * time.Second: "2 min 5 s", 90 * time.Minute: "1 h 30 min", 76 * time.Hour: "3 d 4 h", -2 * time.Second: "-2.0 s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %s, want %s", d, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	for before, want := range map[time.Duration]string{
		0: "just now", -10 * time.Second: "just now", 50 * time.Second: "1 minute ago", 5 * time.Minute: "5 minutes ago",
		59*time.Minute + 29*time.Second: "59 minutes ago", 59*time.Minute + 45*time.Second: "1 hour ago",
		time.Hour: "1 hour ago", 23 * time.Hour: "23 hours ago", 24 * time.Hour: "1 day ago", 29 * 24 * time.Hour: "29 days ago",
		31 * 24 * time.Hour: "2026-01-29", -2 * time.Hour: "2026-03-01 14:00",
	} {
		if got := Ago(now.Add(-before), now); got != want {
			t.Errorf("Ago(%v before) = %s, want %s", before, got, want)
		}
	}
}
