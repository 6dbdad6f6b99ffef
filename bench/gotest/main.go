// Gotest runs `go test` with its arguments and prints what it prints; in the end it tells how
// many tests were skipped because a program is not installed, and how to install it.
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

func run(args []string, out io.Writer) error {
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
	if printed != nil { // so that go test does not wait for a reader
		_, _ = io.Copy(io.Discard, events)
	}
	failed := command.Wait()
	r.tellSkipped()
	if failed != nil {
		return fmt.Errorf("go test: %w", failed)
	}
	return printed
}
