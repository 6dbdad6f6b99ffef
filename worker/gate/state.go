package gate

import (
	"cmp"
	"fmt"
	"time"

	"receiptrevoker/tasks"
)

// State is a gate as it stands in Redis. The zero State is that of a gate that
// has not been closed recently. All times are Redis' own, whose clock is the
// only one that all processes share.
type State struct {
	Closed bool
	// Epoch is when it last closed or opened, in microseconds. It tells one
	// closure from the next.
	Epoch int64
	// Owner is the process that closed it, and Reason why, for people.
	Owner, Reason string
	// Since is when it closed, if it is closed.
	Since time.Time
	// NextProbe is when it is next tried whether the gateway is back.
	NextProbe time.Time
	// OpenedAt is when it opened, if it is open.
	OpenedAt time.Time
	// Failed is how many different receipts failed since the gateway's last
	// success, without those that failed before an earlier success.
	Failed int
	// Counted is how many they were when the gate closed on the count, else 0, and
	// Cause why the last of them failed.
	Counted int
	Cause   string
	// SucceededAt is the last success that Redis was told of: of those that mattered,
	// and of the last before a failure. Zero if there is none.
	SucceededAt time.Time
	// Waived tells that nothing succeeded for so long that the gate stays open
	// until something does.
	Waived bool
	// Closures is how often this process has closed the gate; see [Gates.States].
	Closures int

	opener  string // the process that opened it
	prober  string // the process that probes, or did when it died
	failing bool   // something has failed since the last success
}

// attentive reports whether it matters to a gate that a call succeeds.
func (s State) attentive() bool { return s.Closed || s.Waived || s.failing }

// decode returns the state that a gate's hash and its count of failed receipts
// show.
func decode(v values, failed int64) State {
	state := State{
		Closed: v["state"] == "closed", Epoch: number(v["epoch"]), Owner: v["owner"], Reason: v["reason"],
		NextProbe: v.moment("probe_at"),
		Failed:    int(failed), SucceededAt: v.moment("succeeded_at"), Waived: v["waived"] != "",
		opener: v["opener"], prober: v["prober"], failing: failed > 0 || v["failing_since"] != "" || v["waited"] != "",
	}
	switch {
	case !state.Closed:
		state.OpenedAt = v.moment("epoch")
		return state
	case state.Reason == "":
		state.Counted, state.Cause = int(number(v["failures"])), v["cause"]
	}
	state.Since = v.moment("epoch")
	state.Reason = cmp.Or(state.Reason, state.ReasonIn(time.UTC))
	return state
}

// ReasonIn returns why the gate is closed, for people who live in a zone.
func (s State) ReasonIn(zone *time.Location) string {
	if s.Counted == 0 && s.Reason != "" {
		return s.Reason
	}
	since := "and none has succeeded"
	if !s.SucceededAt.IsZero() {
		at, layout := s.SucceededAt.In(zone), "15:04 MST"
		if at.YearDay() != s.Since.In(zone).YearDay() {
			layout = "2006-01-02 15:04 MST"
		}
		since = "since the last success at " + at.Format(layout)
	}
	return fmt.Sprintf("%d different receipts failed %s (%s)", s.Counted, since, s.Cause)
}

// Snapshot is all that is known about the gates at one moment.
type Snapshot struct {
	Now   time.Time // of Redis
	Hold  time.Duration
	Gates map[Name]State

	mends []mend
}

// Behind returns the closed gate that a queue is behind, whatever else pauses it, empty for none.
func (s Snapshot) Behind(queue string) Name {
	name, _ := s.wanted(queue)
	return name
}

// wanted returns the gate that should pause a queue, and its epoch, or none.
func (s Snapshot) wanted(queue string) (Name, int64) {
	q, _ := tasks.ParseQueue(queue)
	for _, name := range []Name{PortOne, Of(q.PG)} {
		if state := s.Gates[name]; state.Closed {
			return name, state.Epoch
		}
	}
	return "", 0
}

// redisTime returns the time with which a reply begins.
func redisTime(reply []any) time.Time {
	return time.UnixMicro(number(text(reply[0]))*1_000_000 + number(text(reply[1]))).UTC()
}

// readGate returns a gate from a reply that begins with its names and values, and how
// many have failed. keys are those of the two.
func readGate(keys []string, now time.Time, reply []any) (State, []mend) {
	v := newValues(reply[0])
	mends := v.validate(keys[0], now)
	for i, key := range keys {
		if wrong, ok := reply[i].(string); ok {
			mends = append(mends, mend{key: key, value: wrong})
		}
	}
	failed, _ := reply[1].(int64)
	return decode(v, failed), mends
}
