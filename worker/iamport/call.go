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

// errTooLarge is why an answer of more than a mebibyte was not read.
var errTooLarge = errors.New("the answer is larger than 1 MiB")

// exchange makes one call within the client's timeout. It returns nil for an
// answer with status 200 and code 0 that could be decoded, and an error for
// every other.
func (c *Client) exchange(ctx context.Context, call call) *Error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	ctx, link := call.watch(ctx, cancel)
	defer link.end()
	request, err := c.request(ctx, call)
	if err != nil {
		return call.failed(err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		failure := call.failed(link.why(err))
		failure.Sent = link.connected.Load()
		return c.conceal(failure, call.token)
	}
	if failure := call.read(response); failure != nil {
		return c.conceal(failure, call.token)
	}
	return nil
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, call.method, c.config.URL+call.path, call.body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "revoker")
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.token != "" {
		request.Header.Set("Authorization", "Bearer "+call.token)
	}
	if c.config.Tier != "" {
		request.Header.Set("Tier", c.config.Tier)
	}
	return request, nil
}

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

// conceal removes what must not be shown from texts of others: the
// message, and the cause, which may quote an answer. It cuts both, since Redis
// and the log keep them with every retry; last, so that no part of a secret is left.
func (c *Client) conceal(failure *Error, token string) *Error {
	hide := func(text string) string {
		text = c.redact.Replace(text)
		if token != "" {
			text = strings.ReplaceAll(text, token, mask)
		}
		return cut(text, maxText)
	}
	failure.Message = hide(failure.Message)
	if failure.Err != nil {
		failure.Err = concealError(failure.Err, hide)
	}
	return failure
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

// maxRetryAfter bounds what a header may ask for.
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
