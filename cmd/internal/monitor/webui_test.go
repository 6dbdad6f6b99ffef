package monitor_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
)

// task is a task as Asynqmon's pages are given it.
type task struct {
	ID      string `json:"id"`
	Payload string `json:"payload"`
}

func decode(t *testing.T, site http.Handler, path string, into any) {
	t.Helper()
	w := ask(site, "GET", path, "Accept", "application/json")
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
}

func TestPayloadsAreReadable(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.Nice, Batch: "refunds", Row: 17})
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_2"})
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_3", PG: "newpg"})
	broken := asynq.NewTask(tasks.TypeRevoke, []byte(`{"imp_uid":`), asynq.TaskID("broken"), asynq.Queue("receipts"))
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	site := newSite(t, client, monitor.Config{})
	var all []task
	for _, queue := range []string{"receipts-bulk-nice", "receipts"} {
		var answer struct {
			Tasks []task `json:"tasks"`
		}
		decode(t, site, "/asynq/api/queues/"+queue+"/pending_tasks", &answer)
		all = append(all, answer.Tasks...)
	}
	want := map[string]string{
		"revoke:imp_1": `{"imp_uid":"imp_1","gateway":"나이스페이먼츠 (nice)","batch":"refunds, line 17"}`,
		"revoke:imp_2": `{"imp_uid":"imp_2"}`,
		"revoke:imp_3": `{"imp_uid":"imp_3","gateway":"newpg"}`,
		"broken":       `{"imp_uid":`,
	}
	if len(all) != len(want) {
		t.Errorf("%d tasks, want %d: %v", len(all), len(want), all)
	}
	for _, task := range all {
		if got := strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(task.Payload); got != want[task.ID] {
			t.Errorf("%s is shown as %s, want %s", task.ID, got, want[task.ID])
		}
	}
}

func TestPageOfTasksIsBounded(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1"})
	site := newSite(t, client, monitor.Config{})
	for size, want := range map[string]int{"100": 200, "200": 200, "201": 400, "1000000": 400, "-1": 400, "0": 400} {
		if w := ask(site, "GET", "/asynq/api/queues/receipts/pending_tasks?size="+size); w.Code != want {
			t.Errorf("size %s: %d, want %d", size, w.Code, want)
		}
	}
}
