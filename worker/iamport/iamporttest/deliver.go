package iamporttest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// elsewhere is where redirects lead.
	elsewhere = prefix + "elsewhere"

	defaultDelay = 70 * time.Second // of SlowAfter and CutLate: longer than a client should wait
)

// deliver answers the call as its rule says, or does not. due is what the call is to be told without
// fault; it is empty for a DELETE that does not take effect. What the call does was decided before:
// here only words can be lost.
func (c *call) deliver(rule Rule, due answer) {
	delay := cmp.Or(rule.Delay, defaultDelay)
	switch { // what does not wait for the answer
	case rule.Fault == ExpireToken:
		c.server.tokens.drop()
	case rule.Fault == CutLate && c.Operation == OpRevoke:
		go c.revokeLater(delay)
	case rule.Fault == Hang:
		c.count(0)
		c.awaitEnd()
	}
	c.pause()
	// The header is in whole seconds, see RFC 9110, section 10.2.3. A shorter time must not become 0.
	if rule.RetryAfter > 0 && rule.Fault.duration() == retryAfter {
		seconds := (rule.RetryAfter + time.Second - 1) / time.Second
		c.w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	switch rule.Fault {
	case "":
		c.send(due)
	case NotJSON:
		c.write(http.StatusOK, "text/plain; charset=utf-8", []byte("OK\n"))
	case NoResponse:
		due.body.Response = nil
		c.send(due)
	case Redirect:
		c.w.Header().Set("Location", elsewhere)
		c.write(http.StatusFound, typeHTML, nil)
	case CutBefore, CutAfter, CutLate:
		c.cut()
	case CutBody:
		c.sendHalf(due)
	case SlowAfter:
		c.wait(delay)
		c.send(due)
	case Endless:
		c.sendEndlessly()
	default:
		c.refuse(rule.Fault)
	}
}

// refuse answers the status of a fault, in PortOne's envelope or on a proxy's page.
func (c *call) refuse(fault Fault) {
	status, page := fault.status()
	if !page {
		c.send(failure(status, texts[fault]))
		return
	}
	text := http.StatusText(status)
	html := fmt.Sprintf("<html>\n<head><title>%d %s</title></head>\n<body>%s</body>\n</html>\n", status, text, text)
	c.write(status, typeHTML, []byte(html))
}

// arrivedElsewhere answers whoever follows a redirect, and notes whether a token came along. A client
// must not follow one: the token would go to whatever address an answer names.
func (c *call) arrivedElsewhere() {
	if c.r.Header.Get("Authorization") != "" {
		c.server.tally.change(func(s *Stats) { s.LeakedTokens++ })
	}
	c.send(success(null, 0))
}

// nothingHere answers calls to endpoints that the server does not have. A client that makes one is
// wrong, and [Stats.Calls] tells.
func (c *call) nothingHere() {
	c.send(failure(http.StatusNotFound, "요청하신 주소를 찾을 수 없습니다."))
}

// sendHalf cuts the connection in the middle of an answer.
func (c *call) sendHalf(a answer) {
	body := a.bytes()
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.begin(a.status, typeJSON)
	c.w.Write(body[:len(body)/2])
	// Without flushing, the headers would be cut as well.
	http.NewResponseController(c.w).Flush()
	c.cut()
}

// awaitEnd waits until the client gives up or the server ends, and cuts the call.
func (c *call) awaitEnd() {
	select {
	case <-c.r.Context().Done():
	case <-c.server.closed:
	}
	c.cut()
}

// sendEndlessly sends JSON until the client gives up or the server ends. A client that reads an answer
// whole before it looks at it fills its memory.
func (c *call) sendEndlessly() {
	c.begin(http.StatusOK, typeJSON)
	io.WriteString(c.w, `{"code":0,"message":null,"response":{"receipt_url":"`)
	more := bytes.Repeat([]byte("0"), 16<<10)
	for {
		_, err := c.w.Write(more)
		select {
		case <-c.server.closed:
			c.cut()
		default:
			if err != nil || c.r.Context().Err() != nil {
				c.cut()
			}
		}
	}
}
