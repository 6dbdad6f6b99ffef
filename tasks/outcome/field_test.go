package outcome_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
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
	o := revoked
	o.ImpUID, o.PG, o.Batch, o.Attempts, o.Message = "imp_1", tasks.KCP, "b", 2, "취소"
	o.FirstAttemptAt, o.UpdatedAt = noon.Add(-time.Minute), noon
	o.StatedBy, o.Statement = "kim", "seen"
	want := map[string]string{
		"imp_uid": "imp_1", "pg": "kcp", "batch": "b", "status": "revoked", "reason": "revoked",
		"http_status": "200", "code": "0", "message": "취소", "attempts": "2",
		"receipt_tid": "tid-1", "apply_num": "G-1", "type": "person", "amount": "11000", "vat": "1000",
		"receipt_url": "https://example.test/r",
		"applied_at":  "2026-11-23T11:00:00.000Z", "cancelled_at": "2026-11-23T12:00:00.000Z",
		"first_attempt_at": "2026-11-23T11:59:00.000Z", "updated_at": "2026-11-23T12:00:00.000Z", "next_attempt_at": "", "looked_up_until": "",
		"stated_by": "kim", "statement": "seen", "withdrawn": "",
	}
	got := make(map[string]string)
	for i, value := range o.Values() {
		got[outcome.Fields()[i]] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// A gateway that reports milliseconds where seconds are due must not make the
// outcome, and every list with it, unreadable.
func TestTimeOutOfRangeIsLeftOut(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
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
