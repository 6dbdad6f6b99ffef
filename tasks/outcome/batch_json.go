package outcome

import (
	"encoding/json"

	"receiptrevoker/tasks"
)

// MarshalJSON writes the figures under the names that people and programs
// know: those of the stream of finished batches, and some more. A time that is
// not known is left out.
func (b Batch) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name        string                         `json:"batch"`
		Source      string                         `json:"source,omitempty"`
		Lines       int                            `json:"lines"`
		Complete    bool                           `json:"complete"`
		Queued      int                            `json:"queued"`
		Duplicate   int                            `json:"duplicate"`
		Elsewhere   int                            `json:"elsewhere"`
		Repeated    int                            `json:"repeated"`
		Invalid     int                            `json:"invalid"`
		Revoked     int                            `json:"revoked"`
		Dead        int                            `json:"dead"`
		Open        int                            `json:"open"`
		Held        int                            `json:"held,omitempty"`
		Wanted      int                            `json:"wanted,omitempty"`
		Unseen      int                            `json:"unseen,omitempty"`
		UnseenUntil string                         `json:"unseen_until,omitempty"`
		Reasons     map[Reason]int                 `json:"reasons"`
		Gateways    map[tasks.Gateway]GatewayCount `json:"gateways"`
		StartedAt   string                         `json:"started_at,omitempty"`
		ChangedAt   string                         `json:"changed_at,omitempty"`
		FinishedAt  string                         `json:"finished_at,omitempty"`
		CancelledAt string                         `json:"cancelled_at,omitempty"`
		Rate        float64                        `json:"rate"`
		LeftSeconds *int64                         `json:"left_seconds,omitempty"`
	}{
		b.Name, b.Source, b.Lines, b.Complete, b.Queued, b.Duplicate(), b.Elsewhere, b.Repeated, b.Invalid,
		b.Revoked, b.Dead, b.Open, b.Held, b.Called(), b.Unseen, formatTime(b.UnseenUntil), b.Reasons, b.Gateways,
		formatTime(b.StartedAt), formatTime(b.ChangedAt), formatTime(b.FinishedAt), formatTime(b.CancelledAt),
		b.Rate, b.leftSeconds(),
	})
}

func (b Batch) leftSeconds() *int64 {
	left, known := b.Left()
	if !known {
		return nil
	}
	seconds := int64(left.Seconds())
	return &seconds
}
