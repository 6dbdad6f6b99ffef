// Package scale tells tests at which scale to run. It is apart from redistest, for tests that need no
// Redis.
package scale

import "os"

// Env names the environment variable that, set to 1, makes tests run at full scale and on
// every Redis that is found. `make proof` sets it, `make test` does not.
const Env = "REVOKER_PROOF"

// Full says whether tests run at full scale.
func Full() bool { return os.Getenv(Env) == "1" }

// Of returns full at full scale, and usual otherwise, such as scale.Of(10_000, 1_000_000) lines of a
// list.
func Of[T any](usual, full T) T {
	if Full() {
		return full
	}
	return usual
}
