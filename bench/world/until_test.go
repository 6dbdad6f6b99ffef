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

	"receiptrevoker/bench/world"
)

var untilFailure = flag.Bool("world.until-failure", false, "run the seeds of TestSeeds until one fails")

// TestUntilFailure runs seeds, as many at a time as there are processors, until one fails,
// and ends the process with that. For bench/world/mutations it writes to standard output
// which seeds have begun and ended, and what failed.
func TestUntilFailure(t *testing.T) {
	if !*untilFailure {
		t.Skip("it runs with -world.until-failure")
	}
	if _, err := without(); err != nil {
		t.Fatal(err)
	}
	if *seeds == 0 || *shrink || *size > 0 {
		t.Fatal("-world.until-failure takes a number of -world.seeds above 0, and neither -world.shrink nor -world.receipts")
	}
	var begun atomic.Uint64
	for range runtime.GOMAXPROCS(0) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for n := begun.Add(1); n <= *seeds; n = begun.Add(1) {
				seed := *first + n - 1
				fmt.Println("began", seed)
				got := world.Run(t, world.Generate(seed, *span))
				if len(got.Failures) > 0 {
					what, _, _ := strings.Cut(got.Failures[0], "\n")
					failed(seed, what)
				}
				fmt.Println("ended", seed)
			}
		})
	}
}

var ending sync.Mutex // of the process: one seed at most says that it failed

// failed says which seed failed, and ends the process.
func failed(seed uint64, what string) {
	ending.Lock()
	fmt.Println("failed", seed, what)
	os.Exit(1)
}
