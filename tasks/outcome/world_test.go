package outcome_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
)

// world is a store together with the attempts that its workers hold.
type world struct {
	client *redis.Client
	store  *outcome.Store
	lost   bool // the next script's reply

	model    model
	attempts [impUIDs][]*outcome.Attempt
	revived  [impUIDs]int // how many attempts had begun before the last revival
	ledgers  [impUIDs]ledger
	held     [impUIDs]seen
}

func newWorld(client *redis.Client) *world {
	w := &world{client: client, store: newStore(client)}
	client.AddHook(w)
	return w
}

// clear makes it as new, with an empty Redis.
func (w *world) clear(ctx context.Context) error {
	*w = world{client: w.client, store: w.store}
	return w.client.FlushAll(ctx).Err()
}

// drain makes the last attempt on all that is open, as the sweeper would.
func (w *world) drain(ctx context.Context) error {
	open, _, err := w.store.Overdue(ctx, -everything, 2*impUIDs)
	if err != nil {
		return err
	}
	for _, o := range open {
		var on int
		if _, err := fmt.Sscanf(o.ImpUID, "imp_%d", &on); err != nil {
			return err
		}
		for _, s := range []step{{do: doCrash, on: on}, {do: doBegin, on: on}, {do: doFinish, on: on, answer: dead}} {
			if err := w.step(ctx, s); err != nil {
				return fmt.Errorf("at last, %s: %w", s, err)
			}
		}
	}
	for i, held := range w.held {
		if !w.ledgers[i].balances(held) {
			return fmt.Errorf("imp_%d: of %+v ended %q, and it is %q", i, w.ledgers[i], held.Stream, held.Status)
		}
	}
	return nil
}

func (w *world) step(ctx context.Context, s step) error {
	before := w.held
	c := w.change(s)
	w.lost = s.lost
	got, err := w.do(ctx, s)
	w.lost = false
	if err != nil {
		return err
	}
	if want := w.model.apply(s); got != want {
		return fmt.Errorf("reply is %q, want %q", got, want)
	}
	if w.held, err = w.look(ctx); err != nil {
		return err
	}
	if s.do == doRevive && before[s.on].Status == outcome.Dead && w.held[s.on].Status == outcome.Retrying {
		w.revived[s.on] = len(w.attempts[s.on])
	}
	for i := range w.held {
		if want := w.model.receipts[i].seen(&w.model); w.held[i] != want {
			return fmt.Errorf("imp_%d (-model +Redis):\n%s", i, cmp.Diff(want, w.held[i]))
		}
	}
	if err := w.checkBatches(ctx); err != nil {
		return err
	}
	c.reply = got
	for i := range w.held {
		if err := w.check(i, s, c, before[i]); err != nil {
			return err
		}
	}
	return nil
}

// change returns what can be said of a step before it is made.
func (w *world) change(s step) change {
	c := change{do: s.do, lost: s.lost}
	if begun := len(w.attempts[s.on]); s.do == doFinish || s.do == doExtend {
		c.answer = s.answer.Status
		c.older = s.by > 0 || begun == w.revived[s.on]
		r := &w.model.receipts[s.on]
		c.earlier = r.of[begun-1-s.by] != r.id
	}
	return c
}

// check holds what a step did to an imp_uid against the laws.
func (w *world) check(i int, s step, c change, before seen) error {
	if i != s.on {
		c = change{lost: s.lost}
		if s.do == doCancelBatch {
			c.do = s.do
		}
	}
	if s.dry && (s.do == doCancel || s.do == doCancelBatch) {
		c.do, c.reply = doCancel, "dry"
	}
	c.begun, c.before, c.after = len(w.attempts[i]), before, w.held[i]
	for _, law := range laws {
		if !law.holds(c) {
			return fmt.Errorf("broken for imp_%d: %s\nbefore %+v\nafter  %+v", i, law.name, c.before, c.after)
		}
	}
	w.ledgers[i].enter(c)
	return nil
}

