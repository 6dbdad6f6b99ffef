package iamporttest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	extensible = 60 * time.Second // a request this close to expiry extends the token
	extension  = 5 * time.Minute  // by this much

	maxBody = 1 << 20 // bytes of a request's body that are read
)

// tokens holds the one token that is valid, which all callers share.
type tokens struct {
	lifetime time.Duration
	dice     dice

	mu      sync.Mutex
	current string
	expires time.Time
	issued  int // distinct tokens so far
}

// get returns the valid token and when it expires. The token is extended if it
// is about to expire, and a new one if there is none.
func (t *tokens) get(now time.Time) (token string, expires time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.current == "" || !now.Before(t.expires):
		t.issued++
		n := uint64(t.issued)
		t.current = fmt.Sprintf("%016x%016x", t.dice.roll("", forToken, n, 0), t.dice.roll("", forToken, n, 1))
		t.expires = now.Add(t.lifetime)
	case t.expires.Sub(now) <= extensible:
		t.expires = t.expires.Add(extension)
	}
	return t.current, t.expires
}

// valid reports whether token is the valid one.
func (t *tokens) valid(token string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return token != "" && token == t.current && now.Before(t.expires)
}

// drop makes the valid token invalid.
func (t *tokens) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = ""
}

// count returns how many distinct tokens were issued.
func (t *tokens) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.issued
}

// token answers POST /users/getToken.
func (c *call) token() {
	s := c.server
	key, secret, err := credentials(c.r)
	switch {
	case err != nil:
		c.send(failure(http.StatusBadRequest, "요청을 해석할 수 없습니다."))
		return
	case key != s.cfg.Key || secret != s.cfg.Secret:
		c.send(failure(http.StatusUnauthorized, "imp_key 또는 imp_secret이 올바르지 않습니다."))
		return
	}
	now := s.now()
	token, expires := s.tokens.get(now)
	c.send(success(map[string]any{
		"access_token": token, "now": now.Unix(), "expired_at": expires.Unix(),
	}, 0))
}

// credentials returns the fields imp_key and imp_secret of a JSON or form body.
func credentials(r *http.Request) (key, secret string, err error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		err = r.ParseForm()
		return r.PostForm.Get("imp_key"), r.PostForm.Get("imp_secret"), err
	}
	var body struct {
		Key    string `json:"imp_key"`
		Secret string `json:"imp_secret"`
	}
	err = json.NewDecoder(r.Body).Decode(&body)
	return body.Key, body.Secret, err
}

// authorized reports whether the call carries the valid token.
func (c *call) authorized() bool {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	return ok && c.server.tokens.valid(token, c.server.now())
}
