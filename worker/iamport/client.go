// Package iamport calls the cash receipt endpoints of PortOne V1 (formerly
// I'amport). It reports what happened, and decides nothing: no retries on a
// schedule, no policy.
package iamport

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
)

const (
	// DefaultURL is where PortOne V1 is.
	DefaultURL = "https://api.iamport.kr"
	// DefaultTimeout bounds one call. PortOne recommends at least 60 seconds,
	// and says that hanging up does not stop what it has begun.
	DefaultTimeout = 60 * time.Second

	maxBody = 1 << 20
)

// Config is how a client reaches PortOne. Key and Secret are required, the
// rest has defaults.
type Config struct {
	// URL is the API's address. Default [DefaultURL].
	URL string
	// Key and Secret are the merchant's API credentials (imp_key, imp_secret).
	Key, Secret Secret
	// Tier is the code of a sub-merchant, three upper-case letters or digits,
	// sent in the Tier header. Default none.
	Tier string
	// Timeout bounds one call. Default [DefaultTimeout].
	Timeout time.Duration
	// Connections is how many idle connections are kept: as many as there are
	// calls at a time. Default 100.
	Connections int
	// Dial makes the connections, if they are to go another way than by the system's own
	// routes and proxies. Default [net/http.DefaultTransport]'s.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `json:"-"`
	// OnCall is told of every call that has ended, in the goroutine that made
	// it, and should return at once. Default: nobody is.
	OnCall func(Exchange) `json:"-"`
	// Tracers make a span for every call. PortOne is told nothing of it.
	// Default the global ones of OpenTelemetry, which do nothing until they are
	// set.
	Tracers trace.TracerProvider `json:"-"`
}

// Client calls PortOne. Its methods are safe for concurrent use; callers share
// connections and one token. Every error is an [*Error].
type Client struct {
	config Config
	http   *http.Client
	tokens *tokenSource
	redact *strings.Replacer
	tracer trace.Tracer

	unanswered *atomic.Bool // whether the last call that has ended had no answer
	receipts   *passage     // whether calls on receipts get through
}

