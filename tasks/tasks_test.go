package tasks_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/tasks"
)

// Payloads that have been written once must decode for ever: lines are added
// to the golden file, never changed.
func TestGoldenPayloadsDecode(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); lines++ {
		var golden struct {
			Payload, Queue string
			tasks.Revocation
		}
		if err := json.Unmarshal(scanner.Bytes(), &golden); err != nil {
			t.Fatal(err)
		}
		got, err := tasks.Parse([]byte(golden.Payload))
		if err != nil {
			t.Errorf("%s: %v", golden.Payload, err)
		}
		if diff := cmp.Diff(golden.Revocation, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden.Payload, diff)
		}
		if queue := tasks.QueueOf(got).Name(); queue != golden.Queue {
			t.Errorf("%s goes to %s, want %s", golden.Payload, queue, golden.Queue)
		}
	}
	if lines < 6 {
		t.Errorf("%d golden payloads, want at least 6", lines)
	}
}

func TestNewTaskWritesWhatParseReads(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]tasks.Revocation{
		`{"imp_uid":"imp_1","pg":"kcp","batch":"b","row":3}`:                {ImpUID: "imp_1", PG: tasks.KCP, Batch: "b", Row: 3},
		`{"imp_uid":"imp_1","pg":"kcp","apply_num":"123456789"}`:            {ImpUID: "imp_1", PG: tasks.KCP, ApplyNum: "123456789"},
		`{"imp_uid":"imp_1","apply_num":"` + strings.Repeat("9", 40) + `"}`: {ImpUID: "imp_1", ApplyNum: strings.Repeat("9", 40)},
		`{"imp_uid":"imp_1","again":true}`:                                  {ImpUID: "imp_1", Again: true},
	} {
		task, err := tasks.NewTask(want)
		if err != nil {
			t.Fatal(err)
		}
		if task.Type() != "receipt:revoke" || string(task.Payload()) != payload {
			t.Errorf("task is %s %s, want %s", task.Type(), task.Payload(), payload)
		}
		got, err := tasks.Parse(task.Payload())
		if err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
}

func TestUnusablePayloadIsInvalid(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"nothing":            ``,
		"no JSON":            `imp_1`,
		"cut":                `{"imp_uid":"imp_1"`,
		"no imp_uid":         `{"pg":"kcp"}`,
		"number":             `{"imp_uid":448280090638}`,
		"blank inside":       `{"imp_uid":"imp_12 34"}`,
		"another endpoint":   `{"imp_uid":"external/imp_1"}`,
		"33 characters":      `{"imp_uid":"` + strings.Repeat("a", 33) + `"}`,
		"letters beyond A-z": `{"imp_uid":"imp_１"}`,
		"two documents":      `{"imp_uid":"imp_1"}{}`,
		// What narrows a request down must be read, or another receipt is revoked.
		"number of a receipt that is one":            `{"imp_uid":"imp_1","apply_num":123456789}`,
		"number of a receipt beside a row in quotes": `{"imp_uid":"imp_1","apply_num":["1"],"row":"17"}`,
		"again in quotes":                            `{"imp_uid":"imp_1","again":"yes"}`,
		"blank in the number":                        `{"imp_uid":"imp_1","apply_num":"12 34"}`,
		"41 digits":                                  `{"imp_uid":"imp_1","apply_num":"` + strings.Repeat("9", 41) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r, err := tasks.Parse([]byte(payload)); !errors.Is(err, tasks.ErrInvalid) {
				t.Errorf("got %+v, %v; want ErrInvalid", r, err)
			}
		})
	}
}

