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
	// CancelledAt is when a person revoked it by hand, before any call. Zero if
	// nobody did.
	CancelledAt time.Time `json:"cancelled_at,omitzero"`
}

// complete returns r with every missing detail filled in.
func (s *Server) complete(r Receipt) Receipt {
	roll := s.dice.roll(r.ImpUID, forDetails)
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
	r.CancelledAt = r.CancelledAt.Round(0).UTC()
	if r.AppliedAt.IsZero() {
		latest := s.now()
		if !r.CancelledAt.IsZero() {
			latest = r.CancelledAt
		}
		r.AppliedAt = latest.Add(-age).Truncate(time.Second)
	}
	return r
}

// annotation is a receipt as the API shows it.
type annotation struct {
	ImpUID       string `json:"imp_uid"`
	ReceiptTID   string `json:"receipt_tid"`
	ApplyNum     string `json:"apply_num"`
	Type         string `json:"type"`
	Amount       any    `json:"amount"`
	VAT          int64  `json:"vat"`
	ReceiptURL   string `json:"receipt_url"`
	AppliedAt    int64  `json:"applied_at"`
	CancelledAt  any    `json:"cancelled_at,omitempty"`
	Undocumented string `json:"undocumented"`
}

// annotate returns t as the API shows it. The cancelled_at of a receipt that is
// not revoked is absent, null or 0, as roll decides.
func annotate(t Truth, roll uint64) annotation {
	a := annotation{
		ImpUID: t.ImpUID, ReceiptTID: t.ReceiptTID, ApplyNum: t.ApplyNum, Type: t.Type,
		Amount: wireAmount(t.Amount), VAT: t.VAT, ReceiptURL: t.ReceiptURL, AppliedAt: t.AppliedAt.Unix(),
		Undocumented: "so may these",
	}
	switch {
	case t.Revoked():
		a.CancelledAt = t.RevokedAt.Unix()
	case roll%3 == 0:
		a.CancelledAt = null
	case roll%3 == 1:
		a.CancelledAt = 0
	}
	return a
}

// wireAmount returns an amount as gateways write it: most as a number, one in eight with a
// fraction, and one with a comma, each always in the same way.
func wireAmount(amount int64) any {
	switch hundreds := amount / 100 % 8; {
	case hundreds == 0:
		return fmt.Sprintf("%d.0", amount)
	case hundreds == 1 && amount >= 1_000 && amount < 1_000_000:
		return fmt.Sprintf("%d,%03d", amount/1_000, amount%1_000)
	}
	return amount
}
