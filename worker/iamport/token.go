package iamport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// tokenMargin is how long before its end a token is no longer used. PortOne
// prolongs a token only when it is asked in the token's last 60 seconds, so
// that renewing earlier achieves nothing.
const tokenMargin = 30 * time.Second

// token is an access token with its end on this process's monotonic clock, and what
// time it was at PortOne when it was asked for.
type token struct {
	value          string
	asked, expires time.Time
	portone        time.Time // zero if PortOne did not say
}

// tokenSource remembers one token for all callers, and has one request for a
// new one in flight however many ask.
type tokenSource struct {
	api    *api
	flight singleflight.Group
	mu     sync.Mutex
	held   token
}

// get returns the token that is to be had, obtaining one if there is none: usable is
// [tokenSource.current], or asks for more. It returns early if ctx ends.
func (s *tokenSource) get(ctx context.Context, usable func() (string, bool)) (string, error) {
	if value, ok := usable(); ok {
		return value, nil
	}
	answer := s.flight.DoChan("", func() (any, error) {
		if value, ok := usable(); ok {
			return value, nil // another flight landed in between
		}
		fresh, err := s.obtain(context.WithoutCancel(ctx)) // it serves every waiting caller
		if err != nil {
			return "", err
		}
		s.mu.Lock()
		s.held = fresh
		s.mu.Unlock()
		return fresh.value, nil
	})
	select {
	case <-ctx.Done():
		return "", &Error{Op: OpToken, Err: context.Cause(ctx)}
	case result := <-answer:
		value, _ := result.Val.(string)
		return value, result.Err
	}
}

// refused forgets a token that PortOne refused, unless it has been replaced
// already: of a hundred callers with the same refused token one asks anew.
func (s *tokenSource) refused(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held.value == value {
		s.held = token{}
	}
}

// current returns the token that is held, and false if there is none or its end is near.
func (s *tokenSource) current() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.value, time.Until(s.held.expires) > 0
}

// confirmed returns the current token, and false if PortOne did not answer the last call:
// that the token is good tells nothing then.
func (s *tokenSource) confirmed() (string, bool) {
	value, ok := s.current()
	return value, ok && !s.api.unanswered.Load()
}

// now returns PortOne's present time, and false while there is no token.
func (s *tokenSource) now() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.portone.Add(time.Since(s.held.asked)), !s.held.portone.IsZero()
}

// decodeToken reads the envelope's response to a request made at asked. The
// token's life is the difference of two times of PortOne's clock, counted from
// asked on ours: the local wall clock does not enter into it.
func decodeToken(response json.RawMessage, asked time.Time) (token, error) {
	var wire struct {
		AccessToken string `json:"access_token"`
		Now         int64  `json:"now"`
		ExpiredAt   int64  `json:"expired_at"`
	}
	if err := json.Unmarshal(response, &wire); err != nil {
		return token{}, err
	}
	if wire.AccessToken == "" {
		return token{}, errors.New("the answer has no access_token")
	}
	life := time.Duration(wire.ExpiredAt-wire.Now) * time.Second
	if life > 2*tokenMargin {
		life -= tokenMargin
	}
	return token{value: wire.AccessToken, asked: asked, expires: asked.Add(life), portone: timeOf(wire.Now)}, nil
}

// tokenPath is where PortOne gives tokens.
const tokenPath = "/users/getToken"

// obtain asks for a token (POST /users/getToken).
func (s *tokenSource) obtain(ctx context.Context) (obtained token, _ error) {
	asked := time.Now()
	config := s.api.config
	body, err := json.Marshal(map[string]string{"imp_key": string(config.Key), "imp_secret": string(config.Secret)})
	if err != nil {
		return token{}, &Error{Op: OpToken, Err: err}
	}
	failure := s.api.do(ctx, call{
		op: OpToken, method: http.MethodPost, path: tokenPath, route: tokenPath, body: bytes.NewReader(body),
		decode: func(response json.RawMessage) (err error) {
			obtained, err = decodeToken(response, asked)
			return err
		},
	})
	if failure != nil {
		return token{}, failure
	}
	return obtained, nil
}
