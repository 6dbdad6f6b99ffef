package redistest

import (
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"
)

// Lighten makes tests with an [Embedded] Redis take less CPU, for more memory. It is for
// TestMain, as it serves the whole process.
func Lighten() {
	debug.SetGCPercent(400)  // with the race detector, collecting garbage takes a third of the time
	lua.RegistrySize = 1_024 // miniredis makes a Lua of its own for every script, by default with 5,120 values
}
