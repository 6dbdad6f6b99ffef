package iamport

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Receipt is a cash receipt as the API describes it (ReceiptAnnotation).
type Receipt struct {
	ImpUID      string
	ReceiptTID  string // the gateway's number
	ApplyNum    string // the tax office's number
	Type        string // person or company
	Amount      int64  // KRW
	VAT         int64  // KRW
	ReceiptURL  string
	AppliedAt   time.Time // issued
	CancelledAt time.Time // revoked; zero if it is not
}

// Revoked reports whether PortOne says that the receipt is revoked.
func (r Receipt) Revoked() bool { return !r.CancelledAt.IsZero() }

// envelope is what every answer of the API is wrapped in, errors included.
type envelope struct {
	Code     *int            `json:"code"`
	Message  *string         `json:"message"`
	Response json.RawMessage `json:"response"`
}

func (e envelope) message() string {
	if e.Message == nil {
		return ""
	}
	return *e.Message
}

// decodeReceipt reads the envelope's response. A missing one is a receipt of
// which nothing is known.
func decodeReceipt(response json.RawMessage) (Receipt, error) {
	var wire struct {
		ImpUID      string  `json:"imp_uid"`
		ReceiptTID  string  `json:"receipt_tid"`
		ApplyNum    string  `json:"apply_num"`
		Type        string  `json:"type"`
		Amount      integer `json:"amount"`
		VAT         integer `json:"vat"`
		ReceiptURL  string  `json:"receipt_url"`
		AppliedAt   integer `json:"applied_at"`
		CancelledAt integer `json:"cancelled_at"`
	}
	if len(response) == 0 {
		return Receipt{}, nil
	}
	if err := json.Unmarshal(response, &wire); err != nil {
		return Receipt{}, fmt.Errorf("response is not a receipt: %w", err)
	}
	return Receipt{
		ImpUID:      wire.ImpUID,
		ReceiptTID:  wire.ReceiptTID,
		ApplyNum:    wire.ApplyNum,
		Type:        wire.Type,
		Amount:      int64(wire.Amount),
		VAT:         int64(wire.VAT),
		ReceiptURL:  wire.ReceiptURL,
		AppliedAt:   wire.AppliedAt.time(),
		CancelledAt: wire.CancelledAt.time(),
	}, nil
}

// integer is a number that may also come in quotes, or as null.
type integer int64

func (n *integer) UnmarshalJSON(data []byte) error {
	digits := strings.Trim(string(data), `"`)
	if digits == "" || digits == "null" {
		return nil
	}
	parsed, err := strconv.ParseInt(digits, 10, 64)
	*n = integer(parsed)
	return err
}

// time returns the time of so many unix seconds, the zero time for none.
func (n integer) time() time.Time {
	if n <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(n), 0).UTC()
}
