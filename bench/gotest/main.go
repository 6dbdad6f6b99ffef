// Gotest runs `go test` with its arguments and prints what that would print. At the end it
// tells how many tests were skipped because a program is not installed, and how to install
// it: a green run without redis-server or chromium proves less than it seems to, and a
// test's own message of having been skipped is shown by `go test -v` alone.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run returns an error if a test fails, or if the events of go test cannot be read or
// printed. The first one wins, since it says more: a broken pipe often is the effect of a
// failure.
func run(args []string, out io.Writer) error {
	// -json is the only form in which go test tells of each test whether it was skipped,
	// and why.
	command := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	command.Stderr = os.Stderr
	events, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	r := report{out: out}
	printed := r.read(events)
	// go test blocks once the pipe is full. Its output is read to the end even if it can no
	// longer be printed, so that Wait returns.
	if printed != nil {
		_, _ = io.Copy(io.Discard, events)
	}
	failed := command.Wait()
	// The count comes last, below a failure's output, where a person looks.
	r.tellSkipped()
	if failed != nil {
		return fmt.Errorf("go test: %w", failed)
	}
	return printed
}
