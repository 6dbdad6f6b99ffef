package iamporttest

import (
	"net/http"
	"strconv"
	"time"
)

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

// handle returns a handler that makes a call of every request, which answer answers.
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

// roll returns a random number of this call. Numbers of different purposes do not depend on each other:
// a rule that is added changes no latency.
func (c *call) roll(purpose uint64) uint64 {
	return c.server.dice.roll(c.ImpUID, purpose, c.ticket)
}

// pause waits for as long as the configured latency makes this call take.
func (c *call) pause() {
	c.wait(c.server.cfg.Latency.sample(fraction(c.roll(forLatency))))
}

// wait waits for d, and cuts the call if the client or the server ends first. It does not return then:
// see [call.cut].
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

// cut ends the call by cutting the connection. It does not return: net/http recovers from this panic
// and closes the connection without an answer.
func (c *call) cut() {
	c.count(0)
	panic(http.ErrAbortHandler)
}

// count enters the call's status into the statistics, once. It comes before the first byte is written,
// so that a client that has seen the answer finds it counted. A call without an answer counts as 0.
func (c *call) count(status int) {
	if !c.counted {
		c.counted = true
		c.server.tally.answered(c.Operation, status)
	}
}

// send writes a.
func (c *call) send(a answer) { c.write(a.status, typeJSON, a.bytes()) }

// write writes a whole answer.
func (c *call) write(status int, contentType string, body []byte) {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.begin(status, contentType)
	// A client that is gone is no concern of the server's.
	c.w.Write(body)
}

// begin writes the headers of an answer.
func (c *call) begin(status int, contentType string) {
	c.count(status)
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(status)
}
