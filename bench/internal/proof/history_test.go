package proof

import (
	"slices"
	"testing"
	"time"

	"receiptrevoker/tasks/outcome"
)

func TestForgetStrikesOutWhatRedisLost(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	h.Ask(done, Asking{Accepted: true, New: true})
	h.Ask(given, Asking{Accepted: true, New: true})
	h.Asked[done][0].At, h.Asked[given][0].At = at(1), at(3)
	h.Cancelled[done] = []Cancellation{{Returned: at(1), Withdrawal: outcome.Called}, {Returned: at(3)}}
	h.Archived[done], h.Archived[given] = at(1), at(3)
	if got := h.Forget(at(2)); !slices.Equal(got, []string{given}) {
		t.Errorf("lost: got %v, want %s alone", got, given)
	}
	if h.Accepted[done] != 1 || h.Accepted[given] != 0 || len(h.Asked[given]) != 0 {
		t.Errorf("accepted: got %v, asked %v", h.Accepted, h.Asked)
	}
	if len(h.Cancelled[done]) != 1 || len(h.Archived) != 1 || h.Archived[done] != time.Unix(1, 0) {
		t.Errorf("got %v cancelled, %v archived, want what was before", h.Cancelled, h.Archived)
	}
}

// A cancellation whose answer was lost, and the next call found nothing to cancel, since
// somebody had asked anew.
func TestCancellationWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	h.Asked[given] = []Asking{{Batch: "a-list", At: at(1), Accepted: true, New: true}, {At: time.Now(), Accepted: true, New: true}}
	if count := h.askedAnew(given); count != 0 {
		t.Errorf("asked anew %d times before any cancellation", count)
	}
	h.Cancelled[done] = []Cancellation{{Batch: "a-list", Began: at(2), Returned: at(3), Withdrawal: outcome.Withdrawn}}
	h.Untold("a-list", at(2), []string{done, given})
	if count := h.askedAnew(given); count != 1 {
		t.Errorf("asked anew %d times, want once", count)
	}
	if len(h.Cancelled[done]) != 1 {
		t.Errorf("got %v, want what was told alone", h.Cancelled[done])
	}
}
