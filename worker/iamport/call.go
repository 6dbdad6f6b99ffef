package iamport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// call is one request.
type call struct {
	op     Op
	method string
	path   string
	route  string // the path without what differs from one call to the next
	impUID string
	token  string
	body   io.Reader
	// allowed returns why the call must not leave now, or nil; nil if it always may.
	allowed func(context.Context) error
	// decode takes over what an answer with code 0 carries, or returns why that
	// cannot be used.
	decode func(response json.RawMessage) error
}

// maxBody is how many bytes of an answer are read, so that a page of something between
// here and PortOne cannot fill the memory: many calls are made at a time.
const maxBody = 1 << 20

// errTooLarge is why an answer of more than a mebibyte was not read.
var errTooLarge = errors.New("the answer is larger than 1 MiB")

// read reads an answer, all of it, so that its connection is used again.
func (c call) read(response *http.Response) *Error {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	var answer envelope
	if err == nil {
		answer, err = decodeEnvelope(body)
	}
	if err == nil && response.StatusCode == http.StatusOK && *answer.Code == 0 {
		if err = c.decode(answer.Response); err == nil {
			return nil
		}
	}

	failure := c.failed(nil)
	if err != nil {
		failure.Err = fmt.Errorf("read the answer: %w", err)
	}
	failure.Sent, failure.Status = true, response.StatusCode
	failure.Code, failure.Message = answer.Code, answer.message()
	failure.RetryAfter = retryAfter(response.Header, time.Now())
	return failure
}

func (c call) failed(err error) *Error {
	return &Error{Op: c.op, ImpUID: c.impUID, Err: err}
}

// check returns why an answer with code 0 and the receipt in it, as far as it
// could be read, cannot be used.
func (c *call) check(receipt Receipt, err error) error {
	switch {
	case receipt.ImpUID != "" && !strings.EqualFold(receipt.ImpUID, c.impUID):
		return fmt.Errorf("the answer is about %q", receipt.ImpUID)
	case c.op == OpRevoke: // code 0 is a revocation's success, whatever describes it
		return nil
	case err == nil && receipt == Receipt{}: // which is not to say that it is not revoked
		return errors.New("the answer describes no receipt")
	}
	return err
}

// maxText is how much of a text of others is kept, in bytes.
const maxText = 2 << 10

// cut returns the beginning of text within limit bytes, and no part of a
// character at its end.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}

// maxRetryAfter bounds what a header may ask for: all workers stop for so long, and one
// answer with a wrong number must not stop them for a day.
const maxRetryAfter = time.Hour

// retryAfter returns how long a Retry-After header asks to wait, in either of
// its forms (RFC 9110, section 10.2.3), 0 if it is missing or makes no sense.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
