package monitor

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hibiken/asynqmon"

	"receiptrevoker/tasks"
)

// payload is what people see of a task's payload in the Asynq web UI: imp_uid, gateway and
// batch, a field a line, as the web UI prints JSON well. Payloads of other programs' tasks,
// and ours that cannot be read, are shown as they are.
func payload(kind string, raw []byte) string {
	r, err := tasks.Parse(raw)
	if kind != tasks.TypeRevoke || r.ImpUID == "" || err != nil {
		return asynqmon.DefaultPayloadFormatter(kind, raw)
	}
	return indented(struct {
		ImpUID  string `json:"imp_uid"`
		Gateway string `json:"gateway,omitempty"`
		Batch   string `json:"batch,omitempty"`
	}{r.ImpUID, gatewayName(r.PG), batchLine(r)})
}

// gatewayName returns a gateway's Korean name with its code, "NHN KCP (kcp)", or the code
// alone of one that this program does not know. The Asynq web UI is in English only, and
// its readers are Korean.
func gatewayName(pg tasks.Gateway) string {
	if pg.Known() && pg.Korean() != string(pg) {
		return fmt.Sprintf("%s (%s)", pg.Korean(), pg)
	}
	return string(pg)
}

// batchLine returns the batch of a revocation and its line in it, "refunds-2026-11, line
// 12", the batch alone where the task names no line, or nothing.
func batchLine(r tasks.Revocation) string {
	if r.Batch == "" || r.Row < 1 {
		return r.Batch
	}
	return fmt.Sprintf("%s, line %d", r.Batch, r.Row)
}

// result shows what a handler of another program returned as it is: workers of this one
// write no result. Asynqmon's own formatter would say "non-printable bytes" of an empty
// result.
func result(_ string, raw []byte) string { return string(raw) }

// indented returns the JSON of a value, with its Korean, <, > and & as they are: the web UI
// shows it as text and escapes it itself.
func indented(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(b.Bytes()))
}
