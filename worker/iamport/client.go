// Package iamport calls the cash receipt endpoints of PortOne V1 (formerly
// I'amport). It reports what happened, and decides nothing: no retries on a
// schedule, no policy.
package iamport

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"receiptrevoker/tasks"
)

// Client calls PortOne. Its methods are safe for concurrent use; callers share
// connections and one token. Every error is an [*Error].
type Client struct {
	api    *api
	tokens *tokenSource
}

// NewClient returns a client, or an error that names the setting that is wrong.
// It makes no call.
func NewClient(config Config) (*Client, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	api := newAPI(config)
	return &Client{api, &tokenSource{api: api}}, nil
}

// WithTier returns a client that calls for a sub-merchant, and shares connections and
// token with c; c itself for the empty tier.
func (c *Client) WithTier(tier string) *Client {
	if tier == "" || tier == c.api.config.Tier {
		return c
	}
	api := *c.api
	api.config.Tier = tier
	return &Client{&api, c.tokens}
}

// Format writes where PortOne is, whatever the verb: fmt would else reach the
// secrets in c, whose own methods it does not call there.
func (c *Client) Format(f fmt.State, _ rune) {
	io.WriteString(f, "iamport.Client("+c.api.config.URL+")")
}

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
	_, err := c.tokens.get(ctx, c.tokens.confirmed)
	return err
}

// Timeout returns what bounds one call.
func (c *Client) Timeout() time.Duration { return c.api.config.Timeout }

// Now returns PortOne's present time: what it said with the last token, and the
// time since that was asked for. It may be ahead of PortOne's clock by as long as that
// answer took, and behind it by a second. It reports false while there is no token.
func (c *Client) Now() (time.Time, bool) { return c.tokens.now() }

// Answered says that PortOne has answered another process a call on a receipt, which
// [Client.Blocked] then counts as an answer to this one.
func (c *Client) Answered() { c.api.receipts.note(time.Now(), nil) }

// Blocked returns an error that says so if no call on a receipt gets through to PortOne: a call
// failed, and for a minute since it began none has got through; from ten failed calls on,
// for one timeout, if that is shorter. Whether calls are made meanwhile makes no difference, but
// an hour after the last failed call nothing is known any more, and that is no error, as it is
// none that no call was made.
//
// A call has got through that PortOne answers with its envelope, also with 400 or 500. It has not
// where PortOne turns it away, with 401, 403, 408, 425, 429, 502 or above, nor with a page of
// something else, an answer that breaks off, a redirect, an empty answer and a timeout. Tokens
// prove nothing here: they may be given while no call on a receipt gets through. Blocked makes no
// call, and returns at once.
func (c *Client) Blocked() error { return c.api.receipts.blocked(c.api.config.Timeout) }

const (
	// fingerprintRounds makes a fingerprint take milliseconds: a key of PortOne's has 16
	// digits, all of which could be tried with a fast hash.
	fingerprintRounds = 20_000
	// fingerprintBytes is too many for two accounts to have the same by chance.
	fingerprintBytes = 16
)

// Fingerprint returns a hash, under a key, of the account that is called: of its key
// and its tier, and not of its secret, which may change. It takes some milliseconds.
func (c *Client) Fingerprint(key []byte) string {
	account := string(c.api.config.Key) + "\x00" + c.api.config.Tier
	hash, err := pbkdf2.Key(sha256.New, account, key, fingerprintRounds, fingerprintBytes)
	if err != nil {
		panic(err) // only for a length that no hash has
	}
	return hex.EncodeToString(hash)
}

// Exposed reports whether key and secret leave this machine without encryption: the address
// is http, and not of this machine.
func (c *Client) Exposed() bool {
	address, err := url.Parse(c.api.config.URL)
	if err != nil || address.Scheme != "http" {
		return false
	}
	host := address.Hostname()
	ip, err := netip.ParseAddr(host)
	return host != "localhost" && (err != nil || !ip.Unmap().IsLoopback())
}

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

func (c *Client) withToken(ctx context.Context, call *call) *Error {
	var err error
	if call.token, err = c.tokens.get(ctx, c.tokens.current); err != nil {
		failure, _ := errors.AsType[*Error](err)
		return failure
	}
	if err := call.refused(ctx); err != nil {
		return call.failed(err)
	}
	return c.api.do(ctx, *call)
}
