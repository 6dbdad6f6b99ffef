package outcome_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
)

// Redis refuses the event of an outcome: repeating it writes all of it once that is mended.
func TestOutcomeWhoseEventIsRefusedIsWrittenLater(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		admin := server.Client(t)
		rules := func(rules ...any) {
			t.Helper()
			if err := admin.Do(t.Context(), append([]any{"acl", "setuser", "few"}, rules...)...).Err(); err != nil {
				t.Fatal(err)
			}
		}
		rules("on", ">pw", "~*", "&*", "+@all")
		client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "few", Password: "pw"})
		defer client.Close()
		s := newStore(client)
		a := begin(t, s, lease)
		rules("-xadd")
		revoked := outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked}
		if written, err := s.Finish(t.Context(), a, revoked); written || redisfault.Of(err) != redisfault.NoPerm {
			t.Fatalf("without XADD: %t, %v", written, err)
		}
		rules("+xadd")
		if written, err := s.Finish(t.Context(), a, revoked); !written || err != nil {
			t.Errorf("with XADD: %t, %v", written, err)
		}
		if n := admin.XLen(t.Context(), "{receipt}:outcomes").Val(); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
	})
}
