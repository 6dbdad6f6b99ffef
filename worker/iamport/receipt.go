package iamport

import (
	"encoding/json"
	"errors"
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
	Message  any             `json:"message"`
	Response json.RawMessage `json:"response"`
}

// decodeEnvelope reads an answer. An error says that it does not carry PortOne's
// envelope, so that it came from something in between.
func decodeEnvelope(body []byte) (envelope, error) {
	var answer envelope
	if err := json.Unmarshal(body, &answer); err != nil {
		return envelope{}, err
	}
	if answer.Code == nil {
		return answer, errors.New("the answer has no code")
	}
	return answer, nil
}

// message returns the answer's text, empty if it has none.
func (e envelope) message() string {
	text, _ := e.Message.(string)
	return text
}

// decodeReceipt reads the envelope's response. A missing one is a receipt of
// which nothing is known. Optional fields that cannot be read are ignored: all that
// counts is whose receipt it is, and whether it is revoked.
func decodeReceipt(response json.RawMessage) (Receipt, error) {
	var wire struct {
		ImpUID      loose `json:"imp_uid"`
		ReceiptTID  loose `json:"receipt_tid"`
		ApplyNum    loose `json:"apply_num"`
		Type        loose `json:"type"`
		Amount      loose `json:"amount"`
		VAT         loose `json:"vat"`
		ReceiptURL  loose `json:"receipt_url"`
		AppliedAt   loose `json:"applied_at"`
		CancelledAt loose `json:"cancelled_at"`
	}
	if len(response) == 0 {
		return Receipt{}, nil
	}
	if err := json.Unmarshal(response, &wire); err != nil {
		return Receipt{}, fmt.Errorf("response is not a receipt: %w", err)
	}
	number := func(text loose) int64 {
		n, err := numberOf(string(text))
		if err != nil {
			return 0
		}
		return n
	}
	_, err := numberOf(string(wire.CancelledAt))
	if err != nil {
		err = fmt.Errorf("response is not a receipt: cancelled_at: %w", err)
	}
	return Receipt{
		ImpUID:      string(wire.ImpUID),
		ReceiptTID:  string(wire.ReceiptTID),
		ApplyNum:    string(wire.ApplyNum),
		Type:        string(wire.Type),
		Amount:      number(wire.Amount),
		VAT:         number(wire.VAT),
		ReceiptURL:  string(wire.ReceiptURL),
		AppliedAt:   timeOf(number(wire.AppliedAt)),
		CancelledAt: timeOf(number(wire.CancelledAt)),
	}, err
}

// loose is a JSON value as text: a string without its quotes, empty for null.
type loose string

// UnmarshalJSON takes any value. A string without escapes is not parsed a second time.
func (l *loose) UnmarshalJSON(value []byte) error {
	text := string(value)
	switch {
	case text == "null":
		text = ""
	case text[0] == '"' && !strings.Contains(text, `\`):
		text = strings.ToValidUTF8(text[1:len(text)-1], "\uFFFD")
	case text[0] == '"':
		return json.Unmarshal(value, (*string)(l))
	}
	*l = loose(text)
	return nil
}

// numberOf reads a whole number as gateways write it: also "1,000" and "1000.0". No
// text is 0.
func numberOf(text string) (int64, error) {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", "")
	if whole, fraction, found := strings.Cut(text, "."); found && strings.Trim(fraction, "0") == "" {
		text = whole
	}
	if text == "" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// timeOf returns the time of so many unix seconds, the zero time for none.
func timeOf(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
