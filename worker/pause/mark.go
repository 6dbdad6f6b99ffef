package pause

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/tasks/asynqkeys"
)

// Pause is a queue of ours and what pauses it, if anything.
//
// Asynq's own mark is the second of the pause, see [asynqkeys.Mark]; so is that of its CLI and
// its web UI. Ours have a word behind the second: "gate", the gate and its epoch; or "person",
// who it is and why. So the one key that Asynq obeys says whose pause it is, in one atomic step
// with the pause itself: no death of a process can part the two, and a person's pause
// can never be taken for the gate's.
type Pause struct {
	Queue  string
	Paused bool
	// Gate is the gate that pauses it, empty for a person.
	Gate  string
	Since time.Time // when a person paused it or the gate closed, to the second, of Redis' clock; zero if not in the mark
	// By is the person who paused it and Reason why, both empty if that was done in
	// Asynq's web UI or with its tool.
	By, Reason string

	// Until is until when PortOne wants no calls (Retry-After), where that alone holds the
	// queue, by the clock of this process; else zero.
	Until time.Time

	// Epoch is that of the gate, with which its mark was made.
	Epoch int64
	// Mark is the whole.
	Mark string
}

// ByPerson reports whether a person has paused the queue.
func (p Pause) ByPerson() bool { return p.Paused && p.Gate == "" && p.Until.IsZero() }

// The words of our marks.
const (
	markGate   = "gate "              // a gate paused the queue, and its opening resumes it
	markPerson = "person "            // a person did, and only a person resumes it
	ofGate     = "^[^ ]* gate [^ ]+ " // a pattern of Lua that matches those of gates
)

// number reads a number, 0 if there is none.
func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// GateMark returns the mark of a gate that closed in an epoch. Its second is that of the closing, also
// for a queue that came to be later: a gate tells one time wherever it holds something.
func GateMark(gate string, epoch int64) string {
	closed := strconv.FormatInt(time.UnixMicro(epoch).Unix(), 10)
	return closed + " " + markGate + gate + " " + strconv.FormatInt(epoch, 10)
}

// personMark returns what is written for a person. Spaces are escaped: workers of
// older versions look for " gate " anywhere in a mark.
func personMark(now time.Time, by, reason string) string {
	values := url.Values{"by": {by}, "reason": {reason}}
	return strconv.FormatInt(now.Unix(), 10) + " " + markPerson + values.Encode()
}

func readMark(queue string, mark asynqkeys.Mark) Pause {
	p := Pause{Queue: queue, Paused: mark.Paused, Mark: mark.Text}
	since, rest, _ := strings.Cut(mark.Text, " ")
	if n := number(since); n != 0 {
		p.Since = time.Unix(n, 0).UTC()
	}
	if gate, ok := strings.CutPrefix(rest, markGate); ok {
		if name, epoch, ok := strings.Cut(gate, " "); ok {
			p.Gate, p.Epoch = name, number(epoch)
		}
	}
	if person, ok := strings.CutPrefix(rest, markPerson); ok {
		values, _ := url.ParseQuery(person) // what cannot be read is left out
		p.By, p.Reason = values.Get("by"), values.Get("reason")
	}
	return p
}
