package doctor

import (
	"fmt"
	"time"
)

// count returns how many there are of something: one is what follows 1, and many every
// other number.
func count[N int | int64](n N, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// moment shows a time to whoever runs the doctor, in the local zone.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
