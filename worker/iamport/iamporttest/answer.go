package iamporttest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	typeJSON = "application/json; charset=utf-8" // PortOne's
	typeHTML = "text/html"                       // a proxy's
)

// The gateways' and PortOne's texts. The API promises nothing about them, so that no client may decide
// by them.
const (
	textNeverIssued  = "현금영수증 발급 내역이 존재하지 않습니다."          // with 400, and 404 of a lookup
	textUnsupported  = "현금영수증을 지원하지 않는 PG사입니다."           // with 501
	textFailed       = "현금영수증 취소에 실패하였습니다. PG사에 문의해 주세요." // with 500
	textRevoked      = "이미 취소된 현금영수증입니다."                 // with [Config.AlreadyRevoked]
	textUnauthorized = "인증 토큰이 유효하지 않습니다."                // with 401
	textAtWork       = "처리 중인 요청이 있습니다."                  // with 409
	textMaintenance  = "시스템 점검 중입니다. 잠시 후 다시 시도해 주세요."    // with 500, in an outage
)

// texts are what PortOne says with each fault that it answers in an envelope.
var texts = map[Fault]string{
	BadRequest:      textNeverIssued,
	Unauthorized:    textUnauthorized,
	ExpireToken:     textUnauthorized,
	Forbidden:       "접근 권한이 없습니다.",
	NotFound:        textNeverIssued,
	Conflict:        textAtWork,
	TooManyRequests: "요청이 너무 많습니다.",
	GatewayFailed:   textFailed,
	Unsupported:     textUnsupported,
	RefusedCode:     "현금영수증을 취소할 수 없습니다.",
}

// envelope is the body of every answer. Response and Message are absent where they are nil, and null
// where they are null: the API does not say which form an answer has.
type envelope struct {
	Code         int    `json:"code"`
	Message      any    `json:"message,omitempty"`
	Response     any    `json:"response,omitempty"`
	Undocumented string `json:"undocumented"`
}

// null is a JSON null that omitempty does not omit.
var null = json.RawMessage("null")

// answer is a status with its envelope.
type answer struct {
	status int
	body   envelope
}

// success returns a 200 that carries response. Its message is null or absent, as roll decides.
func success(response any, roll uint64) answer {
	body := envelope{Response: response}
	if roll%2 == 0 {
		body.Message = null
	}
	return answer{http.StatusOK, body}
}

// failure returns an answer that says message. The code is -1 for every failure: the status tells them
// apart.
func failure(status int, message string) answer {
	return answer{status, envelope{Code: -1, Message: message, Response: null}}
}

// bytes returns a's body, with a field that no documentation names: a client that refuses unknown
// fields fails every test.
func (a answer) bytes() []byte {
	a.body.Undocumented = "fields may be added at any time"
	body, err := json.Marshal(a.body)
	if err != nil {
		panic(err) // only if one of this package's own types cannot be encoded
	}
	return body
}

// annotation is a receipt as the API shows it. Its names are written down anew here and not taken from
// the client, so that both cannot be wrong together.
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

// annotate returns t as the API shows it. The cancelled_at of a receipt that is not revoked is absent,
// null or 0, as roll decides: PortOne documents none of these.
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

// wireAmount returns an amount as gateways write it: most as a number, one in eight with a fraction
// ("5000.0"), and one with a comma ("1,100"), each always in the same way.
func wireAmount(amount int64) any {
	switch hundreds := amount / 100 % 8; {
	case hundreds == 0:
		return fmt.Sprintf("%d.0", amount)
	case hundreds == 1 && amount >= 1_000 && amount < 1_000_000:
		return fmt.Sprintf("%d,%03d", amount/1_000, amount%1_000)
	}
	return amount
}
