package outcome

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks"
)

// Batch is how far a list of revocations has come. Lines, Queued, Elsewhere,
// Repeated and Invalid count lines of the list; Revoked, Dead and Open count
// rows that got, or will get, an outcome.
type Batch struct {
	Name string
	// Source is where the list came from, for people.
	Source string

	// Lines is how many lines have been answered so far. Complete tells that
	// the list has been read to its end, so that there are no more.
	Lines    int
	Complete bool

	// Queued, Elsewhere, Repeated and Invalid count the results of asking for each
	// line: the batch asked for it; another request had asked before; an earlier
	// line had; or it cannot be asked for.
	Queued, Elsewhere, Repeated, Invalid int

	// Revoked and Dead are the outcomes of what is queued or was asked for
	// elsewhere, each imp_uid once; Open are those that are still to come.
	Revoked, Dead, Open int
	// Held is how many of those that are open wait in paused queues. A Store does not
	// know: whoever shows a batch fills it in, from what pause.Holds returns.
	Held int
	// Wanted are those of the open ones of a cancelled batch that are called all the same, by
	// gateway. Reading a batch leaves it nil: [Store.CountWanted] counts them, and the next two.
	Wanted map[tasks.Gateway]int
	// Unseen is of how many of the others a DELETE may have worked unseen: they stay open until a lookup tells, or until
	// UnseenUntil at most.
	Unseen      int
	UnseenUntil time.Time
	// Reasons are the same outcomes by reason.
	Reasons map[Reason]int
	// Gateways are the same by gateway; those not known stand together under
	// the empty one.
	Gateways map[tasks.Gateway]GatewayCount

	// StartedAt, ChangedAt and FinishedAt are zero where they are not known.
	// FinishedAt is when the last of a complete list ended, and CancelledAt when
	// it was cancelled.
	StartedAt, ChangedAt, FinishedAt, CancelledAt time.Time

	// Rate is how many ended a second recently: in the last 10 to 20 seconds, or
	// over the whole of a batch that has finished. It is 0 once nothing has ended for
	// three seconds, and for thrice as long as one took.
	Rate float64
}

// GatewayCount is what a batch counts for one gateway.
type GatewayCount struct {
	Asked   int `json:"asked"`
	Revoked int `json:"revoked"`
	Dead    int `json:"dead"`
}

// Duplicate returns how many lines asked for what was asked for already, here
// or elsewhere.
func (b Batch) Duplicate() int { return b.Elsewhere + b.Repeated }

// Asked returns how many imp_uids have or will get an outcome.
func (b Batch) Asked() int { return b.Queued + b.Elsewhere }

// Finished reports whether everything has ended.
func (b Batch) Finished() bool { return !b.FinishedAt.IsZero() }

// OpenOf returns how many are open of each gateway that has any.
func (b Batch) OpenOf() map[tasks.Gateway]int {
	open := make(map[tasks.Gateway]int)
	for pg, of := range b.Gateways {
		if n := of.Asked - of.Revoked - of.Dead; n > 0 {
			open[pg] = n
		}
	}
	return open
}

// Called returns how many of those that are open are called although the batch was
// cancelled, since another request asks for them.
func (b Batch) Called() int {
	sum := 0
	for _, n := range b.Wanted {
		sum += n
	}
	return min(sum, b.Open)
}

// Left returns how long what is open and not held takes at the present rate, and false
// while nothing moves, or once it is cancelled.
func (b Batch) Left() (time.Duration, bool) {
	moving := b.Open - b.Held
	switch {
	case b.Open == 0:
		return 0, true
	case moving <= 0 || b.Rate <= 0 || !b.CancelledAt.IsZero(): // what is cancelled ends as lookups do
		return 0, false
	}
	return time.Duration(float64(moving) / b.Rate * float64(time.Second)), true
}

// longestBatchName is how many letters the name of a batch may have: people type it, and
// tables show it whole.
const longestBatchName = 64

// ValidateBatchName returns an error that says what a batch may be called,
// unless it may be called that. Letters are those of any script, in Unicode's form NFC:
// what looks the same is the same batch.
func ValidateBatchName(name string) error {
	length := utf8.RuneCountInString(name)
	switch {
	case length == 0 || length > longestBatchName || strings.ContainsFunc(name, outsideBatchName):
		return fmt.Errorf("batch name %.80q: it must be 1 to %d letters, digits, . _ and -", name, longestBatchName)
	case !norm.NFC.IsNormalString(name):
		return fmt.Errorf("batch name %q: its letters must be in Unicode's form NFC", name)
	}
	return nil
}

// outsideBatchName reports a letter that no name of a batch has, such as one that separates
// a name from the rest of a key.
func outsideBatchName(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("._-", r)
}

// MaxRows is how many rows a batch may have: the longest list, or lists, of
// one name. Redis sets aside 5 bytes and a bit for each row up to the last, so
// that a row which anybody may write into a payload costs it 1.25 MB at most.
const MaxRows = 10_000_000

// asker returns by which field a request's hash names who asks, and its value. Payloads
// may be of anybody's making: what no batch can count is counted by none.
func asker(r tasks.Revocation) (name, value string) {
	if r.Row < 1 || r.Row > MaxRows || ValidateBatchName(r.Batch) != nil {
		return "single", "1"
	}
	return "in:" + r.Batch, lineOf(r)
}

// lineOf returns the line from which a batch counts a revocation: its row and its
// gateway, if that has a queue of its own.
func lineOf(r tasks.Revocation) string {
	return strconv.Itoa(r.Row) + " " + string(tasks.QueueOf(r).PG)
}
