//go:build race

package list_test

// raceDetector says that the race detector is on, which takes many times the memory.
const raceDetector = true
