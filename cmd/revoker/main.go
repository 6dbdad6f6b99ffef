// Revoker revokes cash receipts through PortOne V1: it queues revocations, carries them out, and
// shows the outcome of each. Most commands have a file of their name; root.go has the list.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // for TZ where the machine has no zones, as in a small image
)

func main() {
	// SIGTERM is how systemd, Docker and Kubernetes stop a process. It does what Ctrl-C does: the
	// command ends in good order, work after its calls in flight.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// stop gives the signals back to the Go runtime, so that a second Ctrl-C ends a process that hangs.
	context.AfterFunc(ctx, stop)
	// The streams and the environment are handed over, so that tests run commands in their own
	// process.
	p := program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	code := p.run(ctx, os.Args[1:])
	// os.Exit runs no deferred call. run has closed all that a command opened.
	stop()
	os.Exit(code)
}
