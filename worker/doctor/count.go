package doctor

import "fmt"

// count returns how many there are of something: one is what follows 1, and many every
// other number.
func count[N int | int64](n N, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}
