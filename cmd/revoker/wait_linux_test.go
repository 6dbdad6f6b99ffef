package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// waits is a command that waits on a terminal.
type waits struct {
	*terminal
	stop  func() // Ctrl-C
	ended chan int
}

func (w *world) wait(t *testing.T, args ...string) *waits {
	t.Helper()
	return w.waitOn(t, openTerminal(t), args...)
}

func (w *world) waitOn(t *testing.T, terminal *terminal, args ...string) *waits {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	x := &waits{terminal: terminal, stop: stop, ended: make(chan int, 1)}
	go func() { x.ended <- w.on(ctx, x.terminal, args...) }()
	return x
}

// shows waits until the terminal shows a text.
func (x *waits) shows(t *testing.T, text string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log(x.text())
		}
	}()
	redistest.Eventually(t, 2*time.Minute, fmt.Sprintf("the terminal shows %q", text), func() bool {
		return strings.Contains(x.text(), text)
	})
}

// Who waits in vain hears that no worker is running; Ctrl-C ends the waiting with 3, and says how to
// look again.
func TestWaitingWithoutAWorker(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w := newWorld(t, server.URL(), iamporttest.Config{})
	w.expect(t, exitDone, "bulk", write(t, w.list(49)), "--batch", "before")
	for name, test := range map[string]struct {
		args     []string
		waits    string
		stopping string
	}{
		"enqueue": {
			[]string{"enqueue", "imp_900000000001", "imp_900000000002", "--pg", "kcp", "--wait"},
			"2 tasks wait",
			"stopped waiting; 2 stay requested, and 'revoker status imp_900000000001\n    imp_900000000002' tells how far they have come\n",
		},
		"enqueue elsewhere": {
			[]string{"enqueue", "imp_900000000003", "--namespace", "acme", "--wait"},
			"1 task waits",
			"'revoker status\n    imp_900000000003 --namespace acme' tells how far",
		},
		"bulk elsewhere": {
			[]string{"bulk", write(t, w.list(7)), "--batch", "there", "--namespace", "acme", "--outcome-ttl", "24h", "--wait"},
			"7 tasks wait",
			"'revoker batch show there --namespace\n    acme --wait' waits again\n",
		},
		"batch show": {
			[]string{"batch", "show", "before", "--wait"},
			"49 tasks wait",
			"stopped waiting; the batch continues, and 'revoker batch show before --wait'\n    waits again\n",
		},
		"bulk": {
			[]string{"bulk", write(t, w.list(7)), "--batch", "after", "--wait"},
			"7 tasks wait",
			"stopped waiting; the batch continues, and 'revoker batch show after --wait'\n    waits again\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := w.wait(t, test.args...)
			x.shows(t, "no worker is running; "+test.waits+"\n")
			fmt.Fprint(x.tty, "^C") // which a terminal shows by itself
			x.stop()
			if code := <-x.ended; code != exitUnfinished {
				t.Errorf("exit code %d, want %d", code, exitUnfinished)
			}
			x.fits(t, name)
			if text := x.text(); !strings.Contains(text, test.stopping) || strings.Contains(text, "█") || strings.Contains(text, "^C") {
				t.Errorf("no %q, or a rest of the bar, in\n%s", test.stopping, text)
			}
		})
	}
}

// The bar shows what is held, and leaves nothing behind: neither itself nor the one before it.
func TestBarOfABatch(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client, w := server.Client(t), newWorld(t, server.URL(), iamporttest.Config{})
	const lines = 3 * countEvery / 2
	client.Set(t.Context(), "asynq:{receipts-bulk-kcp}:paused", "1764000000", 0)
	startWork(t, w.environment)
	x := w.wait(t, "bulk", write(t, w.list(lines)), "--batch", "refunds", "--yes", "--wait")
	x.shows(t, fmt.Sprintf("%d lines are paused by a person, in Asynq's web UI or with its tool, since", lines/3))
	x.shows(t, fmt.Sprintf("%d revoked, 0 dead, %d held", lines-lines/3, lines/3))
	redistest.Eventually(t, 10*time.Second, "the bar tells no time left", func() bool { return !strings.Contains(x.text(), "s left") })
	client.Del(t.Context(), "asynq:{receipts-bulk-kcp}:paused")
	if code := <-x.ended; code != exitDone {
		t.Errorf("exit code %d", code)
	}
	x.fits(t, "bulk")
	text := x.text()
	for _, rest := range []string{"█", "|", "lines asked for", "held"} {
		if strings.Contains(text, rest) {
			t.Errorf("a rest of a bar, %q, in\n%s", rest, text)
		}
	}
	if !strings.Contains(text, fmt.Sprintf("\n%d revoked, 0 dead.\n", lines)) {
		t.Errorf("the end is not told:\n%s", text)
	}
}

// A terminal of 40 columns has no room for a bar, and shows what has ended and what is held.
func TestProgressOfABatchOnANarrowTerminal(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client, w := server.Client(t), newWorld(t, server.URL(), iamporttest.Config{})
	client.HSet(t.Context(), "{receipt}:batch:refunds", "queued:kcp", 400_000, "revoked:revoked:kcp", 12_345,
		"dead:refused:kcp", 6, "complete", 400_000, "started_at", "2025-11-24T16:00:00.000Z")
	client.Set(t.Context(), "asynq:{receipts-bulk-kcp}:paused", "1764000000", 0)
	x := w.waitOn(t, openNarrow(t, fewestColumns), "batch", "show", "refunds", "--wait")
	x.shows(t, " 12345 revoked, 6 dead, 387649 held")
	fmt.Fprint(x.tty, "^C")
	x.stop()
	if code := <-x.ended; code != exitUnfinished {
		t.Errorf("exit code %d", code)
	}
	x.fits(t, "batch show")
	if text := x.text(); strings.Contains(text, "^C") || strings.Contains(text, "held") {
		t.Errorf("a rest of the progress in\n%s", text)
	}
}

// A password that is not typed leaves the terminal as it was.
func TestHashThatIsStoppedShowsWhatIsTyped(t *testing.T) {
	t.Parallel()
	x := openTerminal(t)
	echo := func() bool {
		settings, err := unix.IoctlGetTermios(int(x.tty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return settings.Lflag&unix.ECHO != 0
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	p := program{stdin: x.tty, stdout: x.tty, stderr: x.tty, getenv: func(string) string { return "" }}
	ended := make(chan int, 1)
	go func() { ended <- p.run(ctx, []string{"monitor", "--hash"}) }()
	redistest.Eventually(t, 10*time.Second, "the terminal hides what is typed", func() bool { return !echo() })
	stop()
	select {
	case code := <-ended:
		if code != exitFailed || !echo() {
			t.Errorf("exit code %d, echo %t; want %d and the echo on", code, echo(), exitFailed)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for the password")
	}
	fmt.Fprintln(x.outside, "enough") // which ends the read of the terminal
	if text := x.settled(t); !strings.Contains(text, "Password:\nrevoker: stopped: no password was read\n") {
		t.Errorf("got %s", text)
	}
}
