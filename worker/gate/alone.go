package gate

import (
	"log/slog"
	"time"
)

// alone says whether PortOne refuses this process and no other: its address is
// not on the allow list, or its key is an old one. Such a process must not close
// PortOne's gate again and again for everybody.
type alone struct {
	closed   bool      // this process closed the gate last, and has not got through since
	openedBy string    // the process whose probe opened it then
	until    time.Time // until when this process makes no calls
	reason   string
}

// follow takes note of what the gate has become.
func (a *alone) follow(process string, state State) {
	switch {
	case state.Closed && state.Owner != process:
		*a = alone{}
	case state.Closed:
		a.openedBy = ""
	case state.opener != "":
		a.openedBy = state.opener
	}
}

// refused reports whether a failure is this process's own: it has closed the
// gate, another has got through, and it fails again.
func (a *alone) refused(process string) bool {
	return a.closed && a.openedBy != "" && a.openedBy != process
}

// standAside stops the calls of this process alone until a time.
func (a *alone) standAside(until time.Time, reason string, log *slog.Logger) {
	if a.reason == "" {
		log.Error("PortOne refuses this process alone: it makes no calls, others do", "reason", reason)
	}
	a.until, a.reason = until, reason
}

// letIn notes that PortOne has answered this process.
func (a *alone) letIn(log *slog.Logger) {
	if a.reason != "" {
		log.Info("PortOne lets this process in again")
	}
	*a = alone{}
}

// aside returns why this process alone makes no calls, or nil. What it has taken
// up goes back soon, for others.
func (a *alone) aside(now time.Time) *WaitError {
	if !now.Before(a.until) {
		return nil
	}
	return &WaitError{Gate: PortOne, Wait: longestWait, text: "PortOne refuses this process: " + a.reason}
}
