package outcome_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// What was written before there were requests is about whatever is asked for, until
// something is asked for that is new.
func TestOutcomesOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	plain := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
	again := plain
	again.Again = true
	type step struct {
		do   string
		r    tasks.Revocation
		want string
	}
	for name, test := range map[string]struct {
		status outcome.Status
		steps  []step
	}{
		"revoked": {outcome.Revoked, []step{
			{"get", plain, "revoked/old"},
			{"begin", plain, "imp_1 is already revoked"},
			{"ask", plain, "e revoked"},
			{"get", plain, "revoked/old"},
			{"cancel", plain, "revoked"},
			{"ask", again, "q queued +"},
			{"get", plain, "queued/"},
			{"begin", plain, "begun "},
			{"dead", plain, "dead"},
		}},
		"dead": {outcome.Dead, []step{
			{"get", plain, "dead/old"},
			{"ask", plain, "e dead"},
			{"revive", plain, "revived"},
			{"get", plain, "retrying/old"},
			{"ask", plain, "e retrying"},
			{"begin", plain, "begun "},
			{"get", plain, "retrying/old"},
			{"dead", plain, "dead"},
			{"get", plain, "dead/why"},
		}},
		"retrying": {outcome.Retrying, []step{
			{"get", plain, "retrying/old"},
			{"ask", plain, "e retrying"},
			{"get", plain, "retrying/old"},
			{"begin", plain, "begun "},
			{"revoked", plain, "revoked"},
			{"get", plain, "revoked/why"},
		}},
		"retrying and never asked for": {outcome.Retrying, []step{
			{"begin", plain, "begun "}, {"get", plain, "retrying/old"}, {"cancel", plain, "running"}, {"dead", plain, "dead"},
		}},
		"retrying and cancelled": {outcome.Retrying, []step{
			{"cancel", plain, "called"}, {"get", plain, "retrying/old"}, {"begin", plain, "begun withdrawn"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				leaveOld(t, client, "imp_1", test.status)
				s, attempt := newStore(client), &outcome.Attempt{}
				for i, step := range test.steps {
					if got := told(t.Context(), s, step.do, step.r, attempt); got != step.want {
						t.Fatalf("step %d: %s is %q, want %q", i+1, step.do, got, step.want)
					}
					if attempt.Number == 2 && !attempt.Uncertain() {
						t.Errorf("step %d: it is forgotten that the attempt before may have worked", i+1)
					}
				}
			})
		})
	}
}

// leaveOld writes an outcome as an older version did.
func leaveOld(t *testing.T, client *redis.Client, impUID string, status outcome.Status) {
	t.Helper()
	const at = "2026-11-23T12:00:00.000Z"
	key := "{receipt}:outcome:" + impUID
	client.HSet(t.Context(), key, "imp_uid", impUID, "pg", "kcp", "status", string(status), "reason", "old",
		"attempts", 1, "first_attempt_at", at, "updated_at", at, "fence", 1)
	due := redis.Z{Score: float64(noon.UnixMilli()), Member: impUID}
	switch status {
	case outcome.Retrying:
		client.HSet(t.Context(), key, "uncertain", 1)
		client.ZAdd(t.Context(), "{receipt}:open", due)
		return
	case outcome.Dead:
		client.ZAdd(t.Context(), "{receipt}:dead", due)
	}
	client.PExpire(t.Context(), key, time.Hour)
}
