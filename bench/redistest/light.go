package redistest

import (
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"
)

// Lighten makes tests with an [Embedded] Redis take less CPU, for more memory. It changes settings of
// the whole process, so that it is for TestMain.
func Lighten() {
	// With the race detector, collecting garbage takes a third of the time by default.
	debug.SetGCPercent(400)
	// miniredis makes a Lua of its own for every script, by default with room for 5,120 values.
	lua.RegistrySize = 1_024
}
