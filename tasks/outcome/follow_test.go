package outcome_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

func TestFollowYieldsWhatComesLater(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		last, err := s.Last(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		attempt := begin(t, s, lease)
		go func() { _, _ = s.Finish(context.WithoutCancel(t.Context()), attempt, revoked) }()
		for event, err := range s.Follow(soon(t), last) {
			if err != nil || event.Outcome.ImpUID != asked.ImpUID {
				t.Errorf("got %+v, %v", event, err)
			}
			break
		}
	})
}

// add puts an entry under an ID on the stream, which no clock decides.
func add(t *testing.T, client *redis.Client, id string) {
	t.Helper()
	values := []string{"imp_uid", "imp_" + id, "status", "revoked", "reason", "revoked", "attempts", "1"}
	if strings.HasPrefix(id, "bad ") {
		id, values = strings.TrimPrefix(id, "bad "), []string{"imp_uid", "imp_1", "attempts", "many"}
	}
	err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: "{receipt}:outcomes", ID: id, Values: values}).Err()
	if err != nil {
		t.Fatal(err)
	}
}

// soon returns a context that ends a test which would wait for ever.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// follow returns what a follower is shown, as "ID" or "ID: kind of error".
func follow(ctx context.Context, s *outcome.Store, after string, count int) (shown []string) {
	for event, err := range s.Follow(ctx, after) {
		var corrupt *outcome.CorruptError
		text := event.ID
		switch {
		case errors.As(err, &corrupt):
			text += ": corrupt"
		case errors.Is(err, outcome.ErrMissed):
			text += ": missed"
		case err != nil:
			text += ": failed"
		}
		if shown = append(shown, text); len(shown) == count {
			break
		}
	}
	return shown
}

func TestFollowGoesOnWhereverItsPositionIs(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		for name, test := range map[string]struct {
			stream []string // IDs; ten minutes are 600,000
			after  string
			want   []string
		}{
			"from the beginning":               {[]string{"5-0", "6-0"}, "0", []string{"5-0", "6-0"}},
			"without a position":               {[]string{"5-0"}, "", []string{"5-0"}},
			"after an entry":                   {[]string{"5-0", "5-1", "6-0"}, "5-0", []string{"5-1", "6-0"}},
			"over an entry that is none":       {[]string{"5-0", "bad 6-0", "7-0"}, "5-0", []string{"6-0: corrupt", "7-0"}},
			"trimmed":                          {[]string{"6-0", "7-0"}, "5-0", []string{"0: missed", "6-0", "7-0"}},
			"trimmed, of the same millisecond": {[]string{"6-1"}, "6-0", []string{"0: missed", "6-1"}},
			"lost, and the clock is behind": {
				[]string{"700000-0", "700001-0"}, "9000000-0", []string{"0: missed", "700000-0", "700001-0"},
			},
			"its end lost": {
				[]string{"1-0", "8399999-0", "8400000-0", "8999999-0"},
				"9000000-0",
				[]string{"8399999-0: missed", "8400000-0", "8999999-0"},
			},
			"its end lost, and more has come": {
				[]string{"8399999-0", "8999999-0", "9000001-0"},
				"9000000-0",
				[]string{"8399999-0: missed", "8999999-0", "9000001-0"},
			},
			"all but its end lost":               {[]string{"8999999-0"}, "9000000-0", []string{"0: missed", "8999999-0"}},
			"its end of some hours lost":         {[]string{"1-0", "700000-0"}, "9000000-0", []string{"0: missed", "1-0", "700000-0"}},
			"a position within ten minutes of 0": {[]string{"1-0", "3-0"}, "2-0", []string{"0: missed", "1-0", "3-0"}},
		} {
			client.FlushAll(t.Context())
			for _, id := range test.stream {
				add(t, client, id)
			}
			if diff := cmp.Diff(test.want, follow(soon(t), s, test.after, len(test.want))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestFollowGoesOnAfterRedisWasEmptied(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		add(t, client, "5-0")
		var shown []string
		for event, err := range s.Follow(soon(t), "") {
			shown = append(shown, event.ID)
			switch {
			case event.ID == "5-0":
				client.FlushAll(t.Context())
			case errors.Is(err, outcome.ErrMissed):
				add(t, client, "4-0")
			}
			if event.ID == "4-0" || len(shown) > 3 {
				break
			}
		}
		if want := []string{"5-0", "0", "4-0"}; !slices.Equal(shown, want) {
			t.Errorf("got %q, want %q", shown, want)
		}
	})
}

func TestFollowOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		proxy := redistest.NewProxy(t, server.Addr)
		admin, s := server.Client(t), newStore(proxy.Client(t))
		add(t, admin, "5-0")
		failed := 0
		for event, err := range s.Follow(soon(t), "") {
			switch {
			case err == nil && event.ID == "5-0":
				proxy.Target("127.0.0.1:1")
				proxy.Reset()
			case err == nil:
				if event.ID != "6-0" || failed < 2 {
					t.Errorf("got %+v after %d errors", event, failed)
				}
				return // of the test: the outage is over
			default:
				if event.ID != "5-0" {
					t.Errorf("an error beside the position %q, want 5-0: %v", event.ID, err)
				}
				if failed++; failed == 2 {
					proxy.Target(server.Addr)
					add(t, admin, "6-0")
				}
			}
		}
		t.Errorf("nothing came after %d errors", failed)
	})
}

// refusing is a Redis that refuses everything, as one whose user has lost its rights.
type refusing struct{}

func (refusing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (refusing) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error { return refuse(cmd) }
}

func (refusing) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			_ = refuse(cmd)
		}
		return cmds[0].Err()
	}
}

func refuse(cmd redis.Cmder) error {
	cmd.SetErr(errors.New("NOPERM this user has no permissions to run the 'xread' command"))
	return cmd.Err()
}

func TestFollowIsPacedWhereItCannotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
		defer client.Close()
		client.AddHook(refusing{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		var at []time.Duration
		for event, err := range newStore(client).Follow(ctx, "5-0") {
			if event.ID != "5-0" || err == nil || !strings.Contains(err.Error(), "NOPERM") {
				t.Errorf("got %+v, %v; want the position, and what is wrong", event, err)
			}
			at = append(at, time.Since(began))
		}
		want := []time.Duration{0, 50e6, 150e6, 350e6, 750e6}
		if len(at) != 18 || !slices.Equal(at[:5], want) {
			t.Errorf("tried %d times in a minute, at %v", len(at), at)
		}
	})
}

func TestBeforeFindsWhereATimeBegins(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		for _, id := range []string{"5-0", "5-7", "9-0"} {
			add(t, client, id)
		}
		for millis, want := range map[int64]string{-1: "0", 0: "0", 5: "0", 6: "5-7", 9: "5-7", 10: "9-0", 1 << 40: "9-0"} {
			if got, err := s.Before(t.Context(), time.UnixMilli(millis)); got != want || err != nil {
				t.Errorf("%d: got %q, %v; want %q", millis, got, err, want)
			}
		}
	})
}
