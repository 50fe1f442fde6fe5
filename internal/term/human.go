package term

import (
	"fmt"
	"math"
	"time"
)

// Bytes writes a size for people: "812 B", "1.5 MB", "12 GB" (powers of 1000).
func Bytes(n int64) string {
	if n > -1000 && n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), 0
	for math.Abs(value) >= 999.5 && unit < 6 {
		value /= 1000
		unit++
	}
	digits := 0
	if math.Abs(value) < 9.95 {
		digits = 1
	}
	return fmt.Sprintf("%.*f %cB", digits, value, " kMGTPE"[unit])
}

// Duration writes a duration for people: "12 ms", "3.4 s", "2 min 5 s",
// "1 h 30 min", "3 d 4 h".
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d == 0:
		return "0 s"
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second-500*time.Microsecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Second-50*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return two(s/60, "min", s%60, "s")
	case s < 24*3600:
		return two(s/3600, "h", s%3600/60, "min")
	}
	return two(s/86400, "d", s%86400/3600, "h")
}

func two(a int64, unitA string, b int64, unitB string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unitA)
	}
	return fmt.Sprintf("%d %s %d %s", a, unitA, b, unitB)
}

// Ago says how long before now t was: "just now", "5 minutes ago", "3 days
// ago", and the date when that is more than thirty days. A time after now is
// taken for a clock that is off and written in full.
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Minute:
		return t.Local().Format("2006-01-02 15:04")
	case d < 45*time.Second:
		return "just now"
	case d < time.Hour-30*time.Second:
		return count(int(math.Round(d.Minutes())), "minute")
	case d < 24*time.Hour:
		return count(max(1, int(d.Hours())), "hour")
	case d < 30*24*time.Hour:
		return count(int(d.Hours()/24), "day")
	}
	return t.Local().Format("2006-01-02")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit + " ago"
	}
	return fmt.Sprintf("%d %ss ago", n, unit)
}
