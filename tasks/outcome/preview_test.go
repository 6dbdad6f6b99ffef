package outcome_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// foretold is told, and says so where a preview does not tell what comes of asking. So
// TestLifeOfARequest and TestEveryInterleavingKeepsTheModel hold the two together.
func foretold(ctx context.Context, s *outcome.Store, do string, r tasks.Revocation, attempt *outcome.Attempt) string {
	if do != "ask" {
		return told(ctx, s, do, r, attempt)
	}
	previews, err := s.Preview(ctx, []tasks.Revocation{r})
	if err != nil {
		return err.Error()
	}
	text := told(ctx, s, do, r, attempt)
	want := fmt.Sprintf("%c %s", previews[0].Kind, previews[0].Status)
	if previews[0].Kind == outcome.KindQueued {
		want = "q queued +"
	}
	if !strings.HasPrefix(strings.TrimPrefix(text, "other "), want) {
		return text + ", but the preview was " + want
	}
	return text
}

// A preview tells what asking would, and why, and changes nothing.
func TestPreviewTellsWhatIsKnown(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		withdrawn := outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn}
		for impUID, o := range map[string]outcome.Outcome{
			"imp_revoked": revoked, "imp_retrying": retrying, "imp_dead": dead, "imp_withdrawn": withdrawn, "imp_queued": {},
		} {
			r := tasks.Revocation{ImpUID: impUID}
			if _, err := s.Ask(ctx, r); err != nil {
				t.Fatal(err)
			}
			if o.Status == "" {
				continue
			}
			if o.Reason == outcome.ReasonWithdrawn {
				if _, err := s.Cancel(ctx, []string{impUID}, false); err != nil {
					t.Fatal(err)
				}
			}
			attempt, err := s.Begin(ctx, r, lease)
			if err != nil {
				t.Fatal(err)
			}
			finish(t, s, attempt, o)
		}
		named := func(impUID string) tasks.Revocation { return tasks.Revocation{ImpUID: impUID, ApplyNum: "N2"} }
		requests := []tasks.Revocation{
			{ImpUID: "imp_new"},
			{ImpUID: "imp_queued"},
			{ImpUID: "imp_retrying"},
			{ImpUID: "imp_revoked"},
			{ImpUID: "imp_dead"},
			{ImpUID: "imp_withdrawn"},
			{ImpUID: "imp_revoked", Again: true},
			named("imp_new"), named("imp_queued"), named("imp_revoked"), named("imp_dead"),
		}
		before := contents(t, client)
		got, err := s.Preview(ctx, requests)
		if err != nil {
			t.Fatal(err)
		}
		want := []outcome.Preview{
			{Kind: outcome.KindQueued},
			{outcome.KindElsewhere, outcome.Queued, ""},
			{outcome.KindElsewhere, outcome.Retrying, outcome.ReasonPGFailure},
			{outcome.KindElsewhere, outcome.Revoked, outcome.ReasonRevoked},
			{outcome.KindElsewhere, outcome.Dead, dead.Reason},
			{outcome.KindQueued, outcome.Dead, outcome.ReasonWithdrawn},
			{outcome.KindQueued, outcome.Revoked, outcome.ReasonRevoked},
			{Kind: outcome.KindQueued},
			{outcome.KindInvalid, outcome.Queued, ""},
			{outcome.KindQueued, outcome.Revoked, outcome.ReasonRevoked},
			{outcome.KindQueued, outcome.Dead, dead.Reason},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("previews (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, contents(t, client)); diff != "" {
			t.Errorf("the preview has changed what Redis holds (-before +after):\n%s", diff)
		}
	})
}

// contents returns all that Redis holds of requests and outcomes.
func contents(t *testing.T, client *redis.Client) map[string]any {
	t.Helper()
	held := make(map[string]any)
	for _, key := range client.Keys(t.Context(), "*").Val() {
		switch {
		case strings.Contains(key, ":outcome:"), strings.Contains(key, ":request:"):
			held[key] = client.HGetAll(t.Context(), key).Val()
		default:
			held[key] = client.Type(t.Context(), key).Val()
		}
	}
	held["open"] = client.ZRangeWithScores(t.Context(), "{receipt}:open", 0, -1).Val()
	return held
}

func TestPreviewNamesTheImpUIDWhoseKeyIsOfAnotherType(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		client.Set(t.Context(), "{receipt}:outcome:imp_broken", "x", time.Minute)
		_, err := newStore(client).Preview(t.Context(), []tasks.Revocation{{ImpUID: "imp_1"}, {ImpUID: "imp_broken"}})
		if err == nil || !strings.Contains(err.Error(), "WRONGTYPE") || !strings.Contains(err.Error(), "imp_broken") {
			t.Errorf("got %v, want the type and the imp_uid", err)
		}
	})
}