// NewClient returns a client, or an error that names the setting that is wrong.
// It makes no call.
func NewClient(config Config) (*Client, error) {
	config.URL = strings.TrimSuffix(cmp.Or(config.URL, DefaultURL), "/")
	config.Timeout = cmp.Or(config.Timeout, DefaultTimeout)
	config.Connections = cmp.Or(config.Connections, 100)
	if config.OnCall == nil {
		config.OnCall = func(Exchange) {}
	}
	if config.Tracers == nil {
		config.Tracers = otel.GetTracerProvider()
	}

	address, err := url.Parse(config.URL)
	switch {
	case config.Key == "" || config.Secret == "":
		return nil, errors.New("iamport: key and secret are both required")
	case err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http":
		return nil, fmt.Errorf("iamport: the API's address must be an http(s) URL such as %s", DefaultURL)
	case address.User != nil || strings.ContainsAny(config.URL, "?#"):
		return nil, errors.New("iamport: the API's address must not hold a user, a query or a fragment")
	case config.Tier != "":
		if err := tasks.ValidateTier(config.Tier); err != nil {
			return nil, fmt.Errorf("iamport: %w", err)
		}
	}

	c := &Client{
		config: config,
		http: &http.Client{
			Transport:     newTransport(config),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		redact:     masking(config.Key, config.Secret),
		tracer:     config.Tracers.Tracer("receiptrevoker/worker/iamport"),
		unanswered: new(atomic.Bool),
		receipts:   new(passage),
	}
	c.tokens = &tokenSource{obtain: c.obtainToken}
	return c, nil
}

// WithTier returns a client that calls for a sub-merchant, and shares connections and
// token with c; c itself for the empty tier.
func (c *Client) WithTier(tier string) *Client {
	if tier == "" || tier == c.config.Tier {
		return c
	}
	other := *c
	other.config.Tier = tier
	return &other
}

// Format writes where PortOne is, whatever the verb: fmt would else reach the
// secrets in c, whose own methods it does not call there.
func (c *Client) Format(f fmt.State, _ rune) { io.WriteString(f, "iamport.Client("+c.config.URL+")") }

// RevokeReceipt revokes the cash receipt of a payment (DELETE
// /receipts/{imp_uid}). It returns the receipt as far as PortOne described it.
//
// ctx may end the call, but PortOne finishes what it has begun if the call was
// sent, as the error's Sent tells.
func (c *Client) RevokeReceipt(ctx context.Context, impUID string) (Receipt, error) {
	return c.RevokeIf(ctx, impUID, nil)
}

// RevokeIf is [Client.RevokeReceipt] for a caller that may change its mind until the DELETE
// leaves, which may be a minute later where a token or a connection takes so long. allowed is
// asked once there is a token, before each DELETE and while one waits for a connection, also
// in another goroutine; where it returns an error, the call does not leave, and the error
// matches [NotAllowedError].
func (c *Client) RevokeIf(ctx context.Context, impUID string, allowed func(context.Context) error) (Receipt, error) {
	return c.receipt(ctx, call{op: OpRevoke, method: http.MethodDelete, impUID: impUID, allowed: allowed})
}

// GetReceipt looks the cash receipt of a payment up (GET /receipts/{imp_uid}).
// It is the only way to learn whether a receipt is revoked. A 404 does not tell
// an unknown payment from a receipt that was never issued. An answer that
// describes no receipt, or not whether it is revoked, is an error: it does not tell
// either.
func (c *Client) GetReceipt(ctx context.Context, impUID string) (Receipt, error) {
	return c.receipt(ctx, call{op: OpLookup, method: http.MethodGet, impUID: impUID})
}

// Authenticate obtains a token if there is none, or if PortOne did not answer the
// last call. That tells whether PortOne can be reached and accepts the credentials.
func (c *Client) Authenticate(ctx context.Context) error {
	_, err := c.tokens.get(ctx, c.confirmed)
	return err
}

// Timeout returns what bounds one call.
func (c *Client) Timeout() time.Duration { return c.config.Timeout }

// Now returns PortOne's present time: what it said with the last token, and the
// time since that was asked for. It may be ahead of PortOne's clock by as long as that
// answer took, and behind it by a second. It reports false while there is no token.
func (c *Client) Now() (time.Time, bool) { return c.tokens.now() }

// receipt makes a call on one receipt, and once more with a fresh token if PortOne
// refused the token. A 401 of something else may be about any token, and the call may
// have been carried out: it is not repeated.
func (c *Client) receipt(ctx context.Context, call call) (Receipt, error) {
	if err := tasks.ValidateImpUID(call.impUID); err != nil {
		return Receipt{}, &Error{Op: call.op, Err: err}
	}
	call.path, call.route = "/receipts/"+url.PathEscape(call.impUID), "/receipts/{imp_uid}"
	var receipt Receipt
	call.decode = func(response json.RawMessage) (err error) {
		receipt, err = decodeReceipt(response)
		return call.check(receipt, err)
	}

	failure := c.withToken(ctx, &call)
	if failure != nil && failure.Status == http.StatusUnauthorized && failure.Op != OpToken {
		c.tokens.refused(call.token)
		if failure.Code != nil {
			failure = c.withToken(ctx, &call)
		}
	}
	if failure != nil {
		return Receipt{}, failure
	}
	return receipt, nil
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

func (c *Client) withToken(ctx context.Context, call *call) *Error {
	var err error
	if call.token, err = c.tokens.get(ctx, c.tokens.current); err != nil {
		var failure *Error
		errors.As(err, &failure)
		return failure
	}
	if err := call.refused(ctx); err != nil {
		return call.failed(err)
	}
	return c.do(ctx, *call)
}
