package iamporttest

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// The gateways' and PortOne's texts. The API promises nothing about them.
const (
	textNeverIssued  = "현금영수증 발급 내역이 존재하지 않습니다."
	textUnsupported  = "현금영수증을 지원하지 않는 PG사입니다."
	textFailed       = "현금영수증 취소에 실패하였습니다. PG사에 문의해 주세요."
	textRevoked      = "이미 취소된 현금영수증입니다."
	textUnauthorized = "인증 토큰이 유효하지 않습니다."
	textAtWork       = "처리 중인 요청이 있습니다."
	textMaintenance  = "시스템 점검 중입니다. 잠시 후 다시 시도해 주세요."
)

// envelope is the body of every answer. Response and Message are absent where
// they are nil, and null where they are null.
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

// success returns a 200 that carries response. Its message is null or absent,
// as roll decides.
func success(response any, roll uint64) answer {
	body := envelope{Response: response}
	if roll%2 == 0 {
		body.Message = null
	}
	return answer{http.StatusOK, body}
}

// failure returns an answer that says message.
func failure(status int, message string) answer {
	return answer{status, envelope{Code: -1, Message: message, Response: null}}
}

// send writes a.
func (c *call) send(a answer) { c.write(a.status, "application/json; charset=utf-8", a.bytes()) }

// write writes a whole answer.
func (c *call) write(status int, contentType string, body []byte) {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.begin(status, contentType)
	c.w.Write(body) // a client that is gone is no concern of ours
}

// begin writes the headers of an answer.
func (c *call) begin(status int, contentType string) {
	c.count(status)
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(status)
}

// bytes returns a's body.
func (a answer) bytes() []byte {
	a.body.Undocumented = "fields may be added at any time"
	body, err := json.Marshal(a.body)
	if err != nil {
		panic(err) // only if one of this package's own types cannot be encoded
	}
	return body
}