func TestUnreadableOptionalFieldsCountAsNotGiven(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]tasks.Revocation{
		`{"imp_uid":"imp_1","pg":"kcp","batch":"b","row":"17"}`:       {ImpUID: "imp_1", PG: tasks.KCP, Batch: "b"},
		`{"imp_uid":"imp_1","pg":5,"batch":"b","row":17}`:             {ImpUID: "imp_1", Batch: "b", Row: 17},
		`{"row":1.5,"batch":["b"],"pg":"kcp","imp_uid":"imp_1"}`:      {ImpUID: "imp_1", PG: tasks.KCP},
		`{"imp_uid":"imp_1","pg":null,"batch":{"a":1},"row":1e99}`:    {ImpUID: "imp_1"},
		`{"imp_uid":"imp_1","row":99999999999999999999}`:              {ImpUID: "imp_1"},
		`{"imp_uid":"imp_1","row":"17","apply_num":"1","again":true}`: {ImpUID: "imp_1", ApplyNum: "1", Again: true},
	} {
		if got, err := tasks.Parse([]byte(payload)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", payload, got, err, want)
		}
	}
}

// A receipt that is meant by its number must be looked up before it is revoked.
func TestApplyNumNeedsAGatewayWithLookups(t *testing.T) {
	t.Parallel()
	for _, pg := range append(tasks.Gateways(), "", "from-later") {
		err := tasks.Revocation{ImpUID: "imp_1", PG: pg, ApplyNum: "123456789"}.Validate()
		if want := !pg.Known() || pg.LooksUp(); errors.Is(err, tasks.ErrInvalid) == want {
			t.Errorf("%q: got %v, want that it may be asked for: %t", pg, err, want)
		}
	}
}

func TestInvalidImpUIDSaysWhy(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 33)
	for impUID, want := range map[string]string{
		"":          `the imp_uid is empty`,
		"imp_12 34": `imp_uid "imp_12 34" contains ' ', only A-Z a-z 0-9 _ and - are allowed`,
		long:        `imp_uid "` + long + `" has 33 characters, at most 32 are allowed`,
	} {
		want = "invalid revocation: " + want
		if err := tasks.ValidateImpUID(impUID); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", impUID, err, want)
		}
	}
	if err := tasks.ValidateImpUID(strings.Repeat("a", 32)); err != nil {
		t.Errorf("32 characters: %v", err)
	}
}

func TestQueueNamesParse(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]tasks.Queue{
		"receipts":                 {},
		"receipts-bulk":            {Bulk: true},
		"receipts-kcp":             {PG: tasks.KCP},
		"receipts-bulk-nice_v2":    {PG: tasks.NiceV2, Bulk: true},
		"receipts-bulk-from-later": {PG: "from-later", Bulk: true},
		"receipts-bulky":           {PG: "bulky"},
		"acme:receipts":            {Namespace: "acme"},
		"acme:receipts-bulk-kcp":   {Namespace: "acme", PG: tasks.KCP, Bulk: true},
		"acme:eu:receipts-later":   {Namespace: "acme:eu", PG: "later"},
		"receipts-kcp:receipts":    {Namespace: "receipts-kcp"},
	} {
		got, ours := tasks.ParseQueue(name)
		if !ours || got != want {
			t.Errorf("%s: got %+v, %t; want %+v", name, got, ours, want)
		}
		if got.Name() != name {
			t.Errorf("%s: written as %s", name, got.Name())
		}
	}
	for _, name := range []string{
		"", "default", "receiptsx", "receipts-", "receipts-bulk-", "receipt",
		":receipts", "receipt:receipts", "acme:mail", "receipts-a:b",
	} {
		if got, ours := tasks.ParseQueue(name); ours {
			t.Errorf("%q is taken for %+v", name, got)
		}
	}
}

func TestGatewayIsFoundByEveryName(t *testing.T) {
	t.Parallel()
	for _, pg := range tasks.Gateways() {
		for _, name := range []string{string(pg), pg.Korean(), pg.English(), " " + strings.ToUpper(pg.English()) + " "} {
			if got, known := tasks.ParseGateway(name); got != pg || !known {
				t.Errorf("%q: got %q, %t; want %q", name, got, known, pg)
			}
		}
	}
	if got, known := tasks.ParseGateway("새로운페이"); got != "새로운페이" || known || got.Korean() != "새로운페이" {
		t.Errorf("unknown gateway: got %q, %t", got, known)
	}
}
