package world

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

// inWorld runs a test in a world in which nobody works.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(context.Background(), Scenario{Receipts: 1, Workers: 1, Span: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		test(t, w)
		w.portone.end()
		w.redis.close()
	})
}

func TestOverlappingFaultsOfAKindDoNotEndEachOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, kind := range []Kind{CutBefore, RedisDown, PortOneDown, RedisFull, "call:500"} {
			w.begin(Fault{Kind: kind, Rate: 0.5, To: time.Second})
			w.begin(Fault{Kind: kind, Rate: 0.5, To: 2 * time.Second})
		}
		if w.cutBefore != 0.75 || w.redis.full != 0.75 {
			t.Errorf("two halves: got %v cut, %v refused, want 0.75 of each", w.cutBefore, w.redis.full)
		}
		for _, kind := range []Kind{CutBefore, RedisDown, PortOneDown, RedisFull, "call:500"} {
			w.end(Fault{Kind: kind, Rate: 0.5, To: time.Second})
		}
		if w.cutBefore != 0.5 || math.Abs(w.redis.full-0.5) > 1e-9 || !w.redis.down || !w.portone.down || len(w.portone.Rules()) != 1 {
			t.Errorf("one has ended: got %v cut, %v refused, Redis down %t, PortOne %t, %d rules, want the other of each in force",
				w.cutBefore, w.redis.full, w.redis.down, w.portone.down, len(w.portone.Rules()))
		}
		for _, kind := range []Kind{CutBefore, RedisDown, PortOneDown, RedisFull, "call:500"} {
			w.end(Fault{Kind: kind, Rate: 0.5, To: 2 * time.Second})
		}
		if w.cutBefore != 0 || w.redis.full != 0 || w.redis.down || w.portone.down || len(w.portone.Rules()) != 0 {
			t.Errorf("both have ended: got %v, want none in force", w.active)
		}
	})
}

func TestRestoreBringsBackWhatWasThere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx, r := context.Background(), w.redis
		r.direct.Set(ctx, "text", "a", time.Hour)
		r.direct.HSet(ctx, "hash", "a", "1", "b", "2")
		r.direct.RPush(ctx, "list", "b", "a")
		r.direct.SAdd(ctx, "set", "a", "b")
		r.direct.ZAdd(ctx, "sorted", redis.Z{Score: 1.5, Member: "a"}, redis.Z{Score: 946684800123456, Member: "b"})
		r.direct.XAdd(ctx, &redis.XAddArgs{Stream: "stream", ID: "5-1", Values: []string{"a", "1"}})
		before := r.snapshot()
		r.direct.Del(ctx, "text", "list")
		r.direct.HSet(ctx, "hash", "c", "3")
		r.direct.Set(ctx, "more", "a", 0)
		r.restore(before)
		if diff := cmp.Diff(before, r.snapshot()); diff != "" || len(before) != 6 {
			t.Errorf("%d keys, restored otherwise: %s", len(before), diff)
		}
	})
}

func TestScriptIsCalledByItsOwnFirstWords(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"-- What is shared.\n--\n-- KEYS  any\nlocal a = 1\n-- Ends it.\n--\n-- KEYS  one\nreturn a\n-- end": "Ends it.",
		"\nreturn 1\nredis.call()": "return 1",
	} {
		if got := titleOf(script); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
