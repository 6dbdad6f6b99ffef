package gate

import (
	"cmp"
	"fmt"
	"strconv"
	"time"
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

// values are the names and values of a gate's hash.
type values map[string]string

func newValues(reply any) values {
	pairs, _ := reply.([]any)
	v := make(values, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		v[text(pairs[i])] = text(pairs[i+1])
	}
	return v
}

// moment returns a time that is kept in microseconds, the zero time if there is
// none.
func (v values) moment(name string) time.Time {
	if n := number(v[name]); n != 0 {
		return time.UnixMicro(n).UTC()
	}
	return time.Time{}
}

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

func text(value any) string {
	s, _ := value.(string)
	return s
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
