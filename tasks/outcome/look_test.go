package outcome_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
)

// everything is so long that all that is open is overdue before it is over.
const everything = 100 * 365 * 24 * time.Hour

// kept is what Redis holds of one imp_uid, as it stands there.
type kept struct {
	outcome, request         *redis.MapStringStringCmd
	outcomeLife, requestLife *redis.DurationCmd
}

// look returns what Redis holds.
func (w *world) look(ctx context.Context) (held [impUIDs]seen, err error) {
	var keys [impUIDs]kept
	var cancelled [len(batchNames)]*redis.SliceCmd
	var opens, deads *redis.ZSliceCmd
	var stream *redis.XMessageSliceCmd
	_, err = w.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range keys {
			of, asked := fmt.Sprintf("{receipt}:outcome:imp_%d", i), fmt.Sprintf("{receipt}:request:imp_%d", i)
			keys[i] = kept{p.HGetAll(ctx, of), p.HGetAll(ctx, asked), p.PTTL(ctx, of), p.PTTL(ctx, asked)}
		}
		for i, name := range batchNames {
			cancelled[i] = p.HMGet(ctx, "{receipt}:batch:"+name, "cancelled_at")
		}
		opens, deads = p.ZRangeWithScores(ctx, "{receipt}:open", 0, -1), p.ZRangeWithScores(ctx, "{receipt}:dead", 0, -1)
		stream = p.XRange(ctx, "{receipt}:outcomes", "-", "+")
		return nil
	})
	if err != nil {
		return held, err
	}
	for i := range held {
		impUID := fmt.Sprintf("imp_%d", i)
		held[i] = keys[i].seen()
		held[i].Dead = slices.ContainsFunc(deads.Val(), func(z redis.Z) bool { return z.Member == impUID })
		held[i].Open = overdue(impUID, keys[i].outcome.Val()["leased_until"], opens.Val())
		held[i].Withdrawn = withdrawn(keys[i].request.Val(), cancelled)
		for _, entry := range stream.Val() {
			if v := entry.Values; v["imp_uid"] == impUID {
				held[i].Stream += fmt.Sprintf("%s/%s/%s ", v["status"], v["reason"], v["attempts"])
			}
		}
	}
	return held, w.read(ctx, &held)
}

// read adds what the store tells, and compares what it tells of what is open.
func (w *world) read(ctx context.Context, held *[impUIDs]seen) error {
	names := make([]string, impUIDs)
	for i := range names {
		names[i] = fmt.Sprintf("imp_%d", i)
	}
	outcomes, err := w.store.Many(ctx, names)
	if err != nil {
		return err
	}
	var want, got []string
	for i, o := range outcomes {
		held[i].Status, held[i].Reason, held[i].Attempts = o.Status, o.Reason, o.Attempts
		held[i].Withdrawn = held[i].Withdrawn && o.Status != outcome.Revoked
		if o.Withdrawn != held[i].Withdrawn {
			return fmt.Errorf("imp_%d is withdrawn: %t, and told to be: %t", i, held[i].Withdrawn, o.Withdrawn)
		}
		if held[i].Open != "" {
			want = append(want, names[i])
		}
	}
	open, ended, err := w.store.Overdue(ctx, -everything, 2*impUIDs)
	for _, o := range open {
		got = append(got, o.ImpUID)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(ended) > 0 {
		return fmt.Errorf("overdue, and %q ended (-open +told):\n%s", ended, diff)
	}
	return err
}

// seen is what the keys alone show.
func (k kept) seen() (s seen) {
	until, leased := k.outcome.Val()["leased_until"]
	s.Leased, s.Live = leased, leased && until != "1"
	s.Idle = k.outcome.Val()["idle"] != ""
	s.Uncertain = k.outcome.Val()["uncertain_at"] != ""
	if k.outcomeLife.Val() > 0 {
		s.Expires = "outcome"
	}
	if k.requestLife.Val() > 0 {
		s.Expires += " request"
	}
	return s
}

// withdrawn tells from a request whether all who asked have cancelled.
func withdrawn(request map[string]string, cancelled [len(batchNames)]*redis.SliceCmd) bool {
	if request["withdrawn"] != "" || request["single"] != "" {
		return request["withdrawn"] != ""
	}
	asks := false
	for i, name := range batchNames {
		if request["in:"+name] != "" {
			asks = true
			if cancelled[i].Val()[0] == nil {
				return false
			}
		}
	}
	return asks
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
		case math.Abs(z.Score-float64(time.Now().UnixMilli())) < 60_000:
			return "now"
		case math.Abs(z.Score+float64(time.Now().UnixMilli())) < 60_000: // since it was withdrawn
			return "at once"
		default:
			return "at " + score
		}
	}
	return ""
}
