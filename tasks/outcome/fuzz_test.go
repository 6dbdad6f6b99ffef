package outcome_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/tasks/outcome"
)

// FuzzOutcomeJSON reads any bytes as an outcome. What is accepted is written
// and read again as the same, but for what JSON and its fields cannot hold.
func FuzzOutcomeJSON(f *testing.F) {
	for _, o := range []outcome.Outcome{{}, revoked, retrying, dead, {ImpUID: "imp_1", Status: outcome.Queued}} {
		sample, err := json.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sample)
	}
	for _, sample := range []string{
		`null`, `[]`, `{"imp_uid":5,"pg":null,"batch":["a"]}`, `{"attempts":"many"}`, `{"attempts":1e400}`,
		`{"status":"queued","attempts":3}`, `{"vat":1}`, `{"code":"-0","http_status":"+200"}`,
		`{"applied_at":"2026-11-23T12:00:00.1239+09:00","cancelled_at":"0001-01-01T00:00:00.0001Z"}`,
		`{"applied_at":"9999-12-31T23:59:59-01:00","cancelled_at":"0000-01-01T00:00:00+01:00"}`,
		"{\"message\":\"\xff\\u2028<&>\\ud800\"}", `{"message":"a","message":"b"}`,
	} {
		f.Add([]byte(sample))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var o, got outcome.Outcome
		if err := json.Unmarshal(data, &o); err != nil {
			return
		}
		written, err := json.Marshal(o)
		if err != nil {
			t.Fatalf("write %+v: %v", o, err)
		}
		if err := json.Unmarshal(written, &got); err != nil {
			t.Fatalf("read again %s: %v", written, err)
		}
		if diff := cmp.Diff(held(o), got); diff != "" {
			t.Errorf("%s read again (-want +got):\n%s", written, diff)
		}
	})
}

// held is an outcome as far as its fields hold it: valid UTF-8, whole
// milliseconds, years of four digits, no attempts before the first, no tax
// without a receipt.
func held(o outcome.Outcome) outcome.Outcome {
	for _, text := range []*string{
		&o.ImpUID, (*string)(&o.PG), &o.Batch, (*string)(&o.Status), (*string)(&o.Reason), &o.Message,
		&o.ReceiptTID, &o.ApplyNum, &o.Type, &o.ReceiptURL,
	} {
		*text = string([]rune(*text))
	}
	for _, at := range []*time.Time{&o.AppliedAt, &o.CancelledAt, &o.FirstAttemptAt, &o.UpdatedAt, &o.NextAttemptAt} {
		*at = at.Truncate(time.Millisecond)
		if year := at.Year(); year < 0 || year > 9999 {
			*at = time.Time{}
		}
	}
	if o.Status == outcome.Queued {
		o.Attempts = 0
	}
	if o.Type == "" && o.ApplyNum == "" && o.Amount == 0 {
		o.VAT = 0
	}
	return o
}
