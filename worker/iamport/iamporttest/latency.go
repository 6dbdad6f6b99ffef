package iamporttest

import (
	"math"
	"time"
)

// Latency is how long answers take: half of them at most Median, 99 in 100 at
// most P99, log-normally distributed. Without a P99 above Median all take
// Median.
type Latency struct {
	Median, P99 time.Duration
}

// sigmas is how many standard deviations the 99th percentile of a normal
// distribution lies above its median.
const sigmas = 2.3263478740408408

// sample returns the latency below which a share of u answers lies: Median for 0.5, P99 for 0.99. u is
// above 0 and below 1.
func (l Latency) sample(u float64) time.Duration {
	if l.P99 <= l.Median || l.Median <= 0 {
		return l.Median
	}
	sigma := math.Log(float64(l.P99)/float64(l.Median)) / sigmas
	z := math.Sqrt2 * math.Erfinv(2*u-1)
	return time.Duration(float64(l.Median) * math.Exp(sigma*z))
}
