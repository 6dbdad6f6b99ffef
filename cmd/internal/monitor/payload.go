package monitor

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hibiken/asynqmon"

	"receiptrevoker/tasks"
)

// payload is what people see of a task's payload. The web UI prints JSON well.
// What is no revocation of ours, or cannot be read, it shows as it is.
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

// gatewayName returns a gateway's Korean name with its code.
func gatewayName(pg tasks.Gateway) string {
	if pg.Known() && pg.Korean() != string(pg) {
		return fmt.Sprintf("%s (%s)", pg.Korean(), pg)
	}
	return string(pg)
}

// batchLine returns the batch of a revocation and its line in it.
func batchLine(r tasks.Revocation) string {
	if r.Batch == "" || r.Row < 1 {
		return r.Batch
	}
	return fmt.Sprintf("%s, line %d", r.Batch, r.Row)
}

// result shows what a handler of another program returned as it is. Asynqmon
// itself calls nothing at all unprintable.
func result(_ string, raw []byte) string { return string(raw) }

// indented returns the JSON of a value, with its Korean and its < and & as they
// are.
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
