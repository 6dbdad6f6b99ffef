package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/pause"
)

// tidy makes the pauses what the gates say: a queue behind a closed gate is
// paused, one that a gate has paused and that is behind none any more is
// resumed, and a person's is left alone. Whatever a process left half done when
// it died, the next round of any other completes.
//
// s was read before the pauses are: a mark of an epoch that is over by then is
// the past, and one that is younger than s the business of a later round.
func (k *keeper) tidy(ctx context.Context, s Snapshot) error {
	if !s.busy() && time.Since(k.tidied) < tidyEvery {
		return nil
	}
	pauses, err := k.pauses.Read(ctx)
	if err != nil {
		return err
	}
	for _, p := range pauses {
		k.turn()
		err = errors.Join(err, k.tidyOne(ctx, s, p))
	}
	if err == nil {
		k.tidied = time.Now()
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

func (k *keeper) tidyOne(ctx context.Context, s Snapshot, p pause.Pause) error {
	wanted, epoch := s.wanted(p.Queue)
	before, known := k.paused[p.Queue]
	delete(k.paused, p.Queue)
	switch {
	case p.ByPerson():
		return nil
	case p.Paused && s.Gates[Name(p.Gate)].Closed && s.Gates[Name(p.Gate)].Epoch == p.Epoch:
		k.paused[p.Queue] = p.Epoch
		return nil
	case p.Paused && p.Epoch > s.Now.UnixMicro() && p.Epoch <= s.Now.Add(slack).UnixMicro():
		return nil
	case p.Paused && wanted == "":
		if p.Epoch > s.Now.UnixMicro() {
			k.complain("invalid", fmt.Errorf("the mark of %s's pause is %q, out of range: it is removed", p.Queue, p.Mark))
		}
		_, err := k.store.pauses.Swap(ctx, p, "")
		return err
	case wanted == "":
		return nil
	case !p.Paused && known && before == epoch:
		// It was paused by this closure and is not any more: a person has
		// resumed it, and shall have his way.
		opened, err := k.store.Open(ctx, wanted, epoch)
		if opened {
			k.log.Info("gate opened by hand", "gate", string(wanted), "queue", p.Queue)
		}
		k.nudge()
		return err
	}
	_, err := k.store.pauses.Swap(ctx, p, pause.GateMark(string(wanted), epoch))
	return err
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
