package monitor

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// results puts outcomes where the Asynq web UI shows what a task returned. Ours
// return nothing there: what becomes of an imp_uid outlives its task.
type results struct{ outcomes *outcome.Store }

// showsResults reports whether a request asks for tasks that may have a result.
func showsResults(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, AsynqPath+"/api/queues/")
	_, rest, found := strings.Cut(rest, "/")
	return ok && found && r.Method == http.MethodGet &&
		(rest == "completed_tasks" || strings.HasPrefix(rest, "tasks/") && strings.Count(rest, "/") == 1)
}

// serve passes a request on to the web UI and its answer back with outcomes in
// it. An answer that it cannot read it leaves alone.
func (s results) serve(w http.ResponseWriter, r *http.Request, ui http.Handler) {
	answer := newKept()
	ui.ServeHTTP(answer, r)
	body := answer.body.Bytes()
	if answer.status == http.StatusOK {
		if changed, err := s.fill(r.Context(), body); err == nil {
			body = changed
		}
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(body)
}

// fill returns the JSON of a task or of a list of tasks with their outcomes.
func (s results) fill(ctx context.Context, body []byte) ([]byte, error) {
	var answer map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, err
	}
	list, several := answer["tasks"].([]any)
	describe := brief
	if !several {
		list, describe = []any{answer}, whole
	}
	byImpUID := make(map[string]map[string]any)
	var impUIDs []string
	for _, item := range list {
		task, _ := item.(map[string]any)
		id, _ := task["id"].(string)
		impUID, ours := strings.CutPrefix(id, tasks.TaskID(""))
		if ours && (task["result"] == nil || task["result"] == "") {
			byImpUID[impUID] = task
			impUIDs = append(impUIDs, impUID)
		}
	}
	for o, err := range s.outcomes.Each(ctx, impUIDs) {
		if err == nil {
			byImpUID[o.ImpUID]["result"] = describe(o)
		}
	}
	return json.Marshal(answer)
}

// whole returns an outcome without what the task beside it says already.
func whole(o outcome.Outcome) string {
	o.ImpUID, o.PG, o.Batch = "", "", ""
	return indented(o)
}

// brief returns of an outcome what fits into a line of a table.
func brief(o outcome.Outcome) string {
	return whole(outcome.Outcome{
		Status: o.Status, Reason: o.Reason, Attempts: o.Attempts,
		HTTPStatus: o.HTTPStatus, Code: o.Code, Message: o.Message,
	})
}
