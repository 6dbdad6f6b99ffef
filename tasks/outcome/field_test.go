package outcome_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

func TestJSONNamesFieldsInOrder(t *testing.T) {
	t.Parallel()
	o := revoked
	o.ImpUID, o.PG, o.Attempts, o.UpdatedAt, o.VAT, o.Message = "imp_1", tasks.KCP, 2, noon, 0, `취소 <완료>`
	got, err := o.MarshalJSON()
	want := `{"imp_uid":"imp_1","pg":"kcp","status":"revoked","reason":"revoked","http_status":200,"code":0,` +
		`"message":"취소 <완료>","attempts":2,"receipt_tid":"tid-1","apply_num":"G-1","type":"person","amount":11000,` +
		`"vat":0,"receipt_url":"https://example.test/r","applied_at":"2026-11-23T11:00:00.000Z",` +
		`"cancelled_at":"2026-11-23T12:00:00.000Z","updated_at":"2026-11-23T12:00:00.000Z"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	var back outcome.Outcome
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestJSONOfNothingIsAnObject(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(outcome.Outcome{Status: outcome.Queued, ImpUID: "imp_1"})
	if want := `{"imp_uid":"imp_1","status":"queued"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestBadFieldIsNamed(t *testing.T) {
	t.Parallel()
	var o outcome.Outcome
	err := json.Unmarshal([]byte(`{"imp_uid":"imp_1","attempts":"many"}`), &o)
	want := `outcome of "imp_1": field attempts: strconv.ParseInt: parsing "many": invalid syntax`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestValuesMatchFields(t *testing.T) {
	t.Parallel()
	values := revoked.Values()
	for i, name := range outcome.Fields() {
		if name == "http_status" && values[i] != "200" || name == "next_attempt_at" && values[i] != "" {
			t.Errorf("%s is %q", name, values[i])
		}
	}
}

// A gateway that reports milliseconds where seconds are due must not make the
// outcome, and every list with it, unreadable.
func TestTimeOutOfRangeIsLeftOut(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		o := revoked
		o.AppliedAt, o.CancelledAt = time.UnixMilli(noon.UnixMilli()*1000), time.Unix(-1<<40, 0)
		finish(t, s, begin(t, s, lease), o)
		if got := get(t, s); !got.AppliedAt.IsZero() || !got.CancelledAt.IsZero() || got.ReceiptTID != o.ReceiptTID {
			t.Errorf("got %+v, want the receipt without times", got)
		}
		if diff := cmp.Diff([]outcome.Status{outcome.Revoked}, events(t, s)); diff != "" {
			t.Errorf("stream (-want +got):\n%s", diff)
		}
	})
}
