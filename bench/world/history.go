package world

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// event is something that concerned an imp_uid: a command, a call, a log line or a deed. who is the
// name of a process with its life, such as "worker-0.2", or producer or person.
type event struct {
	at   time.Duration // virtual, from the start
	who  string
	what string
}

// history is what was done about each imp_uid, in order, for a person who reads a failure. All of it
// is kept, since what fails is known only in the end.
type history struct {
	mu  sync.Mutex
	all map[string][]event
}

func newHistory() *history { return &history{all: make(map[string][]event)} }

func (h *history) note(impUID string, e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[impUID] = append(h.all[impUID], e)
}

const (
	// atFirst is how many of an imp_uid's first events are shown, by which it came into its situation.
	atFirst = 20
	// atLast is how many of its last ones are.
	atLast = 40
	// shownLast is how many of the last events of a run that hangs are shown.
	shownLast = 40
)

// of returns the events of an imp_uid, one a line with the time since the start, at most 60: the
// first and the last ones if there are more, and between them how many are left out.
func (h *history) of(impUID string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	all := folded(h.all[impUID])
	for i, e := range all {
		switch left := len(all) - atLast - atFirst; {
		case i < atFirst || i >= len(all)-atLast:
			fmt.Fprintf(&b, "  %14v  %-12s %s\n", e.at.Round(time.Millisecond), e.who, e.what)
		case i == atFirst:
			fmt.Fprintf(&b, "  … %d events …\n", left)
		}
	}
	return b.String()
}

// turns is how many events may take turns, each of which is told again and again, such as those by which a lease is
// extended.
const turns = 4

// folded returns events of which those that are told again and again, one after the other or in turns, stand once,
// with how often and until when.
func folded(all []event) (kept []event) {
	type repeats struct {
		count int
		until time.Duration
	}
	again := make(map[int]repeats) // by the place in kept
	for _, e := range all {
		place := len(kept) - 1
		for place >= max(len(kept)-turns, 0) && (kept[place].who != e.who || kept[place].what != e.what) {
			place--
		}
		if place < max(len(kept)-turns, 0) {
			kept = append(kept, e)
			continue
		}
		again[place] = repeats{again[place].count + 1, e.at}
	}
	for place, r := range again {
		kept[place].what += fmt.Sprintf(" (and %d times more, until %v)", r.count, r.until.Round(time.Millisecond))
	}
	return kept
}

// last returns the latest events of all imp_uids, one a line.
func (h *history) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	type line struct {
		event
		impUID string
	}
	var all []line
	for impUID, events := range h.all {
		for _, e := range events[max(len(events)-shownLast, 0):] {
			all = append(all, line{e, impUID})
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	var b strings.Builder
	for _, e := range all[max(len(all)-shownLast, 0):] {
		fmt.Fprintf(&b, "  %14v  %-12s %s %s\n", e.at.Round(time.Millisecond), e.who, e.impUID, e.what)
	}
	return b.String()
}

// impUIDs finds imp_uids: "imp_" and digits, as in "asynq:{receipts-kcp}:t:revoke:imp_000000000007".
var impUIDs = regexp.MustCompile(`imp_[0-9]+`)

// impUIDIn returns the first imp_uid in a path or a text, empty if there is none.
func impUIDIn(text string) string { return impUIDs.FindString(text) }

// statusWriter knows which status was answered, 0 as long as none was: the connection was cut, or
// PortOne still waits.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap returns what [http.ResponseController] needs.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
