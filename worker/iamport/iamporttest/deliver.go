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

// natural answers what the call is due to be told.
func natural(c *call, _ Rule, due answer) {
	c.pause()
	c.send(due)
}

// says answers status, in an envelope, with message.
func says(status int, message string) func(*call, Rule, answer) {
	return func(c *call, _ Rule, _ answer) {
		c.pause()
		c.send(failure(status, message))
	}
}

// proxySays answers status as a proxy in front of PortOne would.
func proxySays(status int) func(*call, Rule, answer) {
	return func(c *call, rule Rule, _ answer) {
		c.pause()
		c.setRetryAfter(rule)
		text := http.StatusText(status)
		page := fmt.Sprintf("<html>\n<head><title>%d %s</title></head>\n<body>%s</body>\n</html>\n", status, text, text)
		c.write(status, "text/html", []byte(page))
	}
}

func tooMany(c *call, rule Rule, _ answer) {
	c.pause()
	c.setRetryAfter(rule)
	c.send(failure(http.StatusTooManyRequests, "요청이 너무 많습니다."))
}

// setRetryAfter sets the header Retry-After, in seconds rounded up.
func (c *call) setRetryAfter(rule Rule) {
	if rule.RetryAfter > 0 {
		seconds := (rule.RetryAfter + time.Second - 1) / time.Second
		c.w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
}

func expireToken(c *call, _ Rule, _ answer) {
	c.server.tokens.drop()
	c.pause()
	c.send(failure(http.StatusUnauthorized, textUnauthorized))
}

func notJSON(c *call, _ Rule, _ answer) {
	c.pause()
	c.write(http.StatusOK, "text/plain; charset=utf-8", []byte("OK\n"))
}

func noResponse(c *call, _ Rule, due answer) {
	c.pause()
	due.body.Response = nil
	c.send(due)
}

func redirect(c *call, _ Rule, _ answer) {
	c.pause()
	c.w.Header().Set("Location", elsewhere)
	c.write(http.StatusFound, "text/html", nil)
}

// arrivedElsewhere answers whoever follows a redirect.
func (c *call) arrivedElsewhere() {
	if c.r.Header.Get("Authorization") != "" {
		c.server.tally.change(func(s *Stats) { s.LeakedTokens++ })
	}
	c.send(success(null, 0))
}

func cut(c *call, _ Rule, _ answer) {
	c.pause()
	c.cut()
}

func cutLate(c *call, rule Rule, _ answer) {
	if c.Operation == OpRevoke {
		go c.revokeLater(cmp.Or(rule.Delay, defaultDelay))
	}
	c.pause()
	c.cut()
}

func cutBody(c *call, _ Rule, due answer) {
	c.pause()
	body := due.bytes()
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.begin(due.status, "application/json; charset=utf-8")
	c.w.Write(body[:len(body)/2])
	http.NewResponseController(c.w).Flush() // without it the headers would be cut as well
	c.cut()
}

func slow(c *call, rule Rule, due answer) {
	c.pause()
	c.wait(cmp.Or(rule.Delay, defaultDelay))
	c.send(due)
}

func hang(c *call, _ Rule, _ answer) {
	c.count(0)
	select {
	case <-c.r.Context().Done():
	case <-c.server.closed:
	}
	c.cut()
}

func endless(c *call, _ Rule, _ answer) {
	c.pause()
	c.begin(http.StatusOK, "application/json; charset=utf-8")
	io.WriteString(c.w, `{"code":0,"message":null,"response":{"receipt_url":"`)
	more := bytes.Repeat([]byte("0"), 16<<10)
	for {
		if _, err := c.w.Write(more); err != nil {
			c.cut()
		}
		select {
		case <-c.r.Context().Done():
			c.cut()
		case <-c.server.closed:
			c.cut()
		default:
		}
	}
}
