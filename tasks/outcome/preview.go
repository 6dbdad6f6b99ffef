package outcome

import (
	"context"
	"fmt"

	"receiptrevoker/tasks"
)

// Preview is what would come of recording a request now.
type Preview struct {
	// Kind is [KindQueued]; [KindElsewhere] where what was asked for before answers the
	// request; or [KindInvalid] while another receipt of the imp_uid, or one of another
	// tier, is being revoked.
	Kind Kind
	// Status is how far the imp_uid has come, empty if nothing is known of it, and Reason
	// is why. A request that is new may still have one: of what was withdrawn, or of
	// another receipt.
	Status Status
	Reason Reason
}

// Preview tells what would come of recording each of the requests, in their order and in
// one step, and changes nothing. It looks at no batch: who asks makes no difference.
func (s *Store) Preview(ctx context.Context, requests []tasks.Revocation) ([]Preview, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	reply, err := s.askSingle(ctx, true, requests)
	if err != nil {
		return nil, fmt.Errorf("read what is known of %d imp_uids: %w", len(requests), err)
	}
	previews := make([]Preview, len(requests))
	for i, kind := range []byte(reply[3]) {
		previews[i] = Preview{readAsked(kind).Kind, Status(reply[4+2*i]), Reason(reply[5+2*i])}
	}
	return previews, nil
}
