package login

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// Lifetime is how long a session lasts, whatever happens in it: a long shift.
	Lifetime = 12 * time.Hour
	// Idle is after how long without a request that a person caused a session ends before.
	// The page renews itself every few seconds, which does not count: see [Config].
	Idle = 2 * time.Hour
	// mostSessions bounds what is remembered. The one that would end first gives way, whose
	// person then logs in again. Only those who are admitted make sessions, so it bounds a
	// script that logs in for each request.
	mostSessions = 1000
)

// sessions are those who are logged in, by the hash of their cookie's value: a look-up by
// hash tells nothing, by its time, of how much of a guess was right.
type sessions struct {
	now func() time.Time

	mu  sync.Mutex
	all map[[sha256.Size]byte]*session
}

// session is one login.
type session struct {
	visitor Visitor
	// end is the end of its life, used when a person last did something in it.
	end, used time.Time
}

// over returns when the session ends, if nothing more happens in it.
func (s *session) over() time.Time {
	if idle := s.used.Add(Idle); idle.Before(s.end) {
		return idle
	}
	return s.end
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, all: make(map[[sha256.Size]byte]*session)}
}

// add begins a session and returns its cookie's value. Each login has one of its own, so
// that logging out on one machine leaves the others.
func (s *sessions) add(v Visitor) string {
	// rand.Text has at least 128 bits of randomness: guessing does not find one of a
	// thousand.
	value := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom()
	v.Session = true
	s.all[sha256.Sum256([]byte(value))] = &session{v, s.now().Add(Lifetime), s.now()}
	return value
}

// makeRoom forgets sessions that are over, and one more if that is not enough. A session
// that is over stays in memory until then, and is refused by its time. The caller holds the
// lock.
func (s *sessions) makeRoom() {
	// The zero value is the hash of no session, so the first one found takes its place.
	var first [sha256.Size]byte
	for key, one := range s.all {
		if !s.now().Before(one.over()) {
			delete(s.all, key)
			continue
		}
		if known, ok := s.all[first]; !ok || one.over().Before(known.over()) {
			first = key
		}
	}
	if len(s.all) >= mostSessions {
		delete(s.all, first)
	}
}

// find returns whose session a cookie's value is, and false if there is none or it is over.
// With used it is a person who asks, and the session lives on.
func (s *sessions) find(value string, used bool) (Visitor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.all[sha256.Sum256([]byte(value))]
	if !ok || !s.now().Before(one.over()) {
		return Visitor{}, false
	}
	if used {
		one.used = s.now()
	}
	return one.visitor, true
}

// end forgets a session at once; a value that is not known changes nothing.
func (s *sessions) end(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(value)))
}
