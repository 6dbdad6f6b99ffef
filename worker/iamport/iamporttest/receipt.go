package iamporttest

import (
	"cmp"
	"fmt"
	"time"

	"receiptrevoker/tasks"
)

// Receipt is a cash receipt as it was issued. Only ImpUID is required by
// [Server.Issue], which fills the rest, except PG and CancelledAt, from the
// imp_uid and the seed. A receipt without PG is on a gateway that supports every
// call.
type Receipt struct {
	ImpUID     string        `json:"imp_uid"`
	PG         tasks.Gateway `json:"pg,omitempty"`
	Type       string        `json:"type,omitempty"`        // person or company
	Amount     int64         `json:"amount,omitempty"`      // KRW, VAT included
	VAT        int64         `json:"vat,omitempty"`         // KRW
	ReceiptTID string        `json:"receipt_tid,omitempty"` // the gateway's number
	ApplyNum   string        `json:"apply_num,omitempty"`   // the tax office's number
	ReceiptURL string        `json:"receipt_url,omitempty"` // where a person can see it
	AppliedAt  time.Time     `json:"applied_at,omitzero"`   // when it was issued
	// CancelledAt is when a person revoked it by hand, before any call. Zero if no person did.
	CancelledAt time.Time `json:"cancelled_at,omitzero"`
}

// complete returns r with every missing detail filled in, those of the first receipt of its payment or
// of the nth that followed; one that is not revoked was issued before now. The details follow from the
// imp_uid and the seed alone, so that two runs issue the same receipts.
func (r Receipt) complete(d dice, now time.Time, nth ...uint64) Receipt {
	roll := d.roll(r.ImpUID, append([]uint64{forDetails}, nth...)...)
	kind := "person"
	if roll%5 == 0 {
		kind = "company"
	}
	number := fmt.Sprintf("%09d", roll%1_000_000_000)
	age := time.Duration(roll%(30*24*60)) * time.Minute
	r.Type = cmp.Or(r.Type, kind)
	r.Amount = cmp.Or(r.Amount, int64(1_000+roll%10_000*100))
	r.VAT = cmp.Or(r.VAT, r.Amount/11)
	r.ReceiptTID = cmp.Or(r.ReceiptTID, "tid"+number)
	r.ApplyNum = cmp.Or(r.ApplyNum, number)
	r.ReceiptURL = cmp.Or(r.ReceiptURL, "https://receipts.invalid/"+number)
	// Without a monotonic reading and in UTC, as a time that was read from JSON.
	r.CancelledAt = r.CancelledAt.Round(0).UTC()
	if r.AppliedAt.IsZero() {
		if !r.CancelledAt.IsZero() {
			now = r.CancelledAt
		}
		r.AppliedAt = now.Add(-age).Truncate(time.Second)
	}
	return r
}
