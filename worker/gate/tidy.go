package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"receiptrevoker/worker/pause"
)

// tidyEvery is how often it is looked for pauses that a gate has left
// behind, while no gate is closed.
const tidyEvery = time.Second

// tidier pauses queues behind closed gates, and resumes them.
type tidier struct {
	gates    *Gates
	complain func(kind string, err error)
	tidied   time.Time
	paused   map[string]int64 // queues seen to be paused by a gate, and its epoch
}

// tidy makes the pauses what the gates say: a queue behind a closed gate is
// paused, one that a gate has paused and that is behind none any more is
// resumed, and a person's is left alone. Whatever a process left half done when
// it died, the next round of any other completes.
//
// s was read before the pauses are: a mark of an epoch that is over by then is
// the past, and one that is younger than s the business of a later round.
func (t *tidier) tidy(ctx context.Context, s Snapshot) error {
	if !s.busy() && time.Since(t.tidied) < tidyEvery {
		return nil
	}
	pauses, err := t.gates.pauses.Read(ctx)
	if err != nil {
		return err
	}
	for _, p := range pauses {
		t.gates.turn()
		err = errors.Join(err, t.tidyOne(ctx, s, p))
	}
	if err == nil {
		t.tidied = time.Now()
	}
	return err
}

// busy reports whether a gate is closed, or has opened only now.
func (s Snapshot) busy() bool {
	for _, state := range s.Gates {
		if state.Closed || s.Now.Sub(state.OpenedAt) < 2*tidyEvery {
			return true
		}
	}
	return false
}

// tidyOne pauses or resumes one queue, or opens its gate where a person has resumed it.
func (t *tidier) tidyOne(ctx context.Context, s Snapshot, p pause.Pause) error {
	wanted, epoch := s.wanted(p.Queue)
	before, known := t.paused[p.Queue]
	delete(t.paused, p.Queue)
	switch {
	case p.ByPerson():
		return nil
	case p.Paused && s.Gates[Name(p.Gate)].Closed && s.Gates[Name(p.Gate)].Epoch == p.Epoch:
		t.paused[p.Queue] = p.Epoch
		return nil
	case p.Paused && p.Epoch > s.Now.UnixMicro() && p.Epoch <= s.Now.Add(slack).UnixMicro():
		return nil
	case p.Paused && wanted == "":
		if p.Epoch > s.Now.UnixMicro() {
			t.complain("invalid", fmt.Errorf("the mark of %s's pause is %q, out of range: it is removed", p.Queue, p.Mark))
		}
		_, err := t.gates.store.pauses.Swap(ctx, p, "")
		return err
	case wanted == "":
		return nil
	case !p.Paused && known && before == epoch:
		// This closure had paused it, and it is not paused any more: a person has resumed
		// it, which opens the gate.
		opened, err := t.gates.store.Open(ctx, wanted, epoch)
		if opened {
			t.gates.log.Info("gate opened by hand", "gate", string(wanted), "queue", p.Queue)
		}
		t.gates.nudge()
		return err
	}
	_, err := t.gates.store.pauses.Swap(ctx, p, pause.GateMark(string(wanted), epoch))
	return err
}
