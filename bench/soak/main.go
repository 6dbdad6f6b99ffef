// Soak is the proof under faults. It enqueues revocations on a real redis-server that appends to a
// file, has processes of the real program carry them out against a simulated PortOne that fails in
// every way it can, kills those processes and that server at random moments, and then compares what
// Redis says of every imp_uid with what PortOne knows. Meanwhile it does what people do: it cancels
// requests and batches, archives tasks, issues another receipt after one that is revoked, and asks
// for it.
//
// It starts everything it needs, and exits 1 if anything is lost, wrong or stuck, or called
// although it was cancelled. The seed decides what is tried and when, but not what happens then:
// processes and the machine's clock have a part in it. A run that fails is not sure to fail again
// with its seed; bench/world is for that.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	s, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2)
	}
	// A run that is interrupted still ends its servers and processes.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err = run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