// do makes a step on the store and returns its reply in the model's words.
func (w *world) do(ctx context.Context, s step) (string, error) {
	impUID := s.asks().ImpUID
	switch s.do {
	case doAsk:
		if from, rows := w.model.chunk(s); s.as > 0 {
			return w.askRows(ctx, s.as-1, from, rows)
		}
		if s.lost { // what is asked for twice was not asked for at the preview
			return told(ctx, w.store, "ask", s.asks(), nil), nil
		}
		return foretold(ctx, w.store, "ask", s.asks(), nil), nil
	case doBegin:
		return w.begin(ctx, s)
	case doFinish, doExtend:
		return w.attempt(ctx, s)
	case doCrash:
		return "", w.endLease(ctx, impUID)
	case doDiscard:
		listed, err := w.store.Discard(ctx, impUID)
		return fmt.Sprint("discarded ", slices.Contains(listed, true)), err
	case doSettle:
		err := w.store.Settle(ctx, impUID, outcome.Statement{Revoked: s.revoked, By: "kim", Text: "seen in the console"})
		return leftAlone("settled", err)
	case doCancel:
		found, err := w.store.Cancel(ctx, []string{impUID}, s.dry)
		if err != nil {
			return "", err
		}
		return string(found[0]), nil
	case doCancelBatch:
		return w.cancelBatch(ctx, batchNames[s.as-1], s.dry)
	case doComplete:
		err := w.store.CompleteBatch(ctx, batchNames[s.as-1], len(w.model.batches[s.as-1].list))
		if errors.Is(err, outcome.ErrNoBatch) {
			return "no batch", nil
		}
		return "", err
	}
	_, err := w.store.Revive(ctx, impUID)
	return leftAlone("revived", err)
}

// leftAlone returns what was done to a dead letter, or why nothing was.
func leftAlone(done string, err error) (string, error) {
	if errors.Is(err, outcome.ErrWithdrawn) {
		return "withdrawn", nil
	}
	if errors.Is(err, outcome.ErrReissued) {
		return "reissued", nil
	}
	if alive, ok := errors.AsType[*outcome.NotDeadError](err); ok {
		return "not dead but " + string(alive.Status), nil
	}
	return done, err
}

// begin begins an attempt by a task that may ask for another receipt, or in another
// batch, than the request that is recorded; of one that is not it is to be believed.
func (w *world) begin(ctx context.Context, s step) (string, error) {
	r := s.asks()
	if s.as > 0 && w.model.receipts[s.on].id > 0 {
		r.Batch, r.Row = batchNames[s.as-1], 1
	}
	a, err := w.store.Begin(ctx, r, lease)
	if over, ok := errors.AsType[*outcome.TerminalError](err); ok {
		return "already " + string(over.Status), nil
	}
	if _, ok := errors.AsType[*outcome.BusyError](err); ok {
		return "busy", nil
	}
	if err != nil {
		return "", err
	}
	w.attempts[s.on] = append(w.attempts[s.on], a)
	return fmt.Sprintf("begun %d of %q tier %q again %t uncertain %t failed %t withdrawn %t", a.Number,
		a.Revocation.ApplyNum, a.Revocation.Tier, a.Revocation.Again, a.Uncertain(), a.FailedBefore, a.Withdrawn), nil
}

// attempt lets an attempt say something.
func (w *world) attempt(ctx context.Context, s step) (string, error) {
	begun := w.attempts[s.on]
	a := *begun[len(begun)-1-s.by]
	if s.do == doExtend {
		may, err := w.store.Extend(ctx, &a, lease)
		return fmt.Sprint("may call ", may), err
	}
	a.Uncounted, a.Memory = s.uncounted, outcome.Memory{}
	if s.uncertain {
		a.UncertainAt = noon
	}
	written, err := w.store.Finish(ctx, &a, s.answer)
	return fmt.Sprint("written ", written), err
}

// endLease makes the time when a lease ends, if any, the first millisecond of 1970.
func (w *world) endLease(ctx context.Context, impUID string) error {
	key := "{receipt}:outcome:" + impUID
	if leased, err := w.client.HExists(ctx, key, "leased_until").Result(); err != nil || !leased {
		return err
	}
	if err := w.client.HSet(ctx, key, "leased_until", 1).Err(); err != nil {
		return err
	}
	return w.client.ZAdd(ctx, "{receipt}:open", redis.Z{Score: 1, Member: impUID}).Err()
}

func (w *world) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *world) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook sends a script twice where its first reply is to be lost.
func (w *world) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if w.lost && err == nil && slices.Contains([]string{"eval", "evalsha"}, strings.ToLower(cmd.Name())) {
			return next(ctx, cmd)
		}
		return err
	}
}
