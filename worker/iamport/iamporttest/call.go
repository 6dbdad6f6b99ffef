package iamporttest

import (
	"net/http"
	"time"
)

// Operation is what a call asks for.
type Operation string

// The operations that calls are counted by.
const (
	OpToken      Operation = "token"      // POST /users/getToken
	OpRevoke     Operation = "revoke"     // DELETE /receipts/{imp_uid}
	OpLookup     Operation = "lookup"     // GET /receipts/{imp_uid}
	OpExternal   Operation = "external"   // /receipts/external/{merchant_uid}, which is not ours to touch
	OpRedirected Operation = "redirected" // a redirect of the fault [Redirect] was followed
	OpOther      Operation = "other"      // anything else
)

// Call is a request at the moment it arrived.
type Call struct {
	Operation Operation `json:"operation"`
	ImpUID    string    `json:"imp_uid,omitempty"` // empty unless it is a receipt's call
	Tier      string    `json:"tier,omitempty"`    // the header Tier: the sub-merchant
	At        time.Time `json:"at"`
}

// call is a request on its way through the server.
type call struct {
	Call
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	entry   *entry // of the receipt, if it is a receipt's call
	ticket  uint64 // which of the entry's calls it is; decides its chance
	counted bool   // whether its status is in the statistics
}

// handle returns a handler that makes a call of every request and lets answer
// answer it.
func (s *Server) handle(op Operation, answer func(*call)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.tally.enter()()
		c := &call{server: s, w: w, r: r, Call: Call{
			Operation: op, ImpUID: r.PathValue("imp_uid"), Tier: r.Header.Get("Tier"), At: s.now(),
		}}
		s.cfg.OnCall(c.Call)
		answer(c)
	})
}

// nothingHere answers calls to endpoints that the server does not have.
func (c *call) nothingHere() {
	c.send(failure(http.StatusNotFound, "요청하신 주소를 찾을 수 없습니다."))
}

// roll returns a random number of this call; numbers of different purposes do
// not depend on each other.
func (c *call) roll(purpose uint64) uint64 {
	return c.server.dice.roll(c.ImpUID, purpose, c.ticket)
}

// pause waits for as long as the configured latency makes this call take.
func (c *call) pause() {
	c.wait(c.server.cfg.Latency.sample(fraction(c.roll(forLatency))))
}

// wait waits for d, and cuts the call if the client or the server ends first.
func (c *call) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.r.Context().Done():
		c.cut()
	case <-c.server.closed:
		c.cut()
	}
}

// cut ends the call by cutting the connection. It does not return.
func (c *call) cut() {
	c.count(0)
	panic(http.ErrAbortHandler)
}

// count enters the call's status into the statistics, once. It comes before the
// first byte is written, so that a client that has seen the answer finds it
// counted.
func (c *call) count(status int) {
	if c.counted {
		return
	}
	c.counted = true
	c.server.tally.answered(c.Operation, status)
}
