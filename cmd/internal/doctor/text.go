package doctor

import (
	"fmt"
	"time"
)

// count returns a number with its noun: "1 task waits", "2 tasks wait". One is what follows
// 1, and many every other number, 0 too.
func count[N int | int64](n N, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// moment shows a time to whoever runs the doctor, in the local zone with its name (TZ), as
// all commands do that print for people.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
