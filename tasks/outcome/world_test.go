package outcome_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// world is a store together with the attempts that its workers hold.
type world struct {
	client *redis.Client
	store  *outcome.Store
	lost   bool // the next script's reply

	models   [impUIDs]model
	attempts [impUIDs][]outcome.Attempt
	revived  [impUIDs]int // how many attempts had begun before the last revival
	held     [impUIDs]seen
	tallies  [len(batchNames)]tally
}

func newWorld(client *redis.Client) *world {
	w := &world{client: client, store: newStore(client)}
	client.AddHook(w)
	return w
}

// run makes the steps on an empty Redis and returns where it left the model or
// broke a law.
func (w *world) run(ctx context.Context, steps []step) error {
	*w = world{client: w.client, store: w.store}
	if err := w.client.FlushAll(ctx).Err(); err != nil {
		return err
	}
	if err := w.openBatches(ctx); err != nil {
		return err
	}
	for i, s := range steps {
		if s.by >= len(w.attempts[s.on]) && (s.do == doFinish || s.do == doExtend) {
			continue // nobody there to say it
		}
		if err := w.step(ctx, s); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, s, err)
		}
	}
	return nil
}

func (w *world) step(ctx context.Context, s step) error {
	c := change{step: s, before: w.held[s.on]}
	begun := len(w.attempts[s.on])
	if s.do == doFinish || s.do == doExtend {
		c.older = s.by > 0 || begun == w.revived[s.on]
	}
	w.lost = s.lost
	got, err := w.do(ctx, s)
	w.lost = false
	if err != nil {
		return err
	}
	if got == "revived" || s.do == doRevive && c.before.Status == outcome.Dead {
		w.revived[s.on] = begun
	}
	if want := w.models[s.on].apply(s); got != want {
		return fmt.Errorf("reply is %q, want %q", got, want)
	}
	if w.held, err = w.look(ctx); err != nil {
		return err
	}
	c.reply, c.begun, c.after = got, len(w.attempts[s.on]), w.held[s.on]
	for i := range w.held {
		if want := w.models[i].seen; w.held[i] != want {
			return fmt.Errorf("imp_%d (-model +Redis):\n%s", i, cmp.Diff(want, w.held[i]))
		}
	}
	if err := w.checkBatches(ctx); err != nil {
		return err
	}
	for _, law := range laws {
		if !law.holds(c) {
			return fmt.Errorf("broken: %s\nbefore %+v\nafter  %+v", law.name, c.before, c.after)
		}
	}
	return nil
}

// do makes a step on the store and returns its reply in the model's words.
func (w *world) do(ctx context.Context, s step) (string, error) {
	impUID := fmt.Sprintf("imp_%d", s.on)
	r := tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}
	if s.as > 0 {
		r.Batch, r.Row = batchNames[s.as-1], s.on+1
	}
	var attempt outcome.Attempt
	if begun := w.attempts[s.on]; s.by < len(begun) {
		attempt = begun[len(begun)-1-s.by]
	}
	switch s.do {
	case doBegin:
		return w.begin(ctx, s.on, r)
	case doJoin:
		return w.join(ctx, r)
	case doFinish:
		attempt.Uncounted, attempt.Uncertain = s.uncounted, s.uncertain
		written, err := w.store.Finish(ctx, attempt, s.answer)
		return fmt.Sprint("written ", written), err
	case doExtend:
		_, err := w.store.Extend(ctx, attempt, lease)
		return "", err
	case doCrash:
		return "", w.endLease(ctx, impUID)
	case doDiscard:
		n, err := w.store.Discard(ctx, impUID)
		return fmt.Sprint("discarded ", n == 1), err
	}
	_, err := w.store.Revive(ctx, impUID)
	if alive, ok := errors.AsType[*outcome.NotDeadError](err); ok {
		return "not dead but " + string(alive.Status), nil
	}
	return "revived", err
}

func (w *world) begin(ctx context.Context, on int, r tasks.Revocation) (string, error) {
	attempt, err := w.store.Begin(ctx, r, lease)
	if over, ok := errors.AsType[*outcome.TerminalError](err); ok {
		return "already " + string(over.Status), nil
	}
	if _, ok := errors.AsType[*outcome.BusyError](err); ok {
		return "busy", nil
	}
	if err == nil {
		w.attempts[on] = append(w.attempts[on], attempt)
	}
	return fmt.Sprintf("begun %d uncertain %t", attempt.Number, attempt.Uncertain), err
}

// join lets the batch count an imp_uid, and once more from another row.
func (w *world) join(ctx context.Context, r tasks.Revocation) (string, error) {
	if r.Batch == "" {
		return "", nil
	}
	kind, err := w.store.Join(ctx, r)
	if err != nil {
		return "", err
	}
	r.Row += impUIDs
	again, err := w.store.Join(ctx, r)
	return string(kind) + string(again), err
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

// look returns what Redis holds.
func (w *world) look(ctx context.Context) (held [impUIDs]seen, err error) {
	var hashes [impUIDs]*redis.MapStringStringCmd
	var opens, deads *redis.ZSliceCmd
	var stream *redis.XMessageSliceCmd
	_, err = w.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range hashes {
			hashes[i] = p.HGetAll(ctx, fmt.Sprintf("{receipt}:outcome:imp_%d", i))
		}
		opens = p.ZRangeWithScores(ctx, "{receipt}:open", 0, -1)
		deads = p.ZRangeWithScores(ctx, "{receipt}:dead", 0, -1)
		stream = p.XRange(ctx, "{receipt}:outcomes", "-", "+")
		return nil
	})
	if err != nil {
		return held, err
	}
	for i := range held {
		impUID, hash := fmt.Sprintf("imp_%d", i), hashes[i].Val()
		until, leased := hash["leased_until"]
		held[i] = seen{
			Status: outcome.Status(hash["status"]), Reason: outcome.Reason(hash["reason"]),
			Uncertain: hash["uncertain"] == "1", Leased: leased, Live: leased && until != "1",
			Dead: slices.ContainsFunc(deads.Val(), func(z redis.Z) bool { return z.Member == impUID }),
			Open: overdue(impUID, until, opens.Val()),
		}
		held[i].Attempts, _ = strconv.Atoi(hash["attempts"])
	}
	for _, entry := range stream.Val() {
		for i := range held {
			if v := entry.Values; v["imp_uid"] == fmt.Sprintf("imp_%d", i) {
				held[i].Stream += fmt.Sprintf("%s/%s/%s ", v["status"], v["reason"], v["attempts"])
			}
		}
	}
	return held, nil
}

// overdue returns from when on an imp_uid is overdue, in the model's words.
func overdue(impUID, until string, open []redis.Z) string {
	for _, z := range open {
		switch score := strconv.FormatFloat(z.Score, 'f', -1, 64); {
		case z.Member != impUID:
		case score == until:
			return "lease"
		case score == strconv.FormatInt(retrying.NextAttemptAt.UnixMilli(), 10):
			return "next"
		default:
			return "revived"
		}
	}
	return ""
}

func (w *world) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *world) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook sends a script twice where its first reply is to be lost.
func (w *world) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if w.lost && err == nil && strings.HasPrefix(cmd.Name(), "eval") {
			return next(ctx, cmd)
		}
		return err
	}
}
