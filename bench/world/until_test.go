package world_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"receiptrevoker/bench/world"
)

var untilFailure = flag.Bool("world.until-failure", false, "run the seeds of TestSeeds until one fails")

// hangs returns how many seconds of real time, in which the process is not stopped, a seed may
// take: then it counts as one that does not end. They are many times what one takes.
func hangs() int { return 300 + int(*span/time.Minute)*10 }

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
	var begun atomic.Uint64
	for range runtime.GOMAXPROCS(0) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for n := begun.Add(1); n <= *seeds; n = begun.Add(1) {
				seed := *first + n - 1
				fmt.Println("began", seed)
				ended := make(chan struct{})
				go watch(seed, ended)
				got := world.Run(t, world.Generate(seed, *span))
				close(ended)
				if len(got.Failures) > 0 {
					what, _, _ := strings.Cut(got.Failures[0], "\n")
					failed(seed, what)
				}
				fmt.Println("ended", seed)
			}
		})
	}
}

// watch lets a seed fail that hangs, with what every goroutine waits for.
func watch(seed uint64, ended <-chan struct{}) {
	for range hangs() {
		select {
		case <-ended:
			return
		case <-time.After(time.Second):
		}
	}
	_ = pprof.Lookup("goroutine").WriteTo(os.Stdout, 2)
	failed(seed, fmt.Sprintf("it did not end within %d s", hangs()))
}

var ending sync.Mutex // of the process: one seed at most says that it failed

// failed says which seed failed, and ends the process.
func failed(seed uint64, what string) {
	ending.Lock()
	fmt.Println("failed", seed, what)
	os.Exit(1)
}
