package outcome

import (
	"encoding/json"
	"sync/atomic"

	"receiptrevoker/tasks"
)

// manner is what is asked for besides the imp_uid, as the scripts read it: fields of the
// request's hash.
type manner struct {
	PG       tasks.Gateway `json:"pg,omitempty"`
	Batch    string        `json:"batch,omitempty"`
	ApplyNum string        `json:"apply_num,omitempty"`
	Again    string        `json:"again,omitempty"`
	Tier     string        `json:"tier,omitempty"`
}

// manners writes manners in JSON. It keeps the last, which most rows of a list have in
// common. It is safe for concurrent use.
type manners struct{ last atomic.Pointer[mannerJSON] }

type mannerJSON struct {
	manner
	json string
}

// json returns the manner of a request in JSON.
func (all *manners) json(r tasks.Revocation) string {
	m := manner{PG: r.PG, Batch: r.Batch, ApplyNum: r.ApplyNum, Again: flag(r.Again), Tier: r.Tier}
	if last := all.last.Load(); last != nil && last.manner == m {
		return last.json
	}
	text, _ := json.Marshal(m) // strings are always written
	all.last.Store(&mannerJSON{m, string(text)})
	return string(text)
}
