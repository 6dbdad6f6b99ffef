package iamporttest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
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

// get returns the valid token and when it expires. The token is extended if it is about to expire, and
// a new one if there is none: a caller that asks too early gets the token it has.
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

// drop makes the valid token invalid. The next call for a token gets another.
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
