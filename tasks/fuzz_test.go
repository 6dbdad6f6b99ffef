package tasks_test

import (
	"encoding/json"
	"errors"
	"testing"

	"receiptrevoker/tasks"
)

// FuzzParse reads any bytes as a payload. It is invalid, or can be asked for
// again and goes to a queue of ours. Only what it asks for can make it invalid: its
// imp_uid, apply_num or again.
func FuzzParse(f *testing.F) {
	for _, payload := range []string{
		``, `null`, `[]`, `{}`, `{"imp_uid":"imp_1"}`, `{"imp_uid":"imp_1","pg":"kcp","batch":"b","row":3}`,
		`{"IMP_UID":"imp_1","pg":"from-later","row":-1,"more":[{}]}`, `{"imp_uid":"imp_1","row":1e3}`,
		`{"imp_uid":"external/imp_1"}`, `{"imp_uid":"imp_１"}`, `{"imp_uid":"imp_1"}{}`,
		`{"imp_uid":"imp_1","pg":5,"batch":[],"row":"17"}`, `{"row":3,"imp_uid":"imp_1","row":null,"pg":{"a":[1]}}`,
		`{"imp_uid":"imp_1","apply_num":"123456789","again":true}`, `{"imp_uid":"imp_1","apply_num":1,"row":"1"}`,
		`{"imp_uid":"imp_1","apply_num":"12 34"}`, `{"imp_uid":"imp_1","pg":"kakaopay","apply_num":"1"}`,
		"{\"imp_uid\":\"imp_1\",\"batch\":\"\xff<&>\\ud800\"}", `{"imp_uid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		want, err := tasks.Parse(payload)
		if err != nil {
			if !errors.Is(err, tasks.ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
			var required struct {
				ImpUID   string `json:"imp_uid"`
				ApplyNum string `json:"apply_num"`
				Again    bool   `json:"again"`
			}
			unread := json.Unmarshal(payload, &required) != nil || required.ApplyNum != ""
			if !unread && tasks.ValidateImpUID(required.ImpUID) == nil {
				t.Errorf("got %v, though %q is an imp_uid", err, required.ImpUID)
			}
			return
		}
		if err := want.Validate(); err != nil {
			t.Errorf("accepted %+v: %v", want, err)
		}
		task, err := tasks.NewTask(want)
		if err != nil {
			t.Fatalf("NewTask of %+v: %v", want, err)
		}
		if got, err := tasks.Parse(task.Payload()); err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", task.Payload(), got, err, want)
		}
		queue := tasks.QueueOf(want)
		if got, ours := tasks.ParseQueue(queue.Name()); !ours || got != queue {
			t.Errorf("queue %q: got %+v, %t; want %+v", queue.Name(), got, ours, queue)
		}
	})
}

// FuzzParseQueue holds that a name that is ours is written again as it was.
func FuzzParseQueue(f *testing.F) {
	for _, name := range []string{
		"", "default", "receipts", "receipts-", "receipts-kcp", "receipts-bulk", "receipts-bulk-", "receipts-bulk-kcp",
		"receipts-bulky", "receipts-bulk-bulk", "receipts--", "receiptsx", "receipts-\xff",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if queue, ours := tasks.ParseQueue(name); ours && queue.Name() != name {
			t.Errorf("%q: read as %+v and written as %q", name, queue, queue.Name())
		}
	})
}
