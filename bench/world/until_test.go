package world_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"receiptrevoker/bench/world"
)

var untilFailure = flag.Bool("world.until-failure", false, "run the seeds of TestSeeds until one fails")

// hangs is after how long, in real time, a seed counts as one that does not end.
const hangs = 5 * time.Minute

// TestUntilFailure runs seeds, as many at a time as there are processors, until one fails,
// and ends the process with that. For bench/world/mutations it writes to standard output
// which seeds have begun and ended, and what failed.
func TestUntilFailure(t *testing.T) {
	if !*untilFailure {
		t.Skip("it runs with -world.until-failure")
	}
	var begun atomic.Uint64
	var ending sync.Mutex // of the process: one seed at most says that it failed
	for range runtime.GOMAXPROCS(0) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for n := begun.Add(1); n <= *seeds; n = begun.Add(1) {
				seed := *first + n - 1
				fmt.Println("began", seed)
				hung := time.AfterFunc(hangs, func() { panic(fmt.Sprintf("seed %d did not end within %v", seed, hangs)) })
				got := world.Run(t, world.Generate(seed, *span))
				hung.Stop()
				if len(got.Failures) > 0 {
					ending.Lock()
					what, _, _ := strings.Cut(got.Failures[0], "\n")
					fmt.Println("failed", seed, what)
					os.Exit(1)
				}
				fmt.Println("ended", seed)
			}
		})
	}
}
