package login

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// mostSessions bounds what is remembered. The one that would end first gives way, whose
// person then logs in again. Only those who know the password make sessions, so it bounds a
// script that logs in for each request.
const mostSessions = 1000

// sessions are those who are logged in, by the hash of their cookie's value: a look-up by
// hash tells nothing, by its time, of how much of a guess was right.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex
	ends map[[sha256.Size]byte]time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, ends: make(map[[sha256.Size]byte]time.Time)}
}

// add begins a session and returns its cookie's value. Each login has one of its own, so
// that logging out on one machine leaves the others.
func (s *sessions) add() string {
	// rand.Text has at least 128 bits of randomness: guessing does not find one of a
	// thousand.
	value := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom()
	s.ends[sha256.Sum256([]byte(value))] = s.now().Add(Lifetime)
	return value
}

// makeRoom forgets sessions that are over, and one more if that is not enough. A session
// that is over stays in memory until then, and is refused by its time. The caller holds the
// lock.
func (s *sessions) makeRoom() {
	// The zero value is the hash of no session, so the first one found takes its place.
	var first [sha256.Size]byte
	for key, end := range s.ends {
		if !s.now().Before(end) {
			delete(s.ends, key)
			continue
		}
		if known, ok := s.ends[first]; !ok || end.Before(known) {
			first = key
		}
	}
	if len(s.ends) >= mostSessions {
		delete(s.ends, first)
	}
}

// has reports whether a cookie's value is that of a session that is not over.
func (s *sessions) has(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := s.ends[sha256.Sum256([]byte(value))]
	return ok && s.now().Before(end)
}

// end forgets a session at once; a value that is not known changes nothing.
func (s *sessions) end(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ends, sha256.Sum256([]byte(value)))
}

// cookieName is the name of the cookie that holds a session's token. Browsers send cookies
// to every port of a host, so the name says whose it is.
const cookieName = "revoker_session"

// newCookie returns the session's cookie, or one that deletes it if its age is below zero.
// Scripts cannot read it (HttpOnly), and a request that another site causes does not carry
// it (SameSite). A browser that came by HTTPS must send it by HTTPS alone (Secure). That it
// came so is also believed of X-Forwarded-Proto, which anyone can send: all that a lie does
// is to keep the liar's own cookie from being sent back.
func newCookie(r *http.Request, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}
