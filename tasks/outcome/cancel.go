package outcome

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/redis/go-redis/v9"
)

var cancelScript = script("cancel.lua")

// Withdrawal is the effect of a cancellation on one request.
type Withdrawal string

const (
	// Withdrawn: it was never called, and never will be; a worker ends it as dead.
	Withdrawn Withdrawal = "withdrawn"
	// Called: it is between two attempts. No DELETE follows, and a lookup decides its
	// end where PortOne documents one.
	Called Withdrawal = "called"
	// Running: an attempt is running. If that does not end it, a lookup does.
	Running Withdrawal = "running"
	// Wanted: another request asks for it too, so that it stays.
	Wanted Withdrawal = "wanted"
	// Foreign: the batch does not ask for it.
	Foreign Withdrawal = "foreign"
	// WasRevoked: it had ended before.
	WasRevoked Withdrawal = Withdrawal(Revoked)
	// WasDead: it had ended before, and is not revived any more.
	WasDead Withdrawal = Withdrawal(Dead)
	// Unknown: there is no request for it.
	Unknown Withdrawal = "unknown"
)

// Cancel withdraws every request for the imp_uids, as far as no attempt has
// begun, and returns the effect on each. A dry run changes nothing.
func (s *Store) Cancel(ctx context.Context, impUIDs []string, dry bool) ([]Withdrawal, error) {
	found, _, err := s.cancel(ctx, "", impUIDs, dry)
	return found, err
}

// cancel also returns which of them had been cancelled before.
func (s *Store) cancel(
	ctx context.Context, batch string, impUIDs []string, dry bool,
) (found []Withdrawal, before []bool, err error) {
	if len(impUIDs) == 0 {
		return nil, nil, nil
	}
	args := []any{batch, flag(dry)}
	for _, impUID := range impUIDs {
		args = append(args, impUID)
	}
	reply, err := s.run(ctx, cancelScript, s.openKey(), args...).StringSlice()
	if err != nil {
		return nil, nil, fmt.Errorf("cancel %d requests: %w", len(impUIDs), err)
	}
	for _, text := range reply {
		what, _, again := strings.Cut(text, " ")
		found, before = append(found, Withdrawal(what)), append(before, again)
	}
	return found, before, nil
}

// MarkCancelled cancels a batch: what is asked for in it is not called any more, nor a dead
// letter of it revived, unless another request asks for it too, and nothing more can be asked
// for in it. A batch that is cancelled stays so since the first time, and one whose list is revoked
// as a whole is not cancelled: nothing in it could be. The error matches [ErrNoBatch].
func (s *Store) MarkCancelled(ctx context.Context, name string) error {
	cancelled, err := s.run(ctx, markScript, s.batchKey(name), name).Bool()
	if err != nil {
		return fmt.Errorf("cancel the batch %s: %w", name, err)
	}
	if !cancelled {
		return fmt.Errorf("%s: %w", name, ErrNoBatch)
	}
	return nil
}

// markScript marks a batch as cancelled, unless it has finished without a dead letter. That finishes
// it if nothing in it is open: its list may never have come to its end.
var markScript = redis.NewScript(source("scripts.lua") + source("scripts_count.lua") + `
local was, dead = values(KEYS[1]), 0
for name, value in pairs(was) do
  dead = dead + (string.match(name, '^dead:') and tonumber(value) or 0)
end
if not was.cancelled_at and (not was.finished_at or dead > 0) and next(was) then
  redis.call('HSET', KEYS[1], 'cancelled_at', now)
  settle(ARGV[2])
end
return next(was) and 1 or 0
`)

// CancelOpen goes through all that is open, and withdraws what a batch asks for that
// was marked as cancelled. It yields the effect on each that the batch asks for, and
// how many were looked at. A dry run changes nothing, and needs no mark. An error
// ends it. It holds one page of imp_uids at a time.
func (s *Store) CancelOpen(ctx context.Context, name string, dry bool) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		for cursor := uint64(0); ; {
			members, next, err := s.client.ZScan(ctx, s.openKey(), cursor, "", pageSize).Result()
			if err != nil {
				yield(Page{}, fmt.Errorf("go through what is open: %w", err))
				return
			}
			page := Page{Looked: len(members) / 2}
			var impUIDs []string
			for i := 0; i < len(members); i += 2 { // each with its score
				impUIDs = append(impUIDs, members[i])
			}
			found, before, err := s.cancel(ctx, name, impUIDs, dry)
			for i, withdrawal := range found {
				if withdrawal != Foreign && withdrawal != Unknown {
					page.ImpUIDs, page.Withdrawals = append(page.ImpUIDs, impUIDs[i]), append(page.Withdrawals, withdrawal)
					page.Before = append(page.Before, before[i])
				}
			}
			if !yield(page, err) || err != nil || next == 0 {
				return
			}
			cursor = next
		}
	}
}

// Page is the effect on some of what a batch asks for, and among how many they were. Before tells of
// those [Withdrawn] or [Called] which had been cancelled before, so that nothing has changed.
type Page struct {
	Looked      int
	ImpUIDs     []string
	Withdrawals []Withdrawal
	Before      []bool
}
