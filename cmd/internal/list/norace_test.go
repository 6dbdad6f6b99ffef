//go:build !race

package list_test

// raceDetector says that the race detector is off.
const raceDetector = false
