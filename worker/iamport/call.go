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
)

// call is one request.
type call struct {
	op     Op
	method string
	path   string
	impUID string
	token  string
	body   io.Reader
}

// errTooLarge is why an answer of more than a mebibyte was not read.
var errTooLarge = errors.New("the answer is larger than 1 MiB")

// do makes one call within the client's timeout. It returns the envelope of an
// answer with status 200 and code 0, and an error for every other.
func (c *Client) do(ctx context.Context, call call) (envelope, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, call.method, c.config.URL+call.path, call.body)
	if err != nil {
		return envelope{}, call.failed(err)
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

	response, err := c.http.Do(request)
	if err != nil {
		failure := call.failed(err)
		failure.MayHaveTakenEffect = call.op == OpRevoke
		return envelope{}, c.conceal(failure, call.token)
	}
	answer, failure := call.read(response)
	if failure != nil {
		return envelope{}, c.conceal(failure, call.token)
	}
	return answer, nil
}

// read reads an answer, all of it, so that its connection is used again.
func (c call) read(response *http.Response) (envelope, *Error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	var answer envelope
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err == nil && answer.Code == nil {
		err = errors.New("the answer has no code")
	}

	if err == nil && response.StatusCode == http.StatusOK && *answer.Code == 0 {
		return answer, nil
	}
	failure := c.failed(nil)
	failure.Status = response.StatusCode
	failure.Code = answer.Code
	failure.Message = answer.message()
	failure.RetryAfter = retryAfter(response.Header, time.Now())
	switch {
	case response.StatusCode != http.StatusOK:
		failure.MayHaveTakenEffect = c.op == OpRevoke && uncertain(response.StatusCode)
	case err != nil:
		failure.MayHaveTakenEffect = c.op == OpRevoke
		failure.Err = fmt.Errorf("read the answer: %w", err)
	}
	return envelope{}, failure
}

// uncertain tells the statuses by which somebody in between reports on a
// request that PortOne may have carried out from those with which PortOne
// itself says that it did not.
func uncertain(status int) bool {
	return status < 400 || status > http.StatusNotImplemented
}

func (c call) failed(err error) *Error {
	return &Error{Op: c.op, ImpUID: c.impUID, Err: err}
}

// unreadable returns the failure of a call whose answer has code 0 and yet
// cannot be used.
func (c *Client) unreadable(call call, answer envelope, err error) *Error {
	failure := call.failed(fmt.Errorf("read the answer: %w", err))
	failure.Status, failure.Code, failure.Message = http.StatusOK, answer.Code, answer.message()
	failure.MayHaveTakenEffect = call.op == OpRevoke
	return c.conceal(failure, call.token)
}

// conceal removes what must not be shown from what somebody else wrote: the
// message, and the cause, which may quote an answer.
func (c *Client) conceal(failure *Error, token string) *Error {
	hide := func(text string) string {
		text = c.redact.Replace(text)
		if token != "" {
			text = strings.ReplaceAll(text, token, mask)
		}
		return text
	}
	failure.Message = hide(failure.Message)
	if failure.Err != nil {
		failure.Err = concealError(failure.Err, hide)
	}
	return failure
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
