package enqueue_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// preview returns what would come of asking for lines, line by line.
func preview(t *testing.T, client *redis.Client, lines []enqueue.Line) (all []enqueue.LinePreview, err error) {
	t.Helper()
	checked := slices.Collect(enqueue.Check(slices.Values(lines)))
	return enqueue.NewClient(client, enqueue.Config{}).Preview(t.Context(), checked)
}

func TestPreviewTellsWhatAskingWould(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := listed("imp_new", "imp_revoked", "imp_dead", "imp_queued", "imp_new", "imp bad", "imp_named", "imp_read")
		end(t, client, "imp_revoked", outcome.Revoked)
		end(t, client, "imp_dead", outcome.Dead)
		for _, impUID := range []string{"imp_queued", "imp_named"} {
			if _, err := enqueue.NewClient(client, enqueue.Config{}).Revoke(t.Context(), tasks.Revocation{ImpUID: impUID}); err != nil {
				t.Fatal(err)
			}
		}
		lines[6].ApplyNum = "N1"
		lines[7].Invalid = errors.New("too short")
		before := client.DBSize(t.Context()).Val()
		previews, err := preview(t, client, lines)
		if err != nil {
			t.Fatal(err)
		}
		if after := client.DBSize(t.Context()).Val(); after != before {
			t.Errorf("the preview has made %d keys", after-before)
		}
		var got []string
		var foreseen []byte
		for _, p := range previews {
			foreseen = append(foreseen, byte(p.Kind))
			got = append(got, fmt.Sprintf("%d %s %c %s %s %d", p.Number, p.ImpUID, p.Kind, p.Status, p.Reason, p.First))
		}
		if diff := cmp.Diff([]string{
			"2 imp_new q   0", "3 imp_revoked e revoked revoked 0", "4 imp_dead e dead refused 0", "5 imp_queued e queued  0",
			"6 imp_new r   2", "7 imp bad i   0", "8 imp_named i queued  0", "9 imp_read i   0",
		}, got); diff != "" {
			t.Errorf("previews (-want +got):\n%s", diff)
		}
		if !errors.Is(previews[6].Invalid, enqueue.ErrOtherReceipt) || previews[7].Invalid == nil {
			t.Errorf("invalid lines: %v, %v", previews[6].Invalid, previews[7].Invalid)
		}
		if came, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || came != string(foreseen) {
			t.Errorf("asking: %s, %v; the preview was %s", came, err, foreseen)
		}
	})
}

func TestPreviewIsRefusedWhereAskingIs(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		serve(t, client, older)
		lines := listed("imp_1")
		if _, err := preview(t, client, lines); err != nil {
			t.Errorf("a plain line: %v", err)
		}
		lines[0].ApplyNum = "N1"
		if _, err := preview(t, client, lines); !errors.Is(err, enqueue.ErrOlderWorker) {
			t.Errorf("a line that names its receipt: %v", err)
		}
	})
}
